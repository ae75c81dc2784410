"""Tells a process from a later one that got the same pid, also after the clock was set or the machine restarted."""
from functools import cache
from pathlib import Path

import psutil

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
# A mark on Linux: clock ticks from boot to the process' start in the lower bits (2.7 years at 100 Hz), some
# bits of the boot's random identity above them. 53 bits in all, which a float holds exactly.
_TICK_BITS, _BOOT_BITS = 33, 20


@cache
def _boot_bits() -> int | None:
    try:
        return int(_BOOT_ID.read_text()[:8], 16) >> (32 - _BOOT_BITS)
    except (OSError, ValueError):
        return None


def start_mark(pid: int) -> float | None:
    """A number that no other process with this pid has; None if there is no such process, or only its zombie.

    On Linux it is not the time of day: that moves for all processes when the clock is set, and running
    scripts would be taken for dead.
    """
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        if _boot_bits() is None:
            return process.create_time()
        # The name of the program may hold spaces and brackets: fields count from the last bracket.
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return float(_boot_bits() << _TICK_BITS | int(fields[19]))
    except (psutil.Error, OSError, IndexError):
        return None


def is_alive(pid: int | None, mark: float | None) -> bool:
    """Whether this very process still runs. A zombie does not."""
    return pid is not None and mark is not None and start_mark(pid) == mark
