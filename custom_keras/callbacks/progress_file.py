"""A progress file over several calls of `fit`, and over several processes."""
import math
from pathlib import Path

import numpy as np

from visualization_files.layout import BadFileError
from visualization_files.progress import ProgressReader
from visualization_files.writer import ProgressWriter, progress_row, replace_file


class ProgressFile:
    """Rows of numbers that go on where an earlier `fit` ended.

    Args:
        path: the progress file.
    """

    def __init__(self, path: Path):
        self.path = path
        self._columns: list[str] = []
        self._writer: ProgressWriter | None = None

    def start(self, keep_up_to: float) -> None:
        """Begin a training: earlier rows go, but for those up to the epoch at which it resumes."""
        self.close()
        self._columns = []
        if keep_up_to <= 0:
            self.path.unlink(missing_ok=True)
            return
        columns, rows = _read(self.path)
        if len(rows):
            # Written again as a whole, because a process that was killed may have left half a line.
            self._columns = columns
            self._replace(rows[rows[:, 0] <= keep_up_to])

    def open(self, columns: list[str]) -> None:
        """Be ready for rows with these columns, keeping what is there, also where it had others."""
        columns = ["_".join(column.split()) for column in columns]
        if self._columns and columns != self._columns:
            self.close()
            old, rows = _read(self.path)
            self._columns = columns + [column for column in old if column not in columns]
            wider = np.full((len(rows), len(self._columns)), np.nan)
            wider[:, [self._columns.index(column) for column in old]] = rows
            self._replace(wider)
        self._columns = self._columns or columns
        if self._writer is None:
            self._writer = ProgressWriter(self.path, self._columns, append=True)

    def row(self, values: list[float]) -> None:
        """Write a row, in the order of the columns given to `open`; it can be seen at once."""
        missing = len(self._columns) - len(values)
        self._writer.row(values + [math.nan] * missing)

    def spread(self, epoch: int, count: int) -> None:
        """Set right the progress of an epoch's rows, once it is known how many batches it has.

        Args:
            epoch: whole epochs before it.
            count: its batches.
        """
        columns, rows = _read(self.path)
        of_epoch = rows[:, 0] > epoch
        if not of_epoch.any():
            return
        rows[of_epoch, 0] = epoch + np.arange(1, of_epoch.sum() + 1) / of_epoch.sum()
        self.close()
        self._replace(rows)
        self._writer = ProgressWriter(self.path, columns, append=True)

    def close(self) -> None:
        if self._writer:
            self._writer.close()
        self._writer = None

    def __del__(self):
        self.close()  # where an error ended the training

    def _replace(self, rows: np.ndarray) -> None:
        head = f"# {' '.join(self._columns)}\n".encode()
        replace_file(self.path, head + b"".join(map(progress_row, rows.tolist())))


def _read(path: Path) -> tuple[list[str], np.ndarray]:
    reader = ProgressReader(path)
    try:
        rows = reader.read()
    except BadFileError:
        return [], np.zeros((0, 3))
    return list(reader.columns), rows
