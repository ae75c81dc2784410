"""Stands over one run: starts its script, waits for it, ends all its processes, and writes down how it ended.

It is run by its path, in a session of its own, with the folder of the run's record as only argument. When the
record tells that an earlier supervisor of the run was killed, it takes over what that one left.
"""
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2]))

from visualizer.launcher import system, tree  # noqa: E402
from visualizer.launcher.base import Order, Status  # noqa: E402
from visualizer.launcher.exit_reason import explain_exit  # noqa: E402
from visualizer.launcher.identity import start_mark  # noqa: E402
from visualizer.launcher.record import Record, publish  # noqa: E402

_PAUSE = 0.1  # seconds between two looks at the script and at requests to stop
_LOST = "What it ended with is not known, because its supervisor was ended from outside."


class Supervisor:
    """Follows one run to its end."""

    def __init__(self, record: Record, order: Order):
        self._record = record
        self._order = order
        self._script: subprocess.Popen | None = None
        self._identity: tuple[int, float] | None = None
        self._folder: int | Path | None = None
        self._terminated = False
        self._status = replace(
            record.status() or Status("running"), pid=os.getpid(), pid_started=start_mark(os.getpid())
        )
        system.handle_signals(self._on_terminate)

    def run(self) -> None:
        """Start the script and follow it."""
        self._status = replace(self._status, started=time.time())
        # Before the script starts: who takes over must know that it did, even if it kills us at once.
        self._record.write(self._status)
        try:
            self._start()
        except OSError as error:
            reason = f"The script could not be started: {_name(error)}."
            return self._finish(replace(self._status, state="failed", reason=reason))
        self._write(self._status)
        self._members, self._gone = tree.descendants, lambda: not system.children_left(self._script)
        return self._follow(lambda: self._script.poll() is not None)

    def take_over(self) -> None:
        """Follow what an earlier supervisor, killed since, has left."""
        token, self._identity = self._record.token(), self._record.script()
        try:
            self._folder = system.open_folder(self._order.folder)
        except OSError:
            self._folder = None
        self._write(self._status)
        self._members = lambda: tree.marked(token, self._identity)
        # Processes come and go between two looks: one that is empty could have missed a fork.
        self._gone = lambda: not (self._members() or self._members())
        return self._follow(self._gone, pause=5 * _PAUSE)

    def _start(self) -> None:
        order = self._order
        self._folder = system.open_folder(order.folder)
        with system.open_output(self._folder, "output.txt") as output:
            self._script = subprocess.Popen(
                [order.python, order.script, *order.arguments],
                cwd=order.folder,
                env={**order.environment, tree.TOKEN_NAME: self._record.token()},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                **system.own_group,
            )
        self._identity = (self._script.pid, start_mark(self._script.pid) or 0.0)

    def _follow(self, has_ended, pause: float = _PAUSE) -> None:
        while not has_ended():
            if self._record.stop_asked():
                tree.end(self._members, self._order.stop_seconds, self._gone)
                return self._finish(self._end("stopped", "It was stopped."))
            if self._terminated:
                tree.end(self._members, self._order.stop_seconds, self._gone)
                return self._finish(self._end("interrupted", "It was ended when the machine went down."))
            time.sleep(pause)
        left_behind = len(self._members())
        tree.end(self._members, self._order.stop_seconds, self._gone, interrupt=False)
        state, reason = explain_exit(self._script.returncode) if self._script else ("interrupted", _LOST)
        if left_behind:
            reason = f"{reason} Processes that it left behind were ended: {left_behind}.".strip()
        return self._finish(self._end(state, reason))

    def _end(self, state: str, reason: str) -> Status:
        exit_code = self._script.returncode if self._script else None
        return replace(self._status, state=state, reason=reason, exit_code=exit_code)

    def _finish(self, status: Status) -> None:
        self._write(replace(status, ended=time.time()))

    def _write(self, status: Status) -> None:
        self._record.write(status, self._identity)
        if self._folder is not None:
            publish(self._folder, status)

    def _on_terminate(self) -> None:
        self._terminated = True


def _name(error: OSError) -> str:
    """What went wrong, without the path of the user storage."""
    return error.strerror or str(error)


def main() -> None:
    record = Record(Path(sys.argv[1]))
    try:
        with record.lock():
            status, order = record.status(), record.order()
            if status is None or order is None or status.has_ended:
                return
            supervisor = Supervisor(record, order)
            if status.pid is None:
                supervisor.run()
            else:
                supervisor.take_over()
    except BlockingIOError:
        return


if __name__ == "__main__":
    main()
