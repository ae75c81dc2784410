"""Stands over one run: starts its script, waits for it, ends all its processes, and writes down how it ended.

It is run by its path, in a session of its own, with the folder of the run's record as only argument. When the
record tells that an earlier supervisor of the run was killed, it takes over what that one left.
"""
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import psutil

sys.path.append(str(Path(__file__).resolve().parents[2]))

from visualizer.launcher import gentle, system, tree  # noqa: E402
from visualizer.launcher.base import Order, Status  # noqa: E402
from visualizer.launcher.exit_reason import explain_exit  # noqa: E402
from visualizer.launcher.identity import start_mark  # noqa: E402
from visualizer.launcher.limits import Exceeded, Watch  # noqa: E402
from visualizer.launcher.record import Record, publish  # noqa: E402
from visualizer.launcher.sandbox import shut_in  # noqa: E402
from visualizer.launcher.usage import Meter  # noqa: E402

_PAUSE = 0.1  # seconds between two looks at the script and at requests to stop
_METER_PAUSE = 2.0  # seconds between two measurements of what the run takes
_LOST = "What it ended with is not known, because its supervisor was ended from outside."


class Supervisor:
    """Follows one run to its end."""

    def __init__(self, record: Record, order: Order):
        self._record = record
        self._order = order
        self._script: subprocess.Popen | None = None
        self._identity: tuple[int, float] | None = None
        self._folder: int | Path | None = None
        self._output: BinaryIO | None = None
        self._meter, self._next_measure = Meter(), 0.0
        self._terminated = self._gentle = False
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
        return self._follow(tree.descendants, lambda: not system.children_left(self._script))

    def take_over(self) -> None:
        """Follow what an earlier supervisor, killed since, has left."""
        token, self._identity = self._record.token(), self._record.script()
        with suppress(OSError):
            self._folder = system.open_folder(self._order.folder)
            self._output = system.open_output(self._folder, "output.txt")
        self._write(self._status)

        def members():
            return tree.marked(token, self._identity)

        # Processes come and go between two looks: one that is empty could have missed a fork.
        self._follow(members, lambda: not (members() or members()), 5 * _PAUSE)

    def _start(self) -> None:
        order = self._order
        self._folder = system.open_folder(order.folder)
        self._output = system.open_output(self._folder, "output.txt")
        gentle.clear(self._folder)
        command, inherited = [order.python, order.script, *order.arguments], ()
        token = {tree.TOKEN_NAME: self._record.token()}
        environment = {**order.environment, **token}
        if order.sandbox:
            shut = shut_in(order.sandbox, order.folder, command, environment, order.limits.processes)
            command, environment, inherited = shut.command, {**shut.environment, **token}, shut.inherited
        self._script = subprocess.Popen(
            command,
            cwd=order.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            pass_fds=inherited,
            **system.own_group,
        )
        for descriptor in inherited:
            os.close(descriptor)
        self._identity = (self._script.pid, start_mark(self._script.pid) or 0.0)

    def _follow(self, members: Callable, gone: Callable[[], bool], pause: float = _PAUSE) -> None:
        watch = Watch(self._order.limits, time.time() - self._status.started, members, self._output_size)
        # A tree that is being stopped does not get the time to fill the disk.
        run = tree.Tree(members, gone, self._keepers, lambda: _in_a_hurry(watch))
        while not (self._script.poll() is not None if self._script else gone()):
            if end := self._asked_to_end() or watch.exceeded():
                if end.at_once:
                    run.kill()
                else:
                    run.end(self._order.stop_seconds)
                return self._finish(self._end(end.state, end.reason))
            self._measure(members)
            time.sleep(pause)
        left_behind = len(members())
        run.end(self._order.stop_seconds, interrupt=False)
        state, reason = explain_exit(self._exit_code()) if self._script else ("interrupted", _LOST)
        if self._gentle and state != "failed":
            state, reason = "stopped", gentle.STOPPED
        if left_behind and not self._order.sandbox:  # which ends them itself, maybe while we look
            reason = f"{reason} Processes that it left behind were ended: {left_behind}.".strip()
        return self._finish(self._end(state, reason))

    def _asked_to_end(self) -> Exceeded | None:
        if self._record.stop_asked():
            return Exceeded("stopped", "", at_once=False)
        if self._record.gentle_stop_asked() and not self._gentle:
            self._gentle = gentle.request(self._folder)
            if not self._gentle:
                return Exceeded("stopped", "", at_once=False)
        if self._terminated:
            return Exceeded("interrupted", "It was ended when the machine went down.", at_once=False)
        return None

    def _measure(self, members: Callable) -> None:
        if time.monotonic() >= self._next_measure:
            self._next_measure = time.monotonic() + _METER_PAUSE
            self._record.write_usage(self._meter.measure(members()))

    def _keepers(self) -> list[psutil.Process]:
        """The sandbox's two processes, the inner one first: with it ends all that is inside."""
        if not self._order.sandbox or self._identity is None or start_mark(self._identity[0]) != self._identity[1]:
            return []
        with suppress(psutil.Error):
            outer = psutil.Process(self._identity[0])
            return [*outer.children(), outer]
        return []

    def _output_size(self) -> int:
        """Also of an output that the script has unlinked."""
        return os.fstat(self._output.fileno()).st_size if self._output else 0

    def _exit_code(self) -> int | None:
        """In a sandbox a signal's number arrives as shells tell it, above 128."""
        code = self._script.returncode if self._script else None
        return 128 - code if self._order.sandbox and code is not None and 128 < code < 160 else code

    def _end(self, state: str, reason: str) -> Status:
        return replace(self._status, state=state, reason=reason, exit_code=self._exit_code())

    def _finish(self, status: Status) -> None:
        self._write(replace(status, ended=time.time()))

    def _write(self, status: Status) -> None:
        if self._folder is not None:
            publish(self._folder, status)
        self._record.write(status, self._identity)

    def _on_terminate(self) -> None:
        self._terminated = True


def _in_a_hurry(watch: Watch) -> bool:
    end = watch.exceeded()
    return end is not None and end.at_once


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
