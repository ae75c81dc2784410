"""Starts real scripts through the launcher, and makes sure that none of them outlives its test."""
import os
import sys
import textwrap
import time

import psutil
import pytest

from visualizer.launcher import LocalLauncher, Order
from visualizer.launcher.record import Record


class Runs:
    """A launcher, and one script's folder after the other."""

    def __init__(self, path):
        self.path = path
        self.records = path / "records"
        self.launcher = LocalLauncher(self.records)
        self.number = 0

    def start(self, source, stop_seconds=(1.0, 1.0), **changes):
        """Write a script and start it. Returns its order."""
        self.number += 1
        folder = self.path / f"script_{self.number}"
        folder.mkdir()
        (folder / "main.py").write_text(textwrap.dedent(source))
        environment = {"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"}
        values = {
            "number": self.number,
            "folder": folder,
            "script": "main.py",
            "python": sys.executable,
            "environment": environment,
            "stop_seconds": stop_seconds,
        }
        order = Order(**{**values, **changes})
        self.start_again(order)
        return order

    def start_again(self, order):
        self.last = self.launcher.start(order)

    def restart_server(self):
        """What a new server process knows: the folder, and what the database keeps."""
        self.launcher = LocalLauncher(self.records)

    def poll(self, order):
        return self.launcher.poll(order.folder, order.number, self.last.pid, self.last.pid_started)

    def stop(self, order):
        self.launcher.stop(order.folder, order.number, self.last.pid, self.last.pid_started)

    def record(self, order):
        return Record(self.records / str(order.number))

    def script(self, order):
        """Pid and start mark of the script, once the supervisor has written them down."""
        return wait_until(self.record(order).script)

    def wait(self, order, state, seconds=20):
        """Poll until the run is in this state."""
        status = None
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            status = self.poll(order)
            if status.state == state:
                return status
            assert not status.has_ended, status
            time.sleep(0.05)
        raise AssertionError(f"Expected {state} within {seconds} s. Received: {status}")

    def wait_for_output(self, order, words, seconds=20):
        """Wait until the script has said something; returns all that it said."""
        return wait_until(
            lambda: (text := output(order)) is not None and words in text and text, seconds=seconds
        )


def output(order):
    path = order.folder / "output.txt"
    return path.read_text(errors="replace") if path.exists() else None


def wait_until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if result := condition():
            return result
        time.sleep(0.05)
    raise AssertionError(f"It did not come true within {seconds} s.")


def is_gone(pid):
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.fixture
def runs(tmp_path):
    runs = Runs(tmp_path)
    yield runs
    for process in psutil.process_iter(["cwd", "cmdline"]):
        inside = (process.info["cwd"] or "").startswith(str(tmp_path))
        if inside or any(str(tmp_path) in word for word in process.info["cmdline"] or ()):
            process.kill()


@pytest.fixture
def gone():
    return is_gone


@pytest.fixture
def until():
    return wait_until
