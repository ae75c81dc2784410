"""What both servers do under 200 users who browse, 50 of whom watch live plots.

    python benchmarks/load.py [--users 200] [--watchers 50] [--seconds 120] [--think 5]

Everything runs on this machine: the servers as `visualizer serve` starts them with an instance of their own, and
this process as all browsers at once. Each user logs in by the form, opens a page about every five seconds, and
asks for the states of runs every two seconds as each open page does. Each watcher has also opened the training
progress over a websocket, as a browser does; a writer adds a row to each watched file twice a second.

Printed are errors, the times of answers (log-ins apart, which cost a password hash each), how long a row took to
reach its watcher, and the memory of the servers at the start, at half time and at the end.
"""

import argparse
import asyncio
import json
import os
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import psutil
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

PASSWORD = "correct horse battery"
POLL_SECONDS = 2.0
ROW_SECONDS = 0.5
PAGES = ["/", "/uploads", "/uploads?q=mnist&sort=name", "/uploads/mnist.py", "/uploads/mnist.py/output", "/account",
         "/uploads/mnist.py/training_progress", "/machine"]  # fmt: skip


class Client:
    """One browser: cookies and one connection that is kept open."""

    def __init__(self, port: int, results: "Results"):
        self.port, self.results = port, results
        self.cookies: dict[str, str] = {}
        self._reader = self._writer = None
        self._busy = asyncio.Lock()

    async def ask(self, kind: str, path: str, form: dict | None = None) -> tuple[int, dict, str]:
        """A request; its time and its outcome are noted under `kind`."""
        async with self._busy:
            begin = time.perf_counter()
            try:
                answer = await asyncio.wait_for(self._ask(path, form), 60)
            except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
                self.results.errors[f"{kind}: {type(error).__name__}"] += 1
                self._writer = None
                return 0, {}, ""
            self.results.seconds.setdefault(kind, []).append(time.perf_counter() - begin)
            if answer[0] >= 400:
                self.results.errors[f"{kind} {path}: {answer[0]}"] += 1
            return answer

    async def _ask(self, path: str, form: dict | None) -> tuple[int, dict, str]:
        if self._writer is None or self._reader.at_eof():
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**20)
        body = urlencode(form).encode() if form else b""
        head = f"{'POST' if form else 'GET'} {path} HTTP/1.1\r\nHost: localhost:{self.port}\r\n"
        if self.cookies:
            head += "Cookie: " + "; ".join(f"{name}={value}" for name, value in self.cookies.items()) + "\r\n"
        if form:
            head += f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
        self._writer.write(head.encode() + b"\r\n" + body)
        lines = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(": ")
            if name.lower() == "set-cookie":
                cookie, _, text = value.partition(";")[0].partition("=")
                self.cookies[cookie] = text
            headers[name.lower()] = value
        text = (await self._reader.readexactly(int(headers.get("content-length", 0)))).decode(errors="replace")
        if headers.get("connection", "").lower() == "close":
            self._writer.close()
            self._writer = None
        return int(lines[0].split()[1]), headers, text

    async def log_in(self, name: str) -> None:
        _, _, page = await self.ask("form", "/login")
        token = re.search(r'name="csrf-token" content="([^"]+)"', page)[1]
        await self.ask("log-in", "/login", {"csrf_token": token, "name": name, "password": PASSWORD})


class Results:
    """What was measured."""

    def __init__(self):
        self.errors: Counter = Counter()
        self.seconds: dict[str, list[float]] = {}
        self.delays: list[float] = []
        self.updates: Counter = Counter()


async def browse(client: Client, think: float, end: float) -> None:
    """Open pages, with pauses to read them."""
    chance = random.Random(id(client))
    await asyncio.sleep(chance.uniform(0, think))
    while time.monotonic() < end:
        await client.ask("page", chance.choice(PAGES))
        await asyncio.sleep(min(chance.expovariate(1 / think), 4 * think))


async def poll(client: Client, end: float) -> None:
    """Ask for the states of runs, as each open page does."""
    await asyncio.sleep(random.uniform(0, POLL_SECONDS))
    while time.monotonic() < end:
        await client.ask("poll", "/uploads/running")
        await asyncio.sleep(POLL_SECONDS)


async def watch(client: Client, number: int, end: float) -> None:
    """Open the training progress and count what comes, as a browser that draws at once."""
    results = client.results
    await asyncio.sleep(random.uniform(0, min(20.0, (end - time.monotonic()) / 4)))
    _, _, page = await client.ask("page", "/uploads/mnist.py/training_progress")
    address = re.search(r"xhr.open\('GET', \"([^\"]+)\"", page)[1]
    headers = {
        name: json.loads(f'"{value}"')
        for name, value in re.findall(r'xhr.setRequestHeader\("([^"]+)", "((?:[^"\\]|\\.)*)"\)', page)
    }
    try:
        plot = await _open_plot(address, headers, client.port)
        while (left := end - time.monotonic()) > 0:
            fragments = await asyncio.wait_for(_message(plot), left)
            if json.loads(fragments[0])["msgtype"] != "PATCH-DOC":
                continue
            results.updates[number] += 1
            for stamp in re.findall(r"\b17\d{8}\.\d+", fragments[2]):
                results.delays.append(time.time() - float(stamp))
            await _see(plot, fragments)
        plot.close()
    except TimeoutError:
        plot.close()
    except Exception as error:
        results.errors[f"plot: {type(error).__name__} {error}"] += 1


async def _open_plot(address: str, headers: dict, web_port: int):
    parts = urlsplit(address)
    reader, writer = await asyncio.open_connection("127.0.0.1", parts.port, limit=2**24)
    head = f"GET {parts.path}?{parts.query} HTTP/1.0\r\nHost: localhost:{parts.port}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    writer.write(head.encode() + b"\r\n")
    script = (await reader.read()).decode(errors="replace")
    writer.close()
    token = re.search(r'"token":"([^"]+)"', script)[1]
    url = f"ws://localhost:{parts.port}{parts.path.removesuffix('/autoload.js')}/ws"
    request = HTTPRequest(url, headers={"Origin": f"http://localhost:{web_port}"}, request_timeout=60)
    plot = await websocket_connect(request, subprotocols=["bokeh", token], max_message_size=2**28)
    await _message(plot)
    await _send(plot, "PULL-DOC-REQ", {})
    while json.loads((reply := await _message(plot))[0])["msgtype"] != "PULL-DOC-REPLY":
        pass
    event = {"type": "event", "name": "document_ready", "values": {"type": "map", "entries": []}}
    message = {"kind": "MessageSent", "msg_type": "bokeh_event", "msg_data": event}
    await _send(plot, "PATCH-DOC", {"events": [message]})
    # The model with which a browser says that it has drawn what came.
    found = re.search(r'\{"type":"object","name":"[^"]*Screen","id":"([^"]+)"', reply[2])
    plot.screen = found[1] if found else None
    return plot


async def _see(plot, fragments: list) -> None:
    frames = re.findall(r'"attr":"frame","new":(\d+)', fragments[2])
    if plot.screen and frames:
        event = {"kind": "ModelChanged", "model": {"id": plot.screen}, "attr": "seen", "new": int(frames[-1])}
        await _send(plot, "PATCH-DOC", {"events": [event]})


async def _send(plot, kind: str, content: dict) -> None:
    for fragment in ({"msgid": str(random.random()), "msgtype": kind}, {}, content):
        await plot.write_message(json.dumps(fragment))


async def _message(plot) -> list:
    """The parts of a message; what it has besides them, the buffers, is passed over."""
    fragments = [await _fragment(plot) for _ in range(3)]
    for _ in range(2 * json.loads(fragments[0]).get("num_buffers", 0)):
        await _fragment(plot)
    return fragments


async def _fragment(plot):
    fragment = await plot.read_message()
    if fragment is None:
        raise ConnectionError("the plot server closed the connection")
    return fragment


async def write_rows(files: list[Path], end: float) -> None:
    """Add a row to each watched file; its last column is the time at which it was written."""
    number = 200
    while time.monotonic() < end:
        for file in files:
            with file.open("ab", buffering=0) as out:
                out.write(f"{number / 100} {random.random():.3f} {random.random():.3f} {time.time():.3f}\n".encode())
        number += 1
        await asyncio.sleep(ROW_SECONDS)


def prepare(instance: Path, users: int) -> None:
    """Users with a script each that has run; all passwords share one hash, so that this does not take minutes."""
    from visualizer.app import create_app
    from visualizer.database import prepare_database
    from visualizer.extensions import db
    from visualizer.models import FileMeta, Run, Tag, User, now
    from visualizer.passwords import hash_password

    app = create_app({}, instance=instance)
    prepare_database(app)
    source = (ROOT / "examples" / "mnist.py").read_bytes()
    with app.app_context():
        password, tag = hash_password(PASSWORD), Tag(name="mnist")
        for number in range(users):
            user = User(name=f"user_{number}", name_key=f"user_{number}", password_hash=password)
            file = FileMeta(owner=user, filename="mnist.py", name_key="mnist.py", tags=[tag])
            run = Run(file=file, state="finished", started=now(), ended=now(), exit_code=0, announced=True)
            db.session.add_all([user, file, run])
            folder = instance / "user_storage" / user.name / "mnist"
            (folder / "results").mkdir(parents=True)
            (folder / "mnist.py").write_bytes(source)
            (folder / "output.txt").write_text("Epoch 1/10\n" * 200)
            rows = "".join(f"{row / 100} 0.5 1.0 0\n" for row in range(200))
            (folder / "results" / "training_progress.txt").write_text(f"# progress accuracy loss written\n{rows}")
        db.session.commit()


def start(instance: Path) -> tuple[subprocess.Popen, int]:
    """Both servers, and the port of the pages."""
    ports = [free_port(), free_port()]
    environment = {
        **os.environ, "VISUALIZER_INSTANCE": str(instance), "VISUALIZER_PORT": str(ports[0]),
        "VISUALIZER_BOKEH_PORT": str(ports[1]), "VISUALIZER_ATTEMPTS_PER_ADDRESS": "100000",
    }  # fmt: skip
    log = (instance / "server.log").open("ab")
    process = subprocess.Popen([sys.executable, "-m", "visualizer", "serve"], cwd=ROOT, env=environment,
                               stdout=log, stderr=log)  # fmt: skip
    for port in ports:
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
    return process, ports[0]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def processor(process: subprocess.Popen) -> list[float]:
    """Seconds of processor time that the web server and the plot server have taken."""
    whole = psutil.Process(process.pid)
    return [sum(one.cpu_times()[:2]) for one in (whole, *whole.children(recursive=True))]


def memory(process: subprocess.Popen) -> str:
    """Memory of the web server and of the plot server in MB."""
    whole = psutil.Process(process.pid)
    sizes = [one.memory_info().rss / 2**20 for one in (whole, *whole.children(recursive=True))]
    return " + ".join(f"{size:.0f}" for size in sizes) + " MB"


async def run(arguments, port: int, process: subprocess.Popen, instance: Path) -> Results:
    results = Results()
    clients = [Client(port, results) for _ in range(arguments.users)]
    begin = time.monotonic()
    gate = asyncio.Semaphore(8)

    async def log_in(number: int) -> None:
        async with gate:
            await clients[number].log_in(f"user_{number}")

    await asyncio.gather(*(log_in(number) for number in range(arguments.users)))
    print(f"{arguments.users} log-ins in {time.monotonic() - begin:.1f} s; memory {memory(process)}", flush=True)
    end, before = time.monotonic() + arguments.seconds, processor(process)
    watched = [
        instance / "user_storage" / f"user_{number}" / "mnist" / "results" / "training_progress.txt"
        for number in range(arguments.watchers)
    ]
    work = [browse(client, arguments.think, end) for client in clients]
    work += [poll(client, end) for client in clients]
    work += [watch(clients[number], number, end) for number in range(arguments.watchers)]
    work.append(write_rows(watched, end))

    async def look() -> None:
        await asyncio.sleep(arguments.seconds / 2)
        print(f"half time: memory {memory(process)}", flush=True)

    await asyncio.gather(*work, look())
    print(f"end: memory {memory(process)}", flush=True)
    cores = [(now - then) / arguments.seconds for now, then in zip(processor(process), before, strict=True)]
    print(f"cores busy: web server {cores[0]:.2f}, plot server {sum(cores[1:]):.2f}; load average of the machine "
          f"{os.getloadavg()[0]:.1f}", flush=True)  # fmt: skip
    return results


def report(results: Results, arguments) -> None:
    for kind, seconds in sorted(results.seconds.items()):
        if len(seconds) > 1:
            cuts = statistics.quantiles(seconds, n=100, method="inclusive")
            median, most, nearly_all, longest = (x * 1e3 for x in (cuts[49], cuts[94], cuts[98], max(seconds)))
            print(f"{kind:7} {len(seconds):6} answers: median {median:.0f} ms, 95th {most:.0f} ms, "
                  f"99th {nearly_all:.0f} ms, longest {longest:.0f} ms")  # fmt: skip
    browsing = results.seconds.get("page", []) + results.seconds.get("poll", [])
    print(f"browsing: {len(browsing) / arguments.seconds:.0f} answers a second, "
          f"95th percentile {statistics.quantiles(browsing, n=100)[94] * 1e3:.0f} ms (goal: 500)")  # fmt: skip
    if results.delays:
        delay = statistics.quantiles(results.delays, n=100)[94] * 1e3
        print(f"rows on plots: {len(results.delays)}, 95th percentile {delay:.0f} ms after they were written")
    counts = [results.updates[number] for number in range(arguments.watchers)]
    print(f"updates for each watcher: {min(counts, default=0)} to {max(counts, default=0)}")
    print(f"errors: {sum(results.errors.values())} {dict(results.errors.most_common(10)) or ''}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--users", type=int, default=200)
    parser.add_argument("--watchers", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--think", type=float, default=5.0)
    arguments = parser.parse_args()
    instance = Path(tempfile.mkdtemp(prefix="load-"))
    prepare(instance, arguments.users)
    process, port = start(instance)
    try:
        results = asyncio.run(run(arguments, port, process, instance))
        report(results, arguments)
        log = (instance / "server.log").read_text()
        print("the server's log has errors:\n" + log[-2000:] if "Traceback" in log else "the server's log has no error")
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(instance, ignore_errors=True)
    return 1 if results.errors else 0


if __name__ == "__main__":
    sys.exit(main())
