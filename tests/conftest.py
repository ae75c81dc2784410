"""What tests of several packages share: a running pair of servers and a real browser."""
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
CHROMIUM_ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@dataclass
class Servers:
    """Both servers of one instance, started by the command of the README."""

    instance: Path
    port: int
    bokeh_port: int
    process: subprocess.Popen | None = None
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def start(self) -> None:
        environment = {
            **os.environ,
            "VISUALIZER_INSTANCE": str(self.instance),
            "VISUALIZER_PORT": str(self.port),
            "VISUALIZER_BOKEH_PORT": str(self.bokeh_port),
            "VISUALIZER_INTERRUPT_SECONDS": "1.0",
            "VISUALIZER_TERMINATE_SECONDS": "1.0",
            "VISUALIZER_POLL_SECONDS": "0.5",
            "VISUALIZER_REGISTRATIONS_PER_ADDRESS": "100000",
            **self.settings,
            "VISUALIZER_WEB_HOOK_HOSTS": "127.0.0.1",
            # What other tests left running is in nobody's way.
            "VISUALIZER_MAX_RUNS": "50",
        }
        with (self.instance / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "visualizer", "serve"], cwd=ROOT, env=environment, stdout=log, stderr=log
            )
        for port in (self.port, self.bokeh_port):
            self._wait_for(port)

    def _wait_for(self, port: int) -> None:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                with socket.create_connection(("127.0.0.1", port), 1):
                    return
            except OSError:
                assert self.process.poll() is None, (self.instance / "server.log").read_text()
                time.sleep(0.1)
        raise AssertionError(f"nothing listens on {port}: {(self.instance / 'server.log').read_text()}")

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(20)

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return answer.read()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def servers(tmp_path_factory):
    """Both servers with an empty instance."""
    running = Servers(tmp_path_factory.mktemp("instance"), free_port(), free_port())
    running.start()
    yield running
    running.end()


@pytest.fixture(scope="session")
def browser():
    """A real browser, without a window."""
    if CHROMIUM is None:
        pytest.skip("Browser tests need Chromium: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        yield chromium
        chromium.close()
