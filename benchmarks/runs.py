"""Many users with many short runs: right states, nobody starved, quick pages, quick starts.

    python benchmarks/runs.py [--users 20] [--runs 10] [--at-once 4]

A real server gets its users, each with as many scripts, and all of them are run at once: what does not fit waits.
Meanwhile each user looks at pages, as a browser would that is open all the time. The same pages are looked at
before, when nothing runs, so that the two can be compared on a busy machine. At last single runs are started from
the idle server, and the time from the click to the script's first line is taken, beside the time that the same
Python takes to its first line by itself.
"""
import argparse
import io
import itertools
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from visualizer.app import create_app  # noqa: E402
from visualizer.database import prepare_database  # noqa: E402
from visualizer.extensions import db  # noqa: E402
from visualizer.models import FileMeta, Run  # noqa: E402
from visualizer.operations import uploads, users  # noqa: E402

PASSWORD = "correct horse battery"
# One in three fails, so that right states can be told from lucky ones.
SOURCES = (b"print('done')\n", b"import time\ntime.sleep(0.5)\n", b"raise SystemExit(3)\n")
EXPECTED = ("finished", "finished", "failed")
PAGES = ("/", "/uploads", "/uploads/script_0.py", "/uploads/running", "/machine", "/uploads/script_1.py/live")
FIRST_LINE = b"import time\nprint(time.time())\n"


class Visitor:
    """A user with a browser of their own; the time of each answer is kept."""

    def __init__(self, base: str, name: str):
        self._base = base
        self._open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar())).open
        self.seconds: list[float] = []
        self._token = self._token_of(self.get("/login"))
        self._token = self._token_of(self.post("/login", name=name, password=PASSWORD))
        self.seconds.clear()

    def get(self, path: str) -> str:
        begun = time.perf_counter()
        with self._open(self._base + path, timeout=60) as answer:
            text = answer.read().decode()
        self.seconds.append(time.perf_counter() - begun)
        return text

    def post(self, path: str, **fields: str) -> str:
        data = urllib.parse.urlencode({**fields, "csrf_token": self._token}).encode()
        with self._open(self._base + path, data, timeout=60) as answer:
            return answer.read().decode()

    @staticmethod
    def _token_of(page: str) -> str:
        return re.search(r'name="csrf-token" content="([^"]+)"', page)[1]


def look_around(visitor: Visitor, pause: float, until: threading.Event, delay: float) -> None:
    # People do not click in step.
    until.wait(delay)
    for page in itertools.cycle(PAGES):
        if until.wait(pause):
            return
        visitor.get(page)


def look_together(visitors: list[Visitor], pause: float, work) -> list[float]:
    """Seconds of all pages that the visitors look at while some work is done."""
    for visitor in visitors:
        visitor.seconds.clear()
    end = threading.Event()
    delays = [pause * number / len(visitors) for number in range(len(visitors))]
    pairs = zip(visitors, delays, strict=True)
    _together([lambda pair=pair: look_around(pair[0], pause, end, pair[1]) for pair in pairs], work, end)
    return [seconds for visitor in visitors for seconds in visitor.seconds]


def _together(tasks: list, work=lambda: None, end: threading.Event | None = None) -> None:
    threads = [threading.Thread(target=task) for task in tasks]
    for thread in threads:
        thread.start()
    work()
    if end:
        end.set()
    for thread in threads:
        thread.join()


def at_95_percent(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def say(name: str, seconds: list[float]) -> None:
    print(
        f"{name}: {len(seconds)} answers, median {statistics.median(seconds) * 1000:.0f} ms, "
        f"95th percentile {at_95_percent(seconds) * 1000:.0f} ms, slowest {max(seconds) * 1000:.0f} ms"
    )


def make_users(app, count: int, runs: int) -> list[str]:
    names = [f"user_{number:02}" for number in range(count)]
    with app.app_context():
        for name in names:
            user = users.create_user(name, PASSWORD)
            for number in range(runs):
                uploads.upload(user, f"script_{number}.py", io.BytesIO(SOURCES[number % len(SOURCES)]), "")
    return names


def check(app, runs: int) -> None:
    """Whether all states are right, and how evenly the users were served."""
    with app.app_context():
        rows = db.session.query(Run, FileMeta).join(FileMeta).order_by(Run.started, Run.id).all()
        wrong = [
            (file.owner_id, file.filename, run.state)
            for run, file in rows
            if run.state != EXPECTED[int(re.search(r"\d+", file.filename)[0]) % len(SOURCES)]
        ]
        print(f"runs: {len(rows)}, with a wrong state: {len(wrong)} {wrong[:3] or ''}")
        served: dict[int, int] = dict.fromkeys({file.owner_id for _, file in rows}, 0)
        most = 0
        for _, file in rows:
            served[file.owner_id] += 1
            waiting = [number for number in served.values() if number < runs]
            if waiting:
                most = max(most, max(served.values()) - min(served.values()))
        print(f"users: {len(served)}; at no time had one of them more than {most} runs started more than another")


def wait_for_all(app) -> None:
    while True:
        time.sleep(0.5)
        with app.app_context():
            if not db.session.query(Run).filter(Run.state.in_(("queued", "running"))).count():
                return


def first_lines(visitor: Visitor, instance: Path, name: str, rounds: int) -> tuple[list[float], list[float]]:
    """Seconds from the click to the script's first line, and of the same Python by itself."""
    folder = instance / "user_storage" / name / "script_0"
    (folder / "script_0.py").write_bytes(FIRST_LINE)
    clicks, plain = [], []
    for _ in range(rounds):
        begun = time.time()
        plain.append(float(subprocess.check_output([sys.executable, folder / "script_0.py"])) - begun)
        begun = time.time()
        visitor.post("/uploads/script_0.py/run", source="none")
        output = folder / "output.txt"
        while not output.exists() or not output.read_text().endswith("\n"):
            time.sleep(0.005)
        clicks.append(float(output.read_text()) - begun)
        while '"state":"running"' in visitor.get("/uploads/running").replace(" ", ""):
            time.sleep(0.05)
    return clicks, plain


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start_server(instance: Path, port: int, at_once: int) -> subprocess.Popen:
    settings = {"INSTANCE": instance, "PORT": port, "MAX_RUNS": at_once, "MAX_RUNS_PER_USER": at_once}
    environment = {**os.environ, **{f"VISUALIZER_{name}": str(value) for name, value in settings.items()}}
    command = [sys.executable, "-m", "visualizer", "serve", "--only", "flask"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process
        time.sleep(0.1)


def measure(options: argparse.Namespace, instance: Path) -> None:
    app = create_app(instance=instance)
    prepare_database(app)
    names = make_users(app, options.users, options.runs)
    port = free_port()
    server = start_server(instance, port, options.at_once)
    try:
        visitors = [Visitor(f"http://127.0.0.1:{port}", name) for name in names]
        say("pages while nothing runs", look_together(visitors, options.pause, lambda: time.sleep(20)))
        begun = time.perf_counter()

        def run_all():
            def ask(visitor):
                for number in range(options.runs):
                    visitor.post(f"/uploads/script_{number}.py/run", source="none")

            _together([lambda visitor=visitor: ask(visitor) for visitor in visitors])
            with app.app_context():
                print(f"waiting then: {db.session.query(Run).filter_by(state='queued').count()}")
            print(f"all runs were asked for within {time.perf_counter() - begun:.1f} s")
            wait_for_all(app)

        say("pages while runs start, run and wait", look_together(visitors, options.pause, run_all))
        print(f"all runs had ended after {time.perf_counter() - begun:.1f} s")
        check(app, options.runs)
        clicks, plain = first_lines(visitors[0], instance, names[0], 10)
        print(
            f"click to first line: median {statistics.median(clicks) * 1000:.0f} ms, "
            f"slowest {max(clicks) * 1000:.0f} ms; Python by itself: median {statistics.median(plain) * 1000:.0f} ms"
        )
    finally:
        server.terminate()
        server.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--runs", type=int, default=10, help="of each user")
    parser.add_argument("--at-once", type=int, default=4, help="runs at the same time")
    parser.add_argument("--pause", type=float, default=2.0, help="seconds between two pages of a user")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(options, Path(folder))


if __name__ == "__main__":
    main()
