"""What is kept about a run, in a folder that scripts have no business in.

A script can write its own folder, so nothing there is trusted: pids, states and requests to stop lie here, and
`run.json` in the script's folder is only a copy for readers.
"""
import json
import os
import secrets
import shutil
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

from visualizer.launcher import system
from visualizer.launcher.base import Order, Status
from visualizer.launcher.limits import Limits
from visualizer.launcher.sandbox import Sandbox
from visualizer.launcher.usage import Usage

# Room that is taken when a run starts, so that its end can be written on a full disk.
_RESERVED_BYTES = 4096


class Record:
    """The kept state of one run.

    Args:
        folder: its own folder, made readable for the owner of the server alone.
    """

    def __init__(self, folder: Path):
        self.folder = Path(folder)
        self._order_file = self.folder / "order.json"
        self._status_file = self.folder / "status.json"
        self._reserve = self.folder / "reserve"
        self._no_stop = self.folder / "stop.not_asked"
        self._stop = self.folder / "stop"
        self._usage_file = self.folder / "usage.json"
        self._gentle_stop = self.folder / "stop.gently"

    def create(self, order: Order) -> None:
        """Begin a new record; what lay there belonged to a run that is gone.

        Raises:
            OSError: if it cannot be written.
        """
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.mkdir(mode=0o700)
        content = {**asdict(order), "folder": str(order.folder), "token": secrets.token_hex(16)}
        self._order_file.write_text(json.dumps(content, indent=1))
        self._no_stop.touch()
        self.write(Status("running", started=time.time()))

    def order(self) -> Order | None:
        """What was ordered; None if that is not kept."""
        content = self._read(self._order_file)
        try:
            content.pop("token")
            content = _tuples(content)
            content["folder"] = Path(content["folder"])
            content["limits"] = Limits(**_tuples(content["limits"]))
            content["sandbox"] = content["sandbox"] and Sandbox(**_tuples(content["sandbox"]))
            return Order(**content)
        except (KeyError, TypeError):
            return None

    def token(self) -> str | None:
        """The random word in the environment of the run's processes, by which they are found again."""
        return self._read(self._order_file).get("token")

    def status(self) -> Status | None:
        """What was last written; None if nothing that can be read."""
        content = self._read(self._status_file)
        content.pop("script", None)
        try:
            return Status(**content)
        except TypeError:
            return None

    def script(self) -> tuple[int, float] | None:
        """Pid and start mark of the script's process, once it was started."""
        script = self._read(self._status_file).get("script")
        return tuple(script) if script else None

    def write(self, status: Status, script: tuple[int, float] | None = None) -> None:
        """Replace the status, whole or not at all, and wait until the disk has it."""
        content = json.dumps({**asdict(status), "script": script}).encode().ljust(_RESERVED_BYTES)
        # The reserve is overwritten in place: its blocks are there however full the disk is.
        with self._reserve.open("r+b" if self._reserve.exists() else "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(self._reserve, self._status_file)
        if not status.has_ended:
            self._reserve.write_bytes(b" " * _RESERVED_BYTES)
        system.sync_folder(self.folder)

    def write_usage(self, usage: Usage) -> None:
        """Tell what the run takes; on a full disk it is not told."""
        temporary = self.folder / "usage.tmp"
        with suppress(OSError):
            temporary.write_text(json.dumps(asdict(usage)))
            os.replace(temporary, self._usage_file)

    def usage(self) -> Usage | None:
        """What the run takes, as last told."""
        try:
            return Usage(**self._read(self._usage_file))
        except TypeError:
            return None

    def exists(self) -> bool:
        return self._order_file.exists()

    def ask_stop(self) -> None:
        """Leave a request to stop, which outlives whoever asks."""
        try:
            os.replace(self._no_stop, self._stop)  # a new name needs no room on a full disk
        except FileNotFoundError:
            with suppress(OSError):
                self._stop.touch()

    def ask_gentle_stop(self) -> None:
        """Leave a request to stop at the end of an epoch."""
        try:
            self._gentle_stop.touch()
        except OSError:
            self.ask_stop()

    def stop_asked(self) -> bool:
        return self._stop.exists()

    def gentle_stop_asked(self) -> bool:
        return self._gentle_stop.exists()

    @contextmanager
    def lock(self):
        """Hold the record as its one supervisor.

        Raises:
            BlockingIOError: if another one does.
        """
        with (self.folder / "lock").open("ab") as file:
            system.lock(file)
            yield

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    @staticmethod
    def _read(path: Path) -> dict:
        try:
            content = json.loads(path.read_bytes())
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}


def _tuples(content: dict) -> dict:
    """JSON has no tuples; orders have no lists."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in content.items()}


def publish(folder: int | Path, status: Status) -> None:
    """Copy a status to `run.json` in a script's folder, as far as the script lets us.

    Args:
        folder: the folder, held open where the system can: its path may lead elsewhere by now.
    """
    content = json.dumps(asdict(status), indent=1).encode()
    with suppress(OSError):
        system.replace_in(folder, "run.json", content)
