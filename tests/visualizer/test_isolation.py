"""Hostile scripts through the real pages: with the sandbox as it is by default, none of them does harm."""
import io
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from visualizer.launcher.sandbox import why_not

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "the sandbox works")

TRY = """
import os, signal, socket, subprocess, sys, time
def attempt(what, action):
    try:
        print(what, "HARM", action(), flush=True)
    except Exception as error:
        print(what, "failed", type(error).__name__, flush=True)
"""


@pytest.fixture
def run(app, annie):
    """Runs a script of annie's to its end; returns how it ended and what it printed."""

    def run(source: str, **data) -> tuple[dict, str]:
        annie.post("/upload", data={"file": (io.BytesIO((TRY + source).encode()), "hostile.py"), "tags": ""})
        annie.post("/uploads/hostile.py/run", data={"source": "none", **data})
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            told = annie.get("/uploads/running").json[-1]
            if "sentence" in told:
                return told, "\n".join(annie.get("/uploads/hostile.py/output/tail").json["lines"])
            time.sleep(0.1)
        raise AssertionError(told)

    return run


def test_reads_nothing_of_others_and_of_the_server(app, run, other):
    other.post("/upload", data={"file": (io.BytesIO(b"precious = 1"), "secret_script.py"), "tags": ""})
    instance = Path(app.instance_path)
    theirs = Path(app.config["USER_STORAGE"], "other", "secret_script", "secret_script.py")
    files = [theirs, instance / "visualizer.db", instance / "secret_key"]
    assert all(file.exists() for file in files)
    told, text = run(f"""
for path in {[str(file) for file in files]}:
    attempt(path, lambda: open(path, "rb").read()[:9])
attempt("records", lambda: os.listdir({str(instance / "runs")!r}))
attempt("others", lambda: os.listdir({str(theirs.parents[1])!r}))
attempt("caches", lambda: [name for name in os.listdir({str(instance / "caches")!r}) if name != "annie"][0])
attempt("environment", lambda: [name for name in os.environ if name.startswith(("VISUALIZER", "FLASK"))][0])
os.symlink({str(instance / "secret_key")!r}, "output_link")
attempt("link", lambda: open("output_link").read())
""")
    assert told["state"] == "finished", text
    assert text.count("failed") == 8 and "HARM" not in text, text


def test_sees_and_ends_no_process_of_others(run):
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    told, text = run(f"""
print(sorted(name for name in os.listdir("/proc") if name.isdigit()), flush=True)
attempt("bystander", lambda: os.kill({bystander.pid}, signal.SIGKILL))
attempt("server", lambda: os.kill({os.getpid()}, signal.SIGKILL))
attempt("command line", lambda: open("/proc/{os.getpid()}/cmdline").read())
os.kill(os.getppid(), signal.SIGKILL)
print("end")
""")
    assert told["state"] == "finished", text
    assert text.count("failed") == 3 and "HARM" not in text and "end" in text, text
    assert bystander.poll() is None
    bystander.kill()
    bystander.wait()


def test_fills_no_disk(app, run):
    app.config["USER_DISK_BYTES"] = 30_000_000
    told, _ = run("""
for number in range(100_000):
    with open(f"file_{number}", "wb") as file:
        file.write(bytes(1_000_000))
    time.sleep(0.01)
""")
    assert told["state"] == "failed"
    assert told["reason"] == "The files of its user grew past their limit of 30 MB on the disk."


def test_prints_without_end(app, run):
    app.config["RUN_OUTPUT_BYTES"] = 1_000_000
    told, _ = run("while True: print('x' * 10_000)")
    assert (told["state"], told["reason"]) == ("failed", "Its output grew past its limit of 1 MB.")


def test_takes_all_memory(app, run):
    app.config["RUN_MEMORY_BYTES"] = 150_000_000
    told, _ = run("""
taken = []
while True:
    taken.append(os.urandom(2_000_000))
    time.sleep(0.01)
""")
    assert (told["state"], told["reason"]) == ("failed", "It took more memory than its limit of 150 MB.")


def test_forks_without_end(app, run):
    app.config["RUN_PROCESSES"] = 60
    told, _ = run("""
while True:
    try:
        os.fork()
    except OSError:
        time.sleep(0.01)
""")
    assert (told["state"], told["reason"]) == ("failed", "It had more processes than its limit of 60.")
    folder = str(Path(app.config["USER_STORAGE"], "annie"))
    left = [p for p in psutil.process_iter(["cwd"]) if (p.info["cwd"] or "").startswith(folder)]
    assert left == []


def test_runs_past_its_time(app, run):
    app.config["RUN_SECONDS"] = 1.0
    told, _ = run("time.sleep(600)")
    assert (told["state"], told["reason"]) == ("stopped", "It reached its time limit of 1 second.")


def test_network_can_be_cut_off(app, run):
    app.config["RUN_NETWORK"] = False
    told, text = run("attempt('network', lambda: socket.create_connection(('127.0.0.1', 9), 2))\n"
                     "print(sorted(name for _, name in socket.if_nameindex()))")  # fmt: skip
    assert told["state"] == "finished" and text.splitlines()[-1] == "['lo']", text


def test_reads_the_folders_that_are_listed(app, run, tmp_path):
    (tmp_path / "sets").mkdir()
    (tmp_path / "sets" / "data.txt").write_text("a data set")
    app.config["READABLE_FOLDERS"] = str(tmp_path / "sets")
    _, text = run(f"""
print(open({str(tmp_path / "sets" / "data.txt")!r}).read())
attempt("write", lambda: open({str(tmp_path / "sets" / "data.txt")!r}, "w"))
""")
    assert "a data set" in text and "write failed OSError" in text


def test_finds_callbacks_examples_and_its_own_cache(app, run):
    told, text = run("""
import importlib.util
from importlib.resources import files
import numpy as np
print([bool(importlib.util.find_spec(name)) for name in ("keras", "custom_keras", "visualization_files")])
print(np.load(files("examples") / "data" / "digits.npz")["x"].shape)
open(os.path.expanduser("~/kept"), "w").close()
print(importlib.util.find_spec("visualizer"))
""")
    assert told["state"] == "finished", text
    assert "[True, True, True]" in text and "(1797, 8, 8)" in text and "None" in text
    assert Path(app.config["CACHE_FOLDER"], "annie", "kept").exists()


def test_variables_of_the_dialog_do_not_lead_out(app, run):
    data = {"environment": f"PYTHONPATH={app.instance_path}\nLD_LIBRARY_PATH={app.instance_path}\nEPOCHS=3"}
    told, text = run(
        f"attempt('key', lambda: open({app.instance_path + '/secret_key'!r}).read())\nprint(os.environ['EPOCHS'])",
        **data,
    )
    assert told["state"] == "finished" and "key failed FileNotFoundError" in text and text.endswith("3"), text


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("HOME=/", "HOME cannot be set: it is the folder of your caches."),
        ("visualizer_secret_key=x", "visualizer_secret_key cannot be set: it belongs to the server."),
        ("CUDA_VISIBLE_DEVICES=0", "CUDA_VISIBLE_DEVICES cannot be set: ask for a number of GPUs."),
        ("no equals sign", "Line 1 is not of the form NAME=value."),
    ],
)
def test_variables_that_cannot_be_set(annie, mnist, line, sentence):
    answer = annie.post("/uploads/mnist.py/run", data={"source": "none", "environment": line})
    assert answer.status_code == 422 and sentence in answer.text
