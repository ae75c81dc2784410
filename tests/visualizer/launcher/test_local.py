"""Real scripts, most of them ill-behaved, through the launcher."""
import json
import os
import signal
import stat
import sys
import time

import psutil
import pytest

posix = pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands orphans to the supervisor")

STUBBORN = """
    import signal, time
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("ready")
    time.sleep(600)
"""
# Forks a child, and a grandchild that leaves the session and whose parent ends.
FAMILY = """
    import os, time
    child = os.fork()
    if child == 0:
        time.sleep(600)
    read, written = os.pipe()
    middle = os.fork()
    if middle == 0:
        os.setsid()
        if os.fork() == 0:
            os.write(1, b"family %d\\n" % os.getpid())
            os.write(written, b"x")
            time.sleep(600)
        os._exit(0)
    os.waitpid(middle, 0)
    os.read(read, 1)
    os.write(1, b"child %d\\n" % child)
"""


def pid_after(text, word):
    return int(text.split(word)[1].split()[0])


def test_output_of_both_streams_as_it_comes(runs):
    order = runs.start(
        """
        import os, sys, time
        print(os.path.dirname(os.path.abspath(__file__)) == os.getcwd(), sys.argv[1:], sys.stdin.read() == "")
        print("to stderr", file=sys.stderr)
        time.sleep(600)
        """,
        arguments=("--epochs", "2 of them"),
    )
    text = runs.wait_for_output(order, "to stderr")
    assert text.splitlines() == ["True ['--epochs', '2 of them'] True", "to stderr"]
    assert runs.poll(order).state == "running"
    assert json.loads((order.folder / "run.json").read_text())["state"] == "running"


def test_finished(runs):
    before = time.time()
    order = runs.start("print('done')")
    assert runs.last.state == "running" and runs.last.pid
    status = runs.wait(order, "finished")
    assert (status.exit_code, status.reason) == (0, "")
    assert before <= status.started <= status.ended <= time.time()
    kept = json.loads((order.folder / "run.json").read_text())
    assert (kept["state"], kept["exit_code"], kept["ended"]) == ("finished", 0, status.ended)
    runs.restart_server()
    assert runs.poll(order) == status


def test_starts_within_a_second(runs):
    before = time.monotonic()
    order = runs.start("print('here')")
    runs.wait_for_output(order, "here")
    assert time.monotonic() - before < 1.0


def test_exit_code(runs):
    status = runs.wait(runs.start("import sys; sys.exit(3)"), "failed")
    assert (status.exit_code, status.reason) == (3, "The script ended with exit code 3.")


@posix
def test_segmentation_fault(runs):
    status = runs.wait(runs.start("import os; os.kill(os.getpid(), 11)"), "failed")
    assert status.exit_code == -11
    assert status.reason == "The script was ended by signal 11 (segmentation fault)."


@posix
def test_script_killed_from_outside(runs):
    order = runs.start("import os, time; print('pid', os.getpid()); time.sleep(600)")
    os.kill(pid_after(runs.wait_for_output(order, "\n"), "pid"), signal.SIGKILL)
    status = runs.wait(order, "interrupted")
    assert status.exit_code == -9 and "signal 9 (killed) from outside" in status.reason


def test_python_that_is_not_there(runs):
    status = runs.wait(runs.start("", python="/nowhere/python"), "failed")
    assert status.reason == "The script could not be started: No such file or directory."


def test_folder_that_is_not_there(runs, tmp_path):
    status = runs.wait(runs.start("", folder=tmp_path / "nowhere"), "failed")
    assert "No such file" in status.reason


def test_records_that_cannot_be_written(runs):
    runs.records.write_text("a file is in the way")
    runs.start("")
    assert runs.last.state == "failed" and runs.last.reason.startswith("The run could not be started: ")


def test_stop_by_interrupt(runs):
    order = runs.start(
        """
        import time
        try:
            print("ready")
            time.sleep(600)
        except KeyboardInterrupt:
            print("tidied up")
        """,
        stop_seconds=(20.0, 20.0),
    )
    runs.wait_for_output(order, "ready")
    runs.stop(order)
    status = runs.wait(order, "stopped")
    assert (status.exit_code, status.reason) == (0, "")
    assert "tidied up" in (order.folder / "output.txt").read_text()


@posix
def test_stop_of_a_script_that_ignores_it(runs):
    order = runs.start(STUBBORN, stop_seconds=(0.4, 0.4))
    runs.wait_for_output(order, "ready")
    before = time.monotonic()
    runs.stop(order)
    assert runs.poll(order).state == "running"
    assert runs.wait(order, "stopped").exit_code == -9
    assert time.monotonic() - before >= 0.8


@linux
def test_stop_ends_grandchildren_that_left_the_session(runs, gone):
    order = runs.start(FAMILY + "    time.sleep(600)\n", stop_seconds=(0.3, 0.3))
    text = runs.wait_for_output(order, "child")
    assert not gone(pid_after(text, "family"))
    runs.stop(order)
    runs.wait(order, "stopped")
    assert gone(pid_after(text, "family")) and gone(pid_after(text, "child"))


@linux
def test_what_a_finished_script_leaves_behind_is_ended(runs, gone):
    order = runs.start(FAMILY)
    status = runs.wait(order, "finished")
    text = (order.folder / "output.txt").read_text()
    assert gone(pid_after(text, "family")) and gone(pid_after(text, "child"))
    assert status.reason == "Processes that it left behind were ended: 2."


def test_stop_outlives_the_server(runs):
    order = runs.start(STUBBORN, stop_seconds=(0.3, 0.3))
    runs.wait_for_output(order, "ready")
    runs.stop(order)
    runs.restart_server()
    runs.wait(order, "stopped")


def test_server_that_is_killed(runs, tmp_path, until):
    """A process starts a run and is killed with its whole session; the run goes on and is found again."""
    folder = tmp_path / "script"
    folder.mkdir()
    (folder / "main.py").write_text(
        "import time\nprint('ready', flush=True)\ntime.sleep(2)\nraise SystemExit(7)"
    )
    server = f"""
import time, sys
from pathlib import Path
from visualizer.launcher import LocalLauncher, Order
order = Order(99, Path({str(folder)!r}), "main.py", sys.executable, {{}})
status = LocalLauncher({str(runs.records)!r}).start(order)
print(status.pid, repr(status.pid_started), flush=True)
time.sleep(600)
"""
    process = psutil.Popen([sys.executable, "-c", server], stdout=-1, text=True, start_new_session=True)
    with process.stdout:
        pid, pid_started = process.stdout.readline().split()
    until(lambda: (folder / "output.txt").exists() and (folder / "output.txt").read_text())
    os.killpg(process.pid, signal.SIGINT)
    process.kill()
    process.wait()
    assert runs.launcher.poll(folder, 99, int(pid), float(pid_started)).state == "running"
    until(lambda: runs.launcher.poll(folder, 99, int(pid), float(pid_started)).has_ended)
    status = runs.launcher.poll(folder, 99, int(pid), float(pid_started))
    assert (status.state, status.exit_code) == ("failed", 7)


@posix
def test_supervisor_killed_then_stopped(runs, gone):
    order = runs.start(FAMILY + "    time.sleep(600)\n", stop_seconds=(0.3, 0.3))
    text = runs.wait_for_output(order, "child")
    supervisor = runs.poll(order).pid
    os.kill(supervisor, signal.SIGKILL)
    runs.restart_server()
    assert runs.poll(order).state == "running"
    runs.stop(order)
    status = runs.wait(order, "stopped")
    assert gone(pid_after(text, "family")) and gone(pid_after(text, "child"))
    assert status.exit_code is None


@posix
def test_supervisor_killed_then_script_ends(runs, until):
    order = runs.start("import time; print('ready'); time.sleep(2); print('end')")
    runs.wait_for_output(order, "ready")
    supervisor = runs.poll(order).pid
    os.kill(supervisor, signal.SIGKILL)
    until(lambda: runs.poll(order).pid != supervisor)
    assert runs.poll(order).state == "running"
    status = runs.wait(order, "interrupted")
    assert "not known" in status.reason and status.exit_code is None
    assert "end" in (order.folder / "output.txt").read_text()


@posix
def test_script_that_kills_its_supervisor(runs):
    order = runs.start(
        "import os, signal, time; os.kill(os.getppid(), signal.SIGKILL); print('alone'); time.sleep(600)"
    )
    runs.wait_for_output(order, "alone")
    assert runs.poll(order).state == "running"
    runs.stop(order)
    runs.wait(order, "stopped")


@posix
def test_machine_went_down_and_the_pid_is_taken(runs):
    order = runs.start(STUBBORN)
    runs.wait_for_output(order, "ready")
    script, status = runs.script(order), runs.poll(order)
    os.kill(status.pid, signal.SIGKILL)
    os.kill(script[0], signal.SIGKILL)
    other = psutil.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    # As if the new process had the old pids.
    changed = {**vars(status), "pid": other.pid}
    runs.record(order).write(type(status)(**changed), (other.pid, script[1]))
    runs.restart_server()
    runs.stop(order)
    status = runs.wait(order, "stopped")
    time.sleep(0.5)
    assert other.is_running() and other.status() != psutil.STATUS_ZOMBIE
    other.kill()
    other.wait()


@posix
def test_vanished_run_is_interrupted_once_and_for_all(runs):
    order = runs.start(STUBBORN)
    runs.wait_for_output(order, "ready")
    script = runs.script(order)
    os.kill(runs.poll(order).pid, signal.SIGKILL)
    os.kill(script[0], signal.SIGKILL)
    status = runs.wait(order, "interrupted")
    assert status.reason.startswith("The run vanished") and status.ended
    runs.restart_server()
    assert runs.poll(order) == status


@posix
def test_supervisor_asked_to_end(runs, gone):
    order = runs.start(STUBBORN, stop_seconds=(0.2, 0.2))
    runs.wait_for_output(order, "ready")
    script, _ = runs.script(order)
    os.kill(runs.poll(order).pid, signal.SIGTERM)
    assert "machine went down" in runs.wait(order, "interrupted").reason
    assert gone(script)


@pytest.mark.parametrize(
    "content",
    ['{"state": "finished", "pid": %d, "pid_started": 1.0}', '{"state": "runn', "[]", "\\xff\\x00", ""],
)
def test_forged_or_cut_run_file_changes_nothing(runs, content):
    victim = psutil.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    forged = content % victim.pid if "%d" in content else content
    order = runs.start(f"open('run.json', 'w').write({forged!r}); print('ready'); import time; time.sleep(600)")
    runs.wait_for_output(order, "ready")
    runs.restart_server()
    assert runs.poll(order).state == "running"
    runs.stop(order)
    runs.wait(order, "stopped")
    assert json.loads((order.folder / "run.json").read_text())["state"] == "stopped"
    assert victim.status() != psutil.STATUS_ZOMBIE
    victim.kill()
    victim.wait()


@posix
def test_links_planted_in_the_folder_are_not_followed(runs, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    order = runs.start(
        f"import os; os.path.exists('run.json') and os.unlink('run.json'); os.symlink({str(victim)!r}, 'run.json'); "
        f"os.unlink('output.txt'); os.symlink({str(victim)!r}, 'output.txt')"
    )
    runs.wait(order, "finished")
    assert victim.read_text() == "precious"
    runs.start_again(order)
    runs.wait(order, "failed")
    assert victim.read_text() == "precious"
    (order.folder / "output.txt").unlink()
    os.link(victim, order.folder / "output.txt")
    runs.start_again(order)
    assert "not a file of its own" in runs.wait(order, "failed").reason


def test_deletes_its_own_folder(runs):
    order = runs.start("import os, shutil; shutil.rmtree(os.getcwd()); raise SystemExit(5)")
    assert runs.wait(order, "failed").exit_code == 5
    assert not order.folder.exists()


def test_bytes_that_are_not_utf_8(runs):
    order = runs.start(r"import sys; sys.stdout.buffer.write(b'\xff\xfe\x00|')")
    runs.wait(order, "finished")
    assert (order.folder / "output.txt").read_bytes() == b"\xff\xfe\x00|"


def test_closes_its_output(runs):
    order = runs.start("import os, time; os.close(1); os.close(2); time.sleep(0.5); os._exit(4)")
    assert runs.wait(order, "failed").exit_code == 4


def test_flood_of_output(runs):
    order = runs.start(
        "import sys\nfor _ in range(100): sys.stdout.buffer.write(b'x' * 1_000_000)", stop_seconds=(1.0, 1.0)
    )
    runs.wait(order, "finished", seconds=60)
    assert (order.folder / "output.txt").stat().st_size == 100_000_000


def test_second_start_of_a_running_run_starts_nothing(runs):
    order = runs.start(STUBBORN)
    runs.wait_for_output(order, "ready")
    status = runs.poll(order)
    assert runs.launcher.start(order).pid == status.pid
    assert (order.folder / "output.txt").read_text() == "ready\n"


def test_number_used_again_begins_anew(runs):
    order = runs.start(STUBBORN, stop_seconds=(0.2, 0.2))
    runs.wait_for_output(order, "ready")
    runs.stop(order)
    runs.wait(order, "stopped")
    (order.folder / "main.py").write_text("")
    runs.start_again(order)
    runs.wait(order, "finished")


def test_environment_is_all_there_is(runs, monkeypatch):
    monkeypatch.setenv("VISUALIZER_SECRET_KEY", "a secret")
    order = runs.start("import os; print(sorted(os.environ))")
    runs.wait(order, "finished")
    text = (order.folder / "output.txt").read_text()
    assert "VISUALIZER" not in text and "TRAINING_RUN" in text


@posix
def test_records_are_the_servers_alone(runs):
    order = runs.start("")
    assert stat.S_IMODE(runs.records.stat().st_mode) == 0o700
    runs.wait(order, "finished")
    runs.launcher.forget(order.number)
    assert list(runs.records.iterdir()) == []


def test_run_without_record(runs, tmp_path):
    assert runs.launcher.poll(tmp_path, 77, None, None).state == "interrupted"
    assert runs.launcher.poll(tmp_path, 77, os.getpid(), 1.0).state == "interrupted"
    runs.launcher.stop(tmp_path, 77, os.getpid(), 1.0)


@posix
def test_supervisor_that_cannot_even_start(runs, monkeypatch):
    monkeypatch.setattr("visualizer.launcher.local._SUPERVISOR", "/nowhere/supervisor.py")
    order = runs.start("")
    assert runs.wait(order, "interrupted", seconds=5).reason.startswith("The run vanished")


@posix
def test_many_runs_leave_no_zombies(runs):
    orders = [runs.start("pass") for _ in range(5)]
    for order in orders:
        runs.wait(order, "finished")
    time.sleep(0.2)
    runs.poll(orders[0])
    zombies = [p for p in psutil.Process().children() if p.status() == psutil.STATUS_ZOMBIE]
    assert zombies == []
