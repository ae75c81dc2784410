"""Hostile scripts, shut in. What each of them tries works without the sandbox, as `test_without` shows."""
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from visualizer.launcher import sandbox
from visualizer.launcher.limits import Limits
from visualizer.launcher.sandbox import Sandbox, shut_in, why_not
from visualizer.launcher.script_path import make_script_path

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "the sandbox works")

TRY = """
    def attempt(what, action):
        try:
            print(what, "HARM", action())
        except Exception as error:
            print(what, "failed", type(error).__name__)
"""


@pytest.fixture
def instance(runs):
    """An instance folder with the secrets that it has, and another user's file."""
    for name in ("visualizer.db", "secret_key", "user_storage/other/script/script.py"):
        path = runs.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("precious")
    return runs.path


@pytest.fixture
def shut(instance):
    (instance / "data").mkdir()
    (instance / "data" / "set.npz").write_text("data set")
    return Sandbox(
        cache=str(instance / "cache"), readable=(str(instance / "data"),), hidden=(str(instance),), network=False
    )


def test_reads_nobody_elses_files(runs, instance, shut):
    order = runs.start(
        TRY
        + f"""
    import os
    for path in ("visualizer.db", "secret_key", "user_storage/other/script/script.py", "records/1/order.json"):
        attempt(path, lambda: open(os.path.join({str(instance)!r}, path)).read())
    attempt("shadow", lambda: open("/etc/shadow").read())
    attempt("home", lambda: os.listdir({str(Path.home())!r})[1000])
    os.symlink({str(instance / "secret_key")!r}, "link")
    attempt("link", lambda: open("link").read())
    attempt("server", lambda: open(f"/proc/{os.getpid()}/environ").read())
    print("end")
    """,
        sandbox=shut,
    )
    runs.wait(order, "finished")
    text = (order.folder / "output.txt").read_text()
    assert "end" in text and "HARM" not in text


def test_the_same_works_without(runs, instance):
    order = runs.start(TRY + f"    attempt('db', lambda: open({str(instance / 'visualizer.db')!r}).read())\n")
    runs.wait(order, "finished")
    assert "db HARM precious" in (order.folder / "output.txt").read_text()


def test_writes_to_its_own_folder_and_its_cache_alone(runs, instance, shut):
    order = runs.start(
        TRY
        + f"""
    import os, sys, tempfile
    for folder in ("/", "/usr", "/dev", "/etc", sys.prefix, {str(instance / "data")!r}):
        attempt(folder, lambda: open(os.path.join(folder, "planted"), "w"))
    open({str(instance / "mine")!r}, "w").close()
    for folder in (".", os.path.expanduser("~"), tempfile.gettempdir(), "/tmp", "/dev/shm"):
        open(os.path.join(folder, "mine"), "w").write("mine")
    print(open({str(instance / "data" / "set.npz")!r}).read())
    """,
        sandbox=shut,
    )
    runs.wait(order, "finished")
    text = (order.folder / "output.txt").read_text()
    assert "data set" in text and "HARM" not in text
    assert (order.folder / "mine").exists() and (instance / "cache" / "mine").exists()
    assert (instance / "cache" / "tmp" / "mine").exists()
    # The tests' instance lies in /tmp: what is written next to it is written to the sandbox's own /tmp.
    assert not (instance / "mine").exists() and not Path("/tmp/mine").exists() and not Path("/dev/shm/mine").exists()


def test_sees_and_signals_no_other_processes(runs, shut, gone):
    order = runs.start(
        TRY
        + f"""
    import os, signal
    print(len([name for name in os.listdir("/proc") if name.isdigit()]), "processes")
    attempt("kill", lambda: os.kill({os.getpid()}, 0))
    for pid in (os.getppid(), 1):
        attempt("parent", lambda: os.kill(pid, signal.SIGKILL) or open("/proc/1/stat").read() * 0)
    attempt("all", lambda: os.kill(-1, signal.SIGTERM))
    print("end")
    """,
        sandbox=shut,
    )
    runs.wait(order, "finished")
    text = (order.folder / "output.txt").read_text()
    assert "2 processes" in text and "end" in text and "kill failed ProcessLookupError" in text


def test_environment_and_import_path(runs, shut, tmp_path):
    path = str(make_script_path(tmp_path / "script_path"))
    order = runs.start(
        "import os, importlib.util as u, visualization_files.layout\n"
        "print(os.environ['HOME'], bool(u.find_spec('custom_keras')), sorted(os.environ))",
        sandbox=Sandbox(cache=shut.cache, readable=(path,), hidden=shut.hidden),
        environment={"PYTHONPATH": path},
    )
    runs.wait(order, "finished")
    text = (order.folder / "output.txt").read_text()
    assert text.startswith(f"{shut.cache} True ")


@pytest.mark.parametrize("network", [True, False])
def test_network_on_and_off(runs, shut, network):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        order = runs.start(
            f"import socket; socket.create_connection(('127.0.0.1', {port}), 5); print('reached')",
            sandbox=Sandbox(cache=shut.cache, network=network),
        )
        runs.wait(order, "finished" if network else "failed")
    assert ("reached" in (order.folder / "output.txt").read_text().splitlines()) == network


def test_fork_bomb_is_bounded(runs, shut):
    order = runs.start(
        """
        import os, time
        print("boom")
        while True:
            try:
                os.fork()
            except OSError:
                time.sleep(0.01)
        """,
        sandbox=shut,
        limits=Limits(processes=50),
    )
    status = runs.wait(order, "failed", seconds=30)
    assert status.reason == "It had more processes than its limit of 50."
    left = [p for p in psutil.process_iter(["cwd"]) if (p.info["cwd"] or "").startswith(str(order.folder))]
    assert left == []


def test_disk_is_not_filled(runs, shut):
    order = runs.start(
        """
        import itertools
        for number in itertools.count():
            with open(f"file_{number}", "wb") as file:
                file.write(b"x" * 1_000_000)
        """,
        sandbox=shut,
        limits=Limits(disk_bytes=20_000_000, disk_folders=(str(runs.path),)),
    )
    assert "on the disk" in runs.wait(order, "failed").reason


def test_memory_file_systems_are_bounded(runs, shut):
    order = runs.start(
        """
        with open("/dev/shm/x", "wb") as file:
            for _ in range(10):
                file.write(bytes(1_000_000))
        """,
        sandbox=Sandbox(cache=shut.cache, shared_memory_bytes=2_000_000),
    )
    runs.wait(order, "failed")
    assert "No space left on device" in (order.folder / "output.txt").read_text()


def test_stop_lets_the_script_tidy_up(runs, shut):
    order = runs.start(
        """
        import time
        try:
            print("ready")
            time.sleep(600)
        except KeyboardInterrupt:
            print("tidied up")
            raise SystemExit(6)
        """,
        sandbox=shut,
        stop_seconds=(20.0, 20.0),
    )
    runs.wait_for_output(order, "ready")
    runs.stop(order)
    assert runs.wait(order, "stopped").exit_code == 6
    assert "tidied up" in (order.folder / "output.txt").read_text()


def test_stop_of_a_tree_that_ignores_it(runs, shut):
    order = runs.start(
        """
        import os, signal, time
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, signal.SIG_IGN)
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                print("ready")
        time.sleep(600)
        """,
        sandbox=shut,
        stop_seconds=(0.3, 0.3),
    )
    runs.wait_for_output(order, "ready")
    runs.stop(order)
    assert runs.wait(order, "stopped").exit_code == -9
    left = [p for p in psutil.process_iter(["cwd"]) if (p.info["cwd"] or "").startswith(str(order.folder))]
    assert left == []


def test_segmentation_fault(runs, shut):
    status = runs.wait(runs.start("import os; os.kill(os.getpid(), 11)", sandbox=shut), "failed")
    assert status.exit_code == -11 and "segmentation fault" in status.reason


def test_supervisor_killed(runs, shut):
    order = runs.start("import time; print('ready'); time.sleep(600)", sandbox=shut)
    runs.wait_for_output(order, "ready")
    psutil.Process(runs.poll(order).pid).kill()
    runs.restart_server()
    assert runs.poll(order).state == "running"
    runs.stop(order)
    runs.wait(order, "stopped")


def test_starts_within_a_second(runs, shut):
    before = time.monotonic()
    runs.wait_for_output(runs.start("print('here')", sandbox=shut), "here")
    assert time.monotonic() - before < 1.0


def test_user_gets_no_say_in_what_is_shown(runs, instance, shut):
    environment = {"LD_LIBRARY_PATH": str(instance), "PYTHONPATH": str(instance), "HOME": str(instance)}
    order = runs.start(
        TRY + f"    attempt('db', lambda: open({str(instance / 'visualizer.db')!r}).read())\n",
        sandbox=shut,
        environment=environment,
    )
    runs.wait(order, "finished")
    assert "db failed FileNotFoundError" in (order.folder / "output.txt").read_text()


def test_what_the_user_loads_is_loaded_inside(runs, instance, shut):
    """A library that the loader was told to load first must not be loaded by what stands outside."""
    library = runs.path / "spy.so"
    source = runs.path / "spy.c"
    source.write_text(
        f"""
        #include <fcntl.h>
        __attribute__((constructor)) void spy() {{ open("{runs.path}/planted", O_CREAT | O_WRONLY, 0600); }}
        """
    )
    if not shutil.which("cc"):
        pytest.skip("needs a C compiler")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
    subprocess.run(["/bin/true"], env={"LD_PRELOAD": str(library)}, check=True)
    (runs.path / "planted").unlink()
    order = runs.start("print('here')", sandbox=shut, environment={"LD_PRELOAD": str(library)})
    runs.wait(order, "finished")
    assert not (runs.path / "planted").exists()


def test_the_environment_stands_in_no_command_line(runs, shut):
    order = runs.start("import time; time.sleep(600)", sandbox=shut, environment={"API_KEY": "a secret"})
    script, _ = runs.script(order)
    assert "a secret" not in " ".join(psutil.Process(script).cmdline())
    runs.stop(order)
    runs.wait(order, "stopped")


def test_instance_inside_the_python_installation_is_covered(tmp_path, monkeypatch):
    """As where somebody makes a virtual environment in the very folder that holds the instance."""
    (tmp_path / "instance" / "script").mkdir(parents=True)
    (tmp_path / "instance" / "secret_key").write_text("precious")
    (tmp_path / "library").write_text("library")
    folders = [*sandbox._python_folders(sys.executable), str(tmp_path)]
    monkeypatch.setattr(sandbox, "_python_folders", lambda python: folders)
    box = Sandbox(cache=str(tmp_path / "instance" / "cache"), hidden=(str(tmp_path / "instance"),))
    source = (
        f"import os; print(os.listdir({str(tmp_path / 'instance')!r}), open({str(tmp_path / 'library')!r}).read())"
    )
    shut = shut_in(box, tmp_path / "instance" / "script", [sys.executable, "-c", source], {})
    answer = subprocess.run(
        shut.command, env=shut.environment, pass_fds=shut.inherited, capture_output=True, text=True
    )
    assert answer.stdout == "['cache', 'script'] library\n" or answer.stdout == "['script', 'cache'] library\n"


def test_says_why_it_does_not_work(monkeypatch):
    why_not.cache_clear()
    monkeypatch.setenv("PATH", "/nowhere")
    assert "not installed" in why_not()
    why_not.cache_clear()
    monkeypatch.setattr(sys, "platform", "darwin")
    assert "operating system" in why_not()
    why_not.cache_clear()
