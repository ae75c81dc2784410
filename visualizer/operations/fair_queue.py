"""Who is next: in order, fair between users. Knows neither the database nor the clock."""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count


@dataclass(frozen=True)
class Rules:
    """How much runs at the same time; 0 is as much as there is.

    Attributes:
        runs: on the machine.
        runs_per_user: of one user.
        gpus: the identities of all graphics processors.
        gpus_per_user: that one user's runs have together.
    """

    runs: int = 0
    runs_per_user: int = 0
    gpus: tuple[str, ...] = ()
    gpus_per_user: int = 0


@dataclass(frozen=True)
class Waiting:
    """A run that waits; runs that came later have higher numbers."""

    number: int
    user: int
    gpu_count: int = 0


@dataclass(frozen=True)
class Running:
    """A run that runs, with the graphics processors that it has."""

    user: int
    gpus: tuple[str, ...] = ()


@dataclass(frozen=True)
class Turn:
    """What comes of a waiting run.

    Attributes:
        number: of the run.
        place: 1 for the next one to start.
        why: the limit for which it waits, as a sentence; empty where it can start now.
        gpus: what it gets where it can start now.
    """

    number: int
    place: int
    why: str = ""
    gpus: tuple[str, ...] = ()


def plan(
    waiting: Iterable[Waiting], running: Iterable[Running], last_starts: dict[int, float], rules: Rules
) -> list[Turn]:
    """The turns of all waiting runs, the next one first.

    Next is the user with the fewest runs; between equals, the one whose last run was started the longest ago. A
    user's own runs keep their order. What waits for graphics processors has those that are free kept for it, so
    that runs which need fewer never starve it; what needs none may pass.

    Args:
        waiting: all runs that wait.
        running: all runs that run.
        last_starts: when each user's last run was started, in any unit; users who never ran are missing.
        rules: the limits.
    """
    room = _Room(list(running), rules)
    queues: dict[int, deque[Waiting]] = {}
    for run in sorted(waiting, key=lambda run: run.number):
        queues.setdefault(run.user, deque()).append(run)
    served = {user: (0, start) for user, start in last_starts.items()}
    runs, ticks, turns = Counter(room.runs), count(1), []
    while queues:
        user = min(queues, key=lambda user: (runs[user], served.get(user, (0, float("-inf"))), queues[user][0].number))
        run = queues[user].popleft()
        if not queues[user]:
            del queues[user]
        runs[user] += 1
        served[user] = (1, next(ticks))
        why, gpus = room.take(run)
        turns.append(Turn(run.number, len(turns) + 1, why, gpus))
    return turns


class _Room:
    """What is left of the machine."""

    def __init__(self, running: list[Running], rules: Rules):
        self._rules = rules
        self.runs = Counter(run.user for run in running)
        taken = {gpu for run in running for gpu in run.gpus}
        self._free = [gpu for gpu in rules.gpus if gpu not in taken]
        self._gpus = Counter()
        for run in running:
            self._gpus[run.user] += len(run.gpus)
        self._kept = False

    def take(self, run: Waiting) -> tuple[str, tuple[str, ...]]:
        """Why the run cannot have room yet, or what it gets."""
        if why := self._why(run):
            return why, ()
        gpus, self._free = tuple(self._free[: run.gpu_count]), self._free[run.gpu_count :]
        self.runs[run.user] += 1
        self._gpus[run.user] += len(gpus)
        return "", gpus

    def _why(self, run: Waiting) -> str:
        rules = self._rules
        if rules.runs_per_user and self.runs[run.user] >= rules.runs_per_user:
            return f"Limit on runs per user: {rules.runs_per_user} at the same time."
        if run.gpu_count and rules.gpus_per_user and self._gpus[run.user] + run.gpu_count > rules.gpus_per_user:
            return f"Limit on GPUs per user: {rules.gpus_per_user} at the same time."
        if rules.runs and self.runs.total() >= rules.runs:
            return f"Limit on runs on this machine: {rules.runs} at the same time."
        if run.gpu_count and self._kept:
            return "GPUs: those that are free are kept for a run that comes before."
        if run.gpu_count > len(self._free):
            self._kept = True
            return f"GPUs: it asks for {run.gpu_count}, and {len(self._free)} of {len(rules.gpus)} are free."
        return ""
