"""What every launcher takes and gives, so that another one (a cluster's) can stand beside the local one."""
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from visualizer.launcher.limits import Limits
from visualizer.launcher.sandbox import Sandbox
from visualizer.launcher.usage import Usage

ENDED_STATES = ("finished", "failed", "stopped", "interrupted")


@dataclass(frozen=True)
class Order:
    """What to run.

    Attributes:
        number: the run's number in the database.
        folder: the script's folder; `output.txt` and `run.json` lie in it. Output is appended: who wants
            a fresh file removes the old one first.
        script: file name of the script in the folder.
        python: the configured Python.
        environment: the whole environment of the script, see `environment.py`.
        arguments: what follows the script's name on its command line.
        stop_seconds: how long an interrupted tree gets until it is terminated, and then until it is killed.
        limits: what it may take at most.
        sandbox: what it may see; None where it is not shut in.
    """

    number: int
    folder: Path
    script: str
    python: str
    environment: dict[str, str] = field(repr=False)
    arguments: tuple[str, ...] = ()
    stop_seconds: tuple[float, float] = (10.0, 5.0)
    limits: Limits = Limits()
    sandbox: Sandbox | None = None


@dataclass(frozen=True)
class Status:
    """What reality says about a run.

    Attributes:
        state: running, finished, failed (it ended badly by itself), stopped (asked for) or interrupted
            (it vanished, or was ended from outside).
        pid: the supervisor's process.
        pid_started: tells this process from a later one with the same pid; see `identity.start_mark`.
        exit_code: of the script; minus the signal's number where a signal ended it; None if not known.
        started: seconds since the epoch.
        ended: seconds since the epoch; None while it runs.
        reason: a sentence for the user about how it ended; empty where there is nothing to say.
    """

    state: str
    pid: int | None = None
    pid_started: float | None = None
    exit_code: int | None = None
    started: float | None = None
    ended: float | None = None
    reason: str = ""

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED_STATES


class Launcher(Protocol):
    """Starts, polls and stops runs. `pid` and `pid_started` are what the last `Status` said."""

    def start(self, order: Order) -> Status:
        """Start a run and return at once. Never raises: what cannot start has `failed` with a reason."""

    def poll(self, folder: Path, number: int, pid: int | None, pid_started: float | None) -> Status:
        """Look how a run is, whichever server process started it."""

    def stop(
        self, folder: Path, number: int, pid: int | None, pid_started: float | None, gently: bool = False
    ) -> None:
        """Ask for the end of a run and all its processes. `poll` tells when none is left.

        Args:
            gently: let the epoch end and the network be saved first, where the script uses our callbacks;
                asking again without it stops at once.
        """

    def knows(self, number: int) -> bool:
        """Whether something is kept about a run of this number."""

    def usage(self, number: int) -> Usage | None:
        """What a run takes, a few seconds old at most; None where nobody knows."""

    def forget(self, number: int) -> None:
        """Throw away what is kept about a run that has ended."""
