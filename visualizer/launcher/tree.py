"""All processes of a run: found, and ended step by step."""
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

import psutil

from visualizer.launcher import system
from visualizer.launcher.identity import start_mark

TOKEN_NAME = "TRAINING_RUN"
_PAUSE = 0.05  # seconds between two looks at a tree that is being ended


def descendants() -> list[psutil.Process]:
    """What lives below this process."""
    with suppress(psutil.Error):
        return _living(psutil.Process().children(recursive=True))
    return []


def marked(token: str, script: tuple[int, float] | None) -> list[psutil.Process]:
    """The processes of a run whose supervisor is gone, with their descendants.

    They have the run's token in their environment, which only the run's own processes know, or are in the
    script's session. Nothing that a script wrote into a file is believed.

    Args:
        token: the run's token.
        script: pid and start mark of the script, which leads a session of its own.
    """
    found = {}
    for process in psutil.process_iter():
        if _has_token(process, token) or (script and _is_in_session(process, *script)):
            found[process.pid] = process
    for process in list(found.values()):
        with suppress(psutil.Error):
            found.update({child.pid: child for child in process.children(recursive=True)})
    found.pop(psutil.Process().pid, None)
    return _living(found.values())


class Tree:
    """The processes of one run, to be ended.

    Args:
        members: looks which processes there are now.
        gone: whether none is left; it also reaps.
        keepers: the processes of the sandbox around the script, the one first whose end ends all others.
            They are only killed: interrupted, they would lose the script's exit code.
        hurry: whether to kill although the tree still has time.
    """

    def __init__(
        self,
        members: Callable[[], list[psutil.Process]],
        gone: Callable[[], bool],
        keepers: Callable[[], list[psutil.Process]] = list,
        hurry: Callable[[], bool] = lambda: False,
    ):
        self.members, self.gone, self._keepers, self._hurry = members, gone, keepers, hurry

    def end(self, stop_seconds: tuple[float, float], interrupt: bool = True) -> None:
        """Interrupt the tree, then terminate it, then kill it; return once none of it is left.

        Args:
            stop_seconds: how long after the interrupt to terminate, and how long after that to kill.
            interrupt: whether to begin with the interrupt.
        """
        steps = [(psutil.Process.terminate, stop_seconds[1])]
        if interrupt:
            steps.insert(0, (system.interrupt, stop_seconds[0]))
        if any(self._signal_all(signal_to, seconds) for signal_to, seconds in steps):
            return
        self.kill()

    def kill(self) -> None:
        """Kill the tree; return once none of it is left."""
        while not self.gone():
            for process in self._keepers():
                _signal(process, psutil.Process.kill)
            self._freeze()
            for process in self.members():
                _signal(process, psutil.Process.kill)
            time.sleep(_PAUSE)

    def _signal_all(self, signal_to: Callable, seconds: float) -> bool:
        """Signal each process once, also those that appear meanwhile. Returns whether all are gone."""
        signalled = set()
        deadline = time.monotonic() + seconds
        while not self.gone():
            if time.monotonic() >= deadline or self._hurry():
                return False
            for process in set(self.members()) - signalled - set(self._keepers()):
                signalled.add(process)
                _signal(process, signal_to)
            time.sleep(_PAUSE)
        return True

    def _freeze(self, rounds: int = 20) -> None:
        """Suspend the tree until none of it can fork; killing one by one would lose against a fork bomb."""
        frozen = set()
        for _ in range(rounds):
            new = set(self.members()) - frozen
            if not new:
                return
            for process in new:
                _signal(process, psutil.Process.suspend)
            frozen |= new


def _signal(process: psutil.Process, signal_to: Callable) -> None:
    """Signal a process that is still the same one (psutil looks at its start) and runs as our user."""
    with suppress(psutil.Error, OSError):
        if _is_ours(process):
            signal_to(process)


def _is_ours(process: psutil.Process) -> bool:
    return process.username() == psutil.Process().username()


def _living(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    living = []
    for process in processes:
        with suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE:
                living.append(process)
    return living


def _has_token(process: psutil.Process, token: str) -> bool:
    with suppress(psutil.Error, OSError):
        return process.environ().get(TOKEN_NAME) == token
    return False


def _is_in_session(process: psutil.Process, pid: int, mark: float) -> bool:
    """Whether it is in the session that the script led; the pid may lead another one since."""
    if system.session(process.pid) != pid:
        return False
    return start_mark(pid) in (mark, None)
