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


def end(
    members: Callable[[], list[psutil.Process]],
    stop_seconds: tuple[float, float],
    gone: Callable[[], bool],
    interrupt: bool = True,
) -> None:
    """Interrupt a tree, then terminate it, then kill it; return once none of it is left.

    Args:
        members: looks which processes there are now.
        stop_seconds: how long after the interrupt to terminate, and how long after that to kill.
        gone: whether none is left; it also reaps.
        interrupt: whether to begin with the interrupt.
    """
    steps = [(psutil.Process.terminate, stop_seconds[1])]
    if interrupt:
        steps.insert(0, (system.interrupt, stop_seconds[0]))
    for signal_to, seconds in steps:
        if _signal_all(members, signal_to, seconds, gone):
            return
    while not gone():
        _freeze(members)
        for process in members():
            _signal(process, psutil.Process.kill)
        time.sleep(_PAUSE)


def _signal_all(members: Callable, signal_to: Callable, seconds: float, gone: Callable[[], bool]) -> bool:
    """Signal each process of a tree once, also those that appear meanwhile."""
    signalled = set()
    deadline = time.monotonic() + seconds
    while not gone():
        if time.monotonic() >= deadline:
            return False
        for process in members():
            if process not in signalled:
                signalled.add(process)
                _signal(process, signal_to)
        time.sleep(_PAUSE)
    return True


def _freeze(members: Callable, rounds: int = 20) -> None:
    """Suspend a tree until none of it can fork any more; killing one by one would lose against a fork bomb."""
    frozen = set()
    for _ in range(rounds):
        new = set(members()) - frozen
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
