"""The graphics processors of this machine, as nvidia-smi tells them. None is normal."""
import os
import shutil
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

_FIELDS = ("index", "uuid", "name", "pci.bus_id", "memory.total", "memory.used", "utilization.gpu")
_TIMEOUT = 10  # seconds; a driver that hangs must not hang the server
_FRESH_SECONDS = 60.0  # how long an answer of nvidia-smi counts, which may take a second to come
_DRIVER = Path("/proc/driver/nvidia/gpus")


@dataclass(frozen=True)
class Gpu:
    """A graphics processor.

    Attributes:
        index: its number in nvidia-smi, which people know it by.
        identity: what CUDA_VISIBLE_DEVICES takes; numbers would depend on which others a process sees.
        name: of its kind.
        memory_bytes: all it has; None where it does not say.
        used_bytes: taken now, by whomever.
        busy: share of the time in 0..1 in which it computed.
        device: its device file; empty where it is not known.
    """

    index: int
    identity: str
    name: str
    memory_bytes: int | None = None
    used_bytes: int | None = None
    busy: float | None = None
    device: str = ""


_lock = Lock()
_known: tuple[float, list[Gpu]] | None = None


def find_gpus(fresh_seconds: float = _FRESH_SECONDS) -> list[Gpu]:
    """The graphics processors that the server may use.

    Where the server itself has CUDA_VISIBLE_DEVICES, there are no others.

    Args:
        fresh_seconds: how old the answer may be; what they do changes faster than which there are.
    """
    global _known
    if not shutil.which("nvidia-smi"):
        return []
    with _lock:
        if _known is None or time.monotonic() - _known[0] > fresh_seconds:
            _known = (time.monotonic(), _visible(_ask(), os.environ.get("CUDA_VISIBLE_DEVICES")))
        return _known[1]


def forget_gpus() -> None:
    """Ask nvidia-smi again at the next call."""
    global _known
    _known = None


def gpu_environment(identities: Iterable[str]) -> dict[str, str]:
    """What makes a run see these graphics processors alone, and take their memory only as it needs it."""
    return {
        "CUDA_VISIBLE_DEVICES": ",".join(identities),
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    }


def _ask() -> list[Gpu]:
    command = ["nvidia-smi", f"--query-gpu={','.join(_FIELDS)}", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT)
    except (OSError, subprocess.TimeoutExpired):
        return []
    found = [_read(line) for line in answer.stdout.splitlines()] if answer.returncode == 0 else []
    return [gpu for gpu in found if gpu]


def _read(line: str) -> Gpu | None:
    words = [word.strip() for word in line.split(",")]
    if len(words) != len(_FIELDS) or not words[0].isdecimal():
        return None
    index, identity, name, bus, total, used, busy = words
    share = _number(busy)
    return Gpu(
        int(index), identity, name, _mebibytes(total), _mebibytes(used), None if share is None else share / 100,
        _device(bus),
    )  # fmt: skip


def _number(word: str) -> float | None:
    """Some chips answer `[N/A]`."""
    try:
        return float(word)
    except ValueError:
        return None


def _mebibytes(word: str) -> int | None:
    number = _number(word)
    return None if number is None else int(number * 2**20)


def _device(bus: str) -> str:
    """The device file of the chip in a slot: the driver numbers them in its own order."""
    domain, _, rest = bus.lower().partition(":")
    try:
        lines = (_DRIVER / f"{domain[-4:]}:{rest}" / "information").read_text().splitlines()
    except OSError:
        return ""
    minor = next((line.split(":")[1].strip() for line in lines if line.startswith("Device Minor")), "")
    return f"/dev/nvidia{minor}" if minor.isdecimal() else ""


def _visible(gpus: list[Gpu], setting: str | None) -> list[Gpu]:
    if setting is None:
        return gpus
    wanted = [word.strip() for word in setting.split(",") if word.strip()]
    return [gpu for gpu in gpus if any(word in (str(gpu.index), gpu.identity) for word in wanted)]
