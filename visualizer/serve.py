"""Starts the web server and the Bokeh server, and ends both."""
import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask

from visualizer.operations import messages, runs
from visualizer.operations.orders import why_not_isolated
from visualizer.security import bokeh_key
from visualizer.web_server import make_web_server, openness

_RESTART_PAUSE = 1.0  # seconds before the Bokeh server is started again after it ended by itself
_CARE_PAUSE = 1.0  # seconds between two looks at all runs, and at the messages to send
_PR_SET_PDEATHSIG = 1


def serve(app: Flask, flask: bool = True, bokeh: bool = True) -> None:
    """Serve until Ctrl-C or SIGTERM. Running scripts go on.

    Args:
        app: the application.
        flask: whether to start the web server.
        bokeh: whether to start the Bokeh server.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    bokeh_server = BokehServer(app) if bokeh else None
    try:
        if flask:
            _serve_pages(app)
        else:
            bokeh_server.join()
    except KeyboardInterrupt:
        pass  # the wish to end; waitress takes it by itself while it serves
    finally:
        print("The servers end. Running scripts go on.", flush=True)
        if bokeh_server:
            bokeh_server.end()


def _end(_number, _frame) -> None:
    raise KeyboardInterrupt


def _serve_pages(app: Flask) -> None:
    config = app.config
    server = make_web_server(app)
    # States of runs stay true while nobody looks, and what waits is started.
    _repeat(app, runs.schedule, "looking after the runs")
    # Apart from that, because mail servers can be slow.
    _repeat(app, messages.send_due, "sending messages")
    with app.app_context():
        if problem := why_not_isolated():
            print(f"{problem} Each script can do what this server can do; see docs/security.md.", flush=True)
    print(f"Training Visualizer: http://{_shown_host(config['HOST'])}:{config['PORT']}", flush=True)
    for sentence in openness(config):
        print(sentence, flush=True)
    try:
        server.run()
    finally:
        server.close()


def _repeat(app: Flask, work: Callable[[], object], what: str) -> None:
    """Do something once a second in a thread of its own, whatever goes wrong."""

    def forever() -> None:
        while True:
            try:
                with app.app_context():
                    work()
            except Exception:
                app.logger.exception("%s failed; it is tried again", what)
            time.sleep(_CARE_PAUSE)

    threading.Thread(target=forever, daemon=True).start()


def _shown_host(host: str) -> str:
    return socket.gethostname() if host in ("0.0.0.0", "::") else host


class BokehServer:
    """The Bokeh server as a child process, started again when it ends by itself."""

    def __init__(self, app: Flask):
        self._config = app.config
        self._ending = False
        self._process = self._start()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def join(self) -> None:
        while self._thread.is_alive():
            self._thread.join(0.5)

    def end(self) -> None:
        """End it and wait until it is gone."""
        self._ending = True
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def _start(self) -> subprocess.Popen:
        command = [sys.executable, "-m", "custom_bokeh", "--storage", self._config["USER_STORAGE"]]
        address = self._config["BOKEH_HOST"] or self._config["HOST"]
        command += ["--address", address, "--port", str(self._config["BOKEH_PORT"])]
        if prefix := urlsplit(self._config["BOKEH_URL"]).path.rstrip("/"):
            command += ["--prefix", prefix]
        for origin in self._origins():
            command += ["--origin", origin]
        root = Path(__file__).resolve().parents[1]
        environment = {**os.environ, "VISUALIZER_BOKEH_KEY": bokeh_key(self._config["SECRET_KEY"])}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(root), os.environ.get("PYTHONPATH"))))
        # A group of its own: Ctrl-C in the terminal reaches this process alone, which ends the other in order.
        return subprocess.Popen(
            command,
            env=environment,
            start_new_session=True,
            preexec_fn=_end_with_parent if sys.platform == "linux" else None,
        )

    def _origins(self) -> list[str]:
        """Hosts of the pages that may open a connection, with the port under which browsers see the pages."""
        hosts = {"localhost", "127.0.0.1", self._config["HOST"]}
        public = {host for host in self._config["PUBLIC_HOSTS"].split() if ":" in host}
        for host in set(self._config["PUBLIC_HOSTS"].split()) - public:
            hosts.add(host)
            if self._config["PROXIES"]:
                public.add(f"{host}:80")  # so Bokeh reads an address without a port, also with https
        if self._config["HOST"] not in ("127.0.0.1", "localhost", "::1"):
            name = socket.gethostname()
            hosts |= {name, socket.getfqdn(), *_own_addresses(name)}
        # Bokeh takes no IPv6 address as an origin; a host name does for those.
        return sorted(public | {f"{host}:{self._config['PORT']}" for host in hosts if host and ":" not in host})

    def _watch(self) -> None:
        while not self._ending:
            self._process.wait()
            if not self._ending:
                time.sleep(_RESTART_PAUSE)
                if not self._ending:
                    self._process = self._start()


def _own_addresses(name: str) -> set[str]:
    try:
        return {info[4][0] for info in socket.getaddrinfo(name, None, socket.AF_INET)}
    except OSError:
        return set()


def _end_with_parent() -> None:
    """Let the kernel end the Bokeh server when this process is killed, so that its port is free again."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
