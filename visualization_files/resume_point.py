"""The point from which a training can go on, written into the saved network's own file.

A `.keras` file is a zip archive, and the point is the archive's comment. So network and point are always of the same
moment, whatever is killed when, and Keras reads the network as before.
"""
import json
import struct
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

_END, _END_BYTES, _MAX_COMMENT = b"PK\x05\x06", 22, 65_535


@dataclass(frozen=True)
class ResumePoint:
    """How far the training was when a network was saved.

    Attributes:
        epoch: whole epochs that were trained.
        batches: batches that were trained, over the whole training.
        resumable: whether the script asks if there is something to go on with.
        seeds: state of each random number generator of the network, two numbers each.
    """

    epoch: int
    batches: int
    resumable: bool = False
    seeds: tuple[tuple[int, int], ...] = ()


def write_point(network: Path, point: ResumePoint) -> None:
    """Write the point into a saved network."""
    text = json.dumps(asdict(point)).encode()
    if len(text) > _MAX_COMMENT:
        text = json.dumps({**asdict(point), "seeds": []}).encode()
    with zipfile.ZipFile(network, "a") as archive:
        archive.comment = text


def read_point(network: BinaryIO) -> ResumePoint | None:
    """The point in a saved network; None where there is none. Only the file's end is read, and not believed."""
    size = network.seek(0, 2)
    network.seek(max(0, size - _END_BYTES - _MAX_COMMENT))
    end = network.read()
    place = end.rfind(_END)
    if place < 0 or len(end) < place + _END_BYTES:
        return None
    (length,) = struct.unpack_from("<H", end, place + _END_BYTES - 2)
    return _point(end[place + _END_BYTES :][:length])


def _point(text: bytes) -> ResumePoint | None:
    try:
        found = json.loads(text)
        seeds = tuple((int(first), int(second)) for first, second in found["seeds"])
        point = ResumePoint(_count(found["epoch"], 2**31), _count(found["batches"]), found["resumable"] is True, seeds)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None
    return point


def _count(value: Any, end: int = 2**53) -> int:
    if type(value) is not int or not 0 <= value < end:
        raise ValueError(value)
    return value
