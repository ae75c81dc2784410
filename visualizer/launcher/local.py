"""Runs scripts on this machine, each under a supervisor that outlives the server."""
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil

from visualizer.launcher import system, tree
from visualizer.launcher.base import Order, Status
from visualizer.launcher.identity import is_alive, start_mark
from visualizer.launcher.record import Record
from visualizer.launcher.usage import Usage

_SUPERVISOR = Path(__file__).with_name("supervisor.py")
# How long a supervisor may take, in seconds, from its start to its first word in the record.
_START_SECONDS = 20
_FRESH_SECONDS = 15  # how old a measurement may be to be told
_VANISHED = (
    "The run vanished: the machine was switched off, or the script and its supervisor were ended from outside."
)
# Ours until they have ended and were reaped, whatever becomes of the launcher that started them.
_supervisors: list[subprocess.Popen] = []


class LocalLauncher:
    """Starts, polls and stops runs on this machine.

    It keeps nothing in memory: another one with the same folder, in this server or after its restart, finds
    every run again.

    Args:
        records: folder for the records of runs, which no script may see. It is made when needed.
    """

    def __init__(self, records: str | Path):
        self._records = Path(records).absolute()

    def start(self, order: Order) -> Status:
        """Start a run and return at once. Never raises: what cannot start has `failed` with a reason."""
        record = self._record(order.number)
        if _supervised(record.status()):
            return record.status()
        try:
            record.create(order)
            process = _supervise(record)
        except OSError as error:
            reason = f"The run could not be started: {error.strerror or error}."
            return Status("failed", started=time.time(), ended=time.time(), reason=reason)
        return replace(record.status(), pid=process.pid, pid_started=start_mark(process.pid))

    def poll(
        self, folder: Path, number: int, pid: int | None = None, pid_started: float | None = None
    ) -> Status:
        """Look how a run is, whichever server process started it."""
        _reap()
        record = self._record(number)
        status = record.status()
        if status is None:
            # No record: only the process itself can still say something.
            state, reason = ("running", "") if is_alive(pid, pid_started) else ("interrupted", _VANISHED)
            return Status(state, pid, pid_started, reason=reason)
        if status.pid is None and (is_alive(pid, pid_started) if pid else _is_starting(status)):
            return replace(status, pid=pid, pid_started=pid_started)
        if status.has_ended or _supervised(status):
            return status
        return self._without_supervisor(record)

    def stop(
        self,
        folder: Path,
        number: int,
        pid: int | None = None,
        pid_started: float | None = None,
        gently: bool = False,
    ) -> None:
        """Ask for the end of a run and all its processes. `poll` tells when none is left."""
        record = self._record(number)
        if record.status() is not None:
            if gently:
                record.ask_gentle_stop()
            else:
                record.ask_stop()
            self.poll(folder, number, pid, pid_started)
        elif is_alive(pid, pid_started):
            with suppress(psutil.Error):
                psutil.Process(pid).terminate()

    def knows(self, number: int) -> bool:
        """Whether something is kept about a run."""
        return self._record(number).exists()

    def usage(self, number: int) -> Usage | None:
        """What a run takes, a few seconds old at most; None where nobody knows."""
        usage = self._record(number).usage()
        return usage if usage and time.time() - usage.when < _FRESH_SECONDS else None

    def forget(self, number: int) -> None:
        """Throw away what is kept about a run that has ended."""
        self._record(number).remove()

    def _record(self, number: int) -> Record:
        return Record(self._records / str(int(number)))

    def _without_supervisor(self, record: Record) -> Status:
        """The status of a run whose supervisor is gone: it may have ended since we looked, or been killed."""
        status = record.status()
        if status is None or status.has_ended or _supervised(status):
            return status or Status("interrupted", reason=_VANISHED)
        if status.pid is not None and tree.marked(record.token(), record.script()):
            with suppress(OSError):
                _supervise(record)
            return status
        state, reason = ("stopped", "") if record.stop_asked() else ("interrupted", _VANISHED)
        ended = replace(status, state=state, reason=reason, ended=time.time())
        with suppress(OSError):
            record.write(ended)
        return ended


def _supervised(status: Status | None) -> bool:
    return status is not None and not status.has_ended and is_alive(status.pid, status.pid_started)


def _is_starting(status: Status) -> bool:
    return time.time() - status.started < _START_SECONDS


def _supervise(record: Record) -> subprocess.Popen:
    """Start a supervisor for a record; should there be one already, it ends at once."""
    _reap()
    with (record.folder / "supervisor.log").open("ab") as log:
        process = subprocess.Popen(
            # Without -P this folder would come first where modules are looked for, before the library's.
            [sys.executable, "-P", str(_SUPERVISOR), str(record.folder)],
            cwd=record.folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            **system.detached,
        )
    _supervisors.append(process)
    return process


def _reap() -> None:
    for process in list(_supervisors):
        if process.poll() is not None:
            with suppress(ValueError):
                _supervisors.remove(process)
