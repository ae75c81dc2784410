"""Follows a progress file that grows, reading only what is new."""
import os
from pathlib import Path
from typing import BinaryIO

import numpy as np

from visualization_files.layout import BadFileError, open_inside

_MAX_COLUMNS = 100
_MAX_NAME = 200
# Bytes that are taken apart at once, which needs some thirty times their memory, and numbers of a whole file.
_MAX_CHUNK = 4 * 1024 * 1024
MAX_NUMBERS = 50_000_000
# Lines that are no rows; finding them takes long.
MAX_STRANGE = 100_000
DEFAULT_COLUMNS = ("progress", "accuracy", "loss")


class ProgressReader:
    """Reads the new rows of a progress file at each call.

    A cut last line is not there yet. A file that was replaced or got shorter is read anew. Lines that are no
    rows are passed over.

    Args:
        path: the progress file.
        root: the folder below which no link is followed; the file's own by default.

    Attributes:
        columns: names of the columns; the three of the thesis where the file names none.
        generation: goes up each time the file was found to be another one, or gone.
    """

    def __init__(self, path: Path, root: Path | None = None):
        self.path = Path(path)
        self.root = Path(root) if root else self.path.parent
        self.generation = 0
        self._reset(None)

    def _reset(self, inode: int | None) -> None:
        self.columns: tuple[str, ...] = DEFAULT_COLUMNS
        self._offset = 0
        self._count = 0
        self._strange = 0
        self._broken = ""
        self._inode = inode

    def read(self) -> np.ndarray:
        """The rows that came since the last call.

        Returns:
            float64 array (rows, columns).

        Raises:
            BadFileError: if it cannot be read.
        """
        try:
            with open_inside(self.root, self.path) as file:
                state = os.fstat(file.fileno())
                if self._inode is not None and (state.st_ino != self._inode or state.st_size < self._offset):
                    self._restart(state.st_ino)
                self._inode = state.st_ino
                if self._broken:
                    raise BadFileError(self._broken)
                file.seek(self._offset)
                return self._read_chunks(file)
        except FileNotFoundError:
            if self._inode is not None:
                self._restart(None)
            return self._rows([])

    def _read_chunks(self, file: BinaryIO) -> np.ndarray:
        chunks = []
        while data := file.read(_MAX_CHUNK):
            whole = data[: data.rfind(b"\n") + 1]
            if not whole and len(data) == _MAX_CHUNK:
                raise BadFileError("This file has a line that is too long to be a row of numbers.")
            first = self._offset == 0
            self._offset += len(whole)
            chunks.append(self._parse(whole, first))
            self._count += chunks[-1].size
            if self._count > MAX_NUMBERS:
                self._give_up(f"This file has more than {MAX_NUMBERS} numbers, and is not shown.")
            file.seek(self._offset)
            if not whole:
                break
        return np.concatenate(chunks) if len(chunks) > 1 else chunks[0] if chunks else self._rows([])

    def _restart(self, inode: int | None) -> None:
        self.generation += 1
        self._reset(inode)

    def _parse(self, data: bytes, first: bool) -> np.ndarray:
        if first and data.startswith(b"#"):
            header, _, data = data.partition(b"\n")
            names = header[1:].decode(errors="replace").split()
            if not 2 <= len(names) <= _MAX_COLUMNS:
                raise BadFileError(f"This file names {len(names)} columns. Expected 2 to {_MAX_COLUMNS}.")
            self.columns = tuple(name[:_MAX_NAME] for name in names)
        lines = data.split(b"\n")[:-1]
        try:
            numbers = np.array(data.split(), dtype=np.float64)
            if numbers.size == len(lines) * len(self.columns):
                return numbers.reshape(len(lines), len(self.columns))
        except ValueError:
            pass
        rows = []
        for line in lines:
            if row := self._row(line):
                rows.append(row)
            else:
                self._strange += 1
                if self._strange > MAX_STRANGE:
                    self._give_up(f"This file has more than {MAX_STRANGE} lines that are no rows, and is not shown.")
        return self._rows(rows)

    def _give_up(self, sentence: str) -> None:
        """Say so at each further read, until it is another file."""
        self._broken = sentence
        raise BadFileError(sentence)

    def _row(self, line: bytes) -> list[float] | None:
        try:
            row = [float(field) for field in line.split()]
        except ValueError:
            return None
        return row if len(row) == len(self.columns) else None

    def _rows(self, rows: list[list[float]]) -> np.ndarray:
        return np.array(rows, dtype=np.float64).reshape(-1, len(self.columns))
