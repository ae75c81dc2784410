"""What a run may take at most, and the watch over it."""
import os
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

_MEASURE_SECONDS = 0.5  # between two looks at memory and processes
_DISK_SHARE = 0.05  # of the time, at most, goes into measuring the disk


@dataclass(frozen=True)
class Limits:
    """What a run may take; None where it may take what there is.

    Attributes:
        seconds: from its start.
        memory_bytes: of all its processes together; what they share counts once.
        output_bytes: size of `output.txt`.
        disk_bytes: of `disk_folders` together.
        disk_folders: the folders of its user.
        processes: how many at the same time.
    """

    seconds: float | None = None
    memory_bytes: int | None = None
    output_bytes: int | None = None
    disk_bytes: int | None = None
    disk_folders: tuple[str, ...] = ()
    processes: int | None = None


@dataclass(frozen=True)
class Exceeded:
    """A limit that was reached: the state and the reason of the run's end, and whether to kill at once."""

    state: str
    reason: str
    at_once: bool


class Watch:
    """Looks whether a run keeps to its limits.

    Args:
        limits: what it may take.
        running_seconds: how long it has been running.
        members: its processes now.
        output_size: size of its output now, in bytes.
    """

    def __init__(
        self,
        limits: Limits,
        running_seconds: float,
        members: Callable[[], list[psutil.Process]],
        output_size: Callable[[], int],
    ):
        self._limits, self._members, self._output_size = limits, members, output_size
        # Not by the time of day, which can be set while it runs.
        self._started = time.monotonic() - running_seconds
        self._next_measure = self._next_disk = 0.0

    def exceeded(self) -> Exceeded | None:
        """The first limit that is exceeded. Cheap enough to be called many times in a second."""
        limits, now = self._limits, time.monotonic()
        if limits.seconds is not None and now - self._started > limits.seconds:
            return Exceeded("stopped", f"It reached its time limit of {in_time(limits.seconds)}.", False)
        if limits.output_bytes is not None and self._output_size() > limits.output_bytes:
            return _failed(f"Its output grew past its limit of {in_bytes(limits.output_bytes)}.")
        if now >= self._next_measure:
            self._next_measure = now + _MEASURE_SECONDS
            return self._measure()
        return None

    def _measure(self) -> Exceeded | None:
        limits = self._limits
        if limits.processes is not None or limits.memory_bytes is not None:
            members = self._members()
            if limits.processes is not None and len(members) > limits.processes:
                return _failed(f"It had more processes than its limit of {limits.processes}.")
            if limits.memory_bytes is not None and exceeds_memory(members, limits.memory_bytes):
                return _failed(f"It took more memory than its limit of {in_bytes(limits.memory_bytes)}.")
        before = time.monotonic()
        if limits.disk_bytes is not None and before >= self._next_disk:
            size = sum(disk_use(folder) for folder in limits.disk_folders)
            after = time.monotonic()
            self._next_disk = after + (after - before) / _DISK_SHARE
            if size > limits.disk_bytes:
                limit = in_bytes(limits.disk_bytes)
                return _failed(f"The files of its user grew past their limit of {limit} on the disk.")
        return None


def exceeds_memory(processes: Iterable[psutil.Process], limit: int) -> bool:
    """Whether processes take more memory together.

    The exact measure, in which what forked processes share counts once, is slow: it is taken only where the
    quick one, in which it counts for each of them, is above the limit.
    """
    processes = list(processes)
    return memory_use(processes) > limit and memory_use(processes, exact=True) > limit


def memory_use(processes: Iterable[psutil.Process], exact: bool = False) -> int:
    """Memory of processes in bytes."""
    total = 0
    for process in processes:
        with suppress(psutil.Error, OSError):
            if exact:
                info = process.memory_full_info()
                total += getattr(info, "pss", info.uss)
            else:
                total += process.memory_info().rss
    return total


def disk_use(folder: str | Path) -> int:
    """Bytes that a folder takes on the disk, following no link. What goes meanwhile does not count."""
    total, waiting = 0, [folder]
    while waiting:
        with suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                with suppress(OSError):
                    found = entry.stat(follow_symlinks=False)
                    total += getattr(found, "st_blocks", found.st_size // 512) * 512
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
    return total


def in_bytes(number: float) -> str:
    """A number of bytes in words: 1.5 GB."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.3g} {unit}"
        number /= 1000
    return f"{number:.4g} TB"


def in_time(seconds: float) -> str:
    """A duration in words: 1.5 hours."""
    for unit, length in (("hour", 3600), ("minute", 60)):
        if seconds >= length:
            return f"{seconds / length:.3g} {unit}{'' if seconds == length else 's'}"
    return f"{seconds:.3g} second{'' if seconds == 1 else 's'}"


def _failed(reason: str) -> Exceeded:
    return Exceeded("failed", reason, True)
