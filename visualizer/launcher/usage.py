"""What a run takes at the moment."""
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock

import psutil

from visualizer.launcher.limits import memory_use

_LARGE = 50_000_000  # bytes
_LEAST_SECONDS = 1.0  # of all cores together, over which to measure


@dataclass(frozen=True)
class Usage:
    """What all processes of a run take together.

    Attributes:
        cores: how many processor cores it kept busy since the last look.
        memory_bytes: what they share counts once.
        processes: how many there are.
        when: seconds since the epoch.
    """

    cores: float
    memory_bytes: int
    processes: int
    when: float


class Meter:
    """Measures a run again and again; the first time gives no cores."""

    def __init__(self):
        self._seconds: float | None = None
        self._measured = 0.0

    def measure(self, processes: Iterable[psutil.Process]) -> Usage:
        """What these processes take now."""
        processes, now = list(processes), time.monotonic()
        seconds = sum(_processor_seconds(process) for process in processes)
        # Where a process went and its parent did not take note of its time, the sum goes back.
        cores = 0.0 if self._seconds is None else max(0.0, seconds - self._seconds) / max(now - self._measured, 0.01)
        self._seconds, self._measured = seconds, now
        # What is shared counts once: exactly, which is slow, only where there is much that could be shared.
        memory = memory_use(processes, exact=sum(memory_use([process]) > _LARGE for process in processes) > 1)
        return Usage(round(cores, 2), memory, len(processes), time.time())


class Processor:
    """How busy the whole machine's processor is; psutil's own measure would begin anew in each thread."""

    def __init__(self):
        self._lock = Lock()
        self._idle = self._all = 0.0
        self._busy = 0.0

    def busy(self) -> float:
        """Share in 0..1 since the last look, or since the machine's start at the first one."""
        with self._lock:
            times = psutil.cpu_times()
            # What guests take is counted among the rest already.
            whole = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
            idle = times.idle + getattr(times, "iowait", 0.0)
            if whole - self._all > _LEAST_SECONDS:
                self._busy = min(1.0, max(0.0, 1 - (idle - self._idle) / (whole - self._all)))
                self._idle, self._all = idle, whole
            return self._busy


def _processor_seconds(process: psutil.Process) -> float:
    with suppress(psutil.Error, OSError):
        times = process.cpu_times()
        children = getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
        return times.user + times.system + children
    return 0.0
