"""Writes visualization files so that a reader never sees half of one, whenever the writer is killed."""
import json
import os
import pickle
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

# How often, and with what pause in seconds, a move is tried while a reader holds the target (Windows).
_MOVE_TRIES = 50
_MOVE_PAUSE = 0.02


def temporary_path(path: Path) -> Path:
    """The name under which a file is written before it is moved to `path`; the same folder, hidden."""
    return path.with_name(f".{path.name}.{os.getpid()}.tmp")


def replace_file(path: Path, data: bytes, durable: bool = False) -> None:
    """Write a file whole or not at all, making its folder.

    Args:
        path: where it goes.
        data: its content.
        durable: wait until the disk has it, so that it also outlives a power cut.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_path(path)
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        move(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def replace_json(path: Path, data: Any, durable: bool = False) -> None:
    """Write a JSON file whole or not at all."""
    replace_file(path, json.dumps(data, indent=1).encode(), durable)


def move(source: Path, target: Path) -> None:
    """`os.replace` that waits while a reader holds the target, which only Windows refuses."""
    for _ in range(_MOVE_TRIES):
        try:
            return os.replace(source, target)
        except PermissionError:
            time.sleep(_MOVE_PAUSE)
    return os.replace(source, target)


def append_line(path: Path, line: str) -> None:
    """Append one whole line in one write, making the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab", buffering=0) as file:
        file.write(f"{line}\n".encode())


def dump(data: Any) -> bytes:
    """Pickle visualization data, in a protocol that every supported Python reads."""
    return pickle.dumps(data, protocol=4)


def progress_row(values: Sequence[float]) -> bytes:
    """A row of a progress file: the progress with twelve digits, and others with nine, all that a float32 says."""
    return b"%.12g" % values[0] + b" %.9g" * (len(values) - 1) % tuple(values[1:]) + b"\n"


class ProgressWriter:
    """Writes a progress file: a first line with the columns, then a row for each batch or epoch.

    Each row is flushed, so that it can be seen at once, and a row is one write, so that at most the last
    line of the file can be cut.

    Args:
        path: the progress file.
        columns: names of the columns; white space in them becomes `_`.
        append: go on with a file that is there instead of starting anew.
    """

    def __init__(self, path: Path, columns: Iterable[str], append: bool = False):
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab" if append else "wb", buffering=0)
        if self._file.tell() == 0:
            names = ("_".join(column.split()) for column in columns)
            self._file.write(f"# {' '.join(names)}\n".encode())

    def row(self, values: Sequence[float]) -> None:
        """Write one row, in the order of the columns; what is not known is `nan`."""
        self._file.write(progress_row(values))

    def close(self) -> None:
        self._file.close()
