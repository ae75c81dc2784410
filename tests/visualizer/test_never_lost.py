"""Accidents with real servers and scripts: after each, the next start tells the true state of every run."""
import itertools
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from visualizer.app import create_app
from visualizer.database import prepare_database
from visualizer.launcher.record import Record
from visualizer.operations import users

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="ends servers the hard way, as Linux does it")

ROOT = Path(__file__).resolve().parents[2]
SLEEPS = "import time\nprint('ready', flush=True)\ntime.sleep(600)\n"
SECONDS = 5  # in which the truth is told


class House:
    """An instance with real servers that can be killed, and a hand that reads its database and presses buttons."""

    def __init__(self, instance: Path):
        self.instance = instance
        # It presses buttons, but starts nothing: that is left to the real server.
        self.app = create_app({"WTF_CSRF_ENABLED": False, "TESTING": True, "MAX_RUNS": -1}, instance=instance)
        prepare_database(self.app)
        with self.app.app_context():
            users.create_user("annie", "long enough")
        self.client = self.app.test_client()
        self.client.post("/login", data={"name": "annie", "password": "long enough"})
        self.port, self.bokeh_port = _free_port(), _free_port()
        self.server: subprocess.Popen | None = None
        self.last = 0  # number of the last run

    def start(self) -> None:
        settings = {
            "INSTANCE": self.instance, "PORT": self.port, "BOKEH_PORT": self.bokeh_port, "MAX_RUNS_PER_USER": 1,
            "INTERRUPT_SECONDS": 0.5, "TERMINATE_SECONDS": 0.5,
        }  # fmt: skip
        environment = {**os.environ, **{f"VISUALIZER_{name}": str(value) for name, value in settings.items()}}
        with (self.instance.parent / "server.log").open("ab") as log:
            self.server = subprocess.Popen(
                [sys.executable, "-m", "visualizer", "serve"], cwd=ROOT, env=environment, stdout=log, stderr=log
            )
        until(lambda: listens(self.port), 60)

    def start_beside(self) -> subprocess.Popen:
        """A second server of the same instance."""
        first, port, bokeh_port = self.server, self.port, self.bokeh_port
        self.port, self.bokeh_port = _free_port(), _free_port()
        self.start()
        second = self.server
        self.server, self.port, self.bokeh_port = first, port, bokeh_port
        return second

    def kill(self) -> None:
        self.server.kill()
        self.server.wait()

    def run(self, name: str, source: str) -> Path:
        """Upload a script and ask for a run. Returns its folder."""
        self.last += 1
        folder = self.instance / "user_storage" / "annie" / name
        (self.instance.parent / "upload.py").write_text(source)
        with (self.instance.parent / "upload.py").open("rb") as file:
            self.client.post("/upload", data={"file": (file, f"{name}.py"), "tags": ""})
        self.client.post(f"/uploads/{name}.py/run", data={"source": "none"})
        return folder

    def row(self, number: int) -> tuple[str, int | None, str]:
        """State, exit code and reason as the database has them: looking through the pages would mend them."""
        with sqlite3.connect(f"file:{self.instance}/visualizer.db?mode=ro", uri=True, timeout=10) as database:
            found = database.execute("SELECT state, exit_code, reason FROM run WHERE id = ?", (number,)).fetchone()
        database.close()
        return found

    def state(self, number: int) -> str:
        return self.row(number)[0]

    def record(self, number: int) -> Record:
        return Record(self.instance / "runs" / str(number))

    def processes(self, number: int) -> tuple[int, int]:
        """Pids of a run's supervisor and script."""
        record = self.record(number)
        script = until(record.script)
        return record.status().pid, script[0]

    def end(self) -> None:
        if self.server and self.server.poll() is None:
            self.server.terminate()
            self.server.wait(20)
        for process in psutil.process_iter(["cmdline"]):
            if any(str(self.instance) in word for word in process.info["cmdline"] or ()):
                with suppress(psutil.Error):
                    process.kill()


def until(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if result := condition():
            return result
        time.sleep(0.05)
    raise AssertionError(f"it did not come true within {seconds} s")


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def lives(pid: int) -> bool:
    """A zombie does not; its new parent may take its time."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def says(folder: Path, words: str):
    output = folder / "output.txt"
    return until(lambda: output.exists() and words in output.read_text(errors="replace"))


@pytest.fixture
def house(tmp_path):
    house = House(tmp_path / "instance")
    yield house
    house.end()


@pytest.fixture(scope="module")
def standing_house(tmp_path_factory):
    """One whose servers nobody kills, for several tests."""
    house = House(tmp_path_factory.mktemp("standing") / "instance")
    house.start()
    yield house
    house.end()


def test_web_server_killed(house):
    """One runs, one waits: both are what they were, the one stops when told to, and the other takes its place."""
    house.start()
    folder = house.run("runs", SLEEPS)
    says(folder, "ready")
    house.run("waits", SLEEPS)
    (folder / "results").mkdir(exist_ok=True)
    (folder / "results" / "training_progress.txt").write_text("# progress accuracy loss\n0.1 0.5 2.0\n")
    script = house.processes(1)[1]
    house.kill()
    until(lambda: not listens(house.bokeh_port), 10)
    assert lives(script)
    house.start()
    time.sleep(1)
    assert (house.state(1), house.state(2)) == ("running", "queued")
    assert house.processes(1)[1] == script and lives(script)
    assert "0.1 0.5 2.0" in (folder / "results" / "training_progress.txt").read_text()
    house.client.post("/uploads/runs.py/stop")
    until(lambda: house.state(1) == "stopped", SECONDS)
    until(lambda: house.state(2) == "running", SECONDS)
    assert not lives(script)


def test_two_servers_start_each_run_once(house):
    """One of them is killed in between; never do two runs of the one user overlap."""
    house.start()
    second = house.start_beside()
    source = "import time\nopen('started', 'a').write('x')\ntime.sleep(0.3)\n"
    folders = [house.run(f"script_{number}", source) for number in range(6)]
    until(lambda: house.state(3) == "finished", 60)
    second.kill()
    second.wait()
    until(lambda: house.state(6) == "finished", 60)
    assert [(folder / "started").read_text() for folder in folders] == ["x"] * 6
    with sqlite3.connect(house.instance / "visualizer.db") as database:
        times = database.execute("SELECT started, ended FROM run ORDER BY started").fetchall()
    database.close()
    assert all(ended <= started for (_, ended), (started, _) in itertools.pairwise(times))


def test_script_that_ends_while_no_server_runs(house):
    house.start()
    folder = house.run("ends", "import time\nprint('ready', flush=True)\ntime.sleep(2)\nraise SystemExit(7)\n")
    says(folder, "ready")
    house.kill()
    until(lambda: house.record(1).status().has_ended)
    assert house.state(1) == "running"
    house.start()
    until(lambda: house.row(1) == ("failed", 7, "The script ended with exit code 7."), SECONDS)


def test_bokeh_server_killed(standing_house):
    house = standing_house
    until(lambda: listens(house.bokeh_port), 60)
    bokeh = next(
        process for process in psutil.Process(house.server.pid).children() if "custom_bokeh" in process.cmdline()
    )
    says(house.run("watched", SLEEPS), "ready")
    bokeh.kill()
    until(lambda: not bokeh.is_running(), 10)
    until(lambda: listens(house.bokeh_port), 60)
    assert house.server.poll() is None and house.state(house.last) == "running"
    stop(house, "watched")


def stop(house: House, name: str) -> None:
    number, script = house.last, house.processes(house.last)[1]
    house.client.post(f"/uploads/{name}.py/stop")
    until(lambda: house.state(number) == "stopped", SECONDS)
    assert not lives(script)


def test_supervisor_killed(standing_house):
    house = standing_house
    says(house.run("orphan", SLEEPS), "ready")
    supervisor, script = house.processes(house.last)
    os.kill(supervisor, signal.SIGKILL)
    until(lambda: house.record(house.last).status().pid != supervisor, SECONDS)
    assert house.state(house.last) == "running" and lives(script)
    stop(house, "orphan")


def test_supervisor_killed_while_no_server_runs(house):
    house.start()
    says(house.run("orphan", SLEEPS), "ready")
    supervisor, script = house.processes(1)
    house.kill()
    os.kill(supervisor, signal.SIGKILL)
    house.start()
    until(lambda: house.record(1).status().pid != supervisor, SECONDS)
    assert house.state(1) == "running" and lives(script)
    stop(house, "orphan")


def test_script_killed(standing_house):
    house = standing_house
    says(house.run("victim", SLEEPS), "ready")
    tree = psutil.Process(house.processes(house.last)[0]).children(recursive=True)
    [process for process in tree if "victim.py" in process.cmdline()][-1].kill()
    until(lambda: house.state(house.last) == "interrupted", SECONDS)
    assert "signal 9 (killed) from outside" in house.row(house.last)[2]


@pytest.fixture
def stranger():
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    yield process
    process.kill()
    process.wait()


def test_machine_went_down_and_the_pid_is_taken(house, stranger):
    house.start()
    says(house.run("runs", SLEEPS), "ready")
    house.run("waits", SLEEPS)
    supervisor, _ = house.processes(1)
    house.kill()
    tree = [psutil.Process(supervisor), *psutil.Process(supervisor).children(recursive=True)]
    for process in tree:
        process.kill()
    psutil.wait_procs(tree, 5)
    # As if the new process had got the old pids.
    record = house.record(1)
    status, mark = record.status(), record.script()[1]
    record.write(type(status)(**{**vars(status), "pid": stranger.pid}), (stranger.pid, mark))
    with sqlite3.connect(house.instance / "visualizer.db") as database:
        database.execute("UPDATE run SET pid = ? WHERE id = 1", (stranger.pid,))
    database.close()
    house.start()
    until(lambda: house.state(1) == "interrupted", SECONDS)
    assert house.row(1)[2].startswith("The run vanished")
    until(lambda: house.state(2) == "running", SECONDS)
    house.client.post("/uploads/runs.py/stop")
    assert stranger.poll() is None


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 24 MB."""
    mount, place = shutil.which("mount"), tmp_path / "small"
    place.mkdir()
    command = [mount, "-t", "tmpfs", "-o", "size=24m", "none", str(place)]
    if not mount or os.getuid() != 0 or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("needs the right to mount a small file system")
    house = House(place / "instance")
    yield house
    house.end()
    subprocess.run(["umount", "--lazy", place], check=True)


FILLS = """
import time
kept = []
size = 1_000_000
print('ready', flush=True)
while size:
    try:
        file = open(f"full_{len(kept)}", "wb", buffering=0)
        kept.append(file)
        while file.write(bytes(size)) == size:
            pass
    except OSError:
        size //= 10
time.sleep(1)
raise SystemExit(3)
"""


def test_full_disk(small_disk):
    house = small_disk
    house.start()
    folder = house.run("fills", FILLS)
    until(lambda: house.record(1).status() and house.record(1).status().has_ended, 60)
    assert house.record(1).status().exit_code == 3
    assert shutil.disk_usage(house.instance).free < 1_000_000
    for page in ("/", "/uploads", "/uploads/fills.py", "/machine"):
        assert house.client.get(page).status_code == 200
    house.kill()
    # A server starts on the full disk, too, and takes what there is from the record.
    house.start()
    assert house.server.poll() is None
    for path in folder.glob("full_*"):
        path.unlink()
    until(lambda: house.row(1)[:2] == ("failed", 3), SECONDS)
    with sqlite3.connect(house.instance / "visualizer.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()
    says(house.run("after", "print('still here')"), "still here")
    until(lambda: house.state(2) == "finished", SECONDS)
