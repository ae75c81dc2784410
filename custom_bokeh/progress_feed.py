"""The progress of one run, read once for all pages that show it."""
from threading import Lock

import numpy as np

from visualization_files.layout import BadFileError, ScriptFolder
from visualization_files.progress import ProgressReader

TRAINING_FILE = "training_progress.txt"
VALIDATION_FILE = "training_progress_val.txt"


class Table:
    """The rows of a progress file, in memory that grows by doubling.

    Attributes:
        columns: their names; the first is the progress in epochs.
        count: how many rows there are.
        generation: goes up when the rows are those of another run.
    """

    def __init__(self, path, root):
        self._reader = ProgressReader(path, root)
        self._clear()

    def _clear(self) -> None:
        self.columns = self._reader.columns
        self.generation = self._reader.generation
        self.count = 0
        self._values = np.empty((len(self.columns), 256))

    def refresh(self, lock: Lock) -> bool:
        """Read the new rows, then add them while nobody looks; returns whether anything changed."""
        rows = self._reader.read()
        with lock:
            return self._add(rows)

    def _add(self, rows: np.ndarray) -> bool:
        restarted = self._reader.generation != self.generation
        if restarted or (rows.size and self._reader.columns != self.columns):
            self._clear()
        if rows.size:
            self._append(rows)
        return restarted or bool(rows.size)

    def _append(self, rows: np.ndarray) -> None:
        needed = self.count + len(rows)
        if needed > self._values.shape[1]:
            grown = np.empty((len(self.columns), max(needed, 2 * self._values.shape[1])))
            grown[:, : self.count] = self._values[:, : self.count]
            self._values = grown
        self._values[:, self.count : needed] = rows.T
        self.count = needed

    def column(self, name: str) -> np.ndarray:
        """All values of a column, float64, a view that must not be changed."""
        return self._values[self.columns.index(name), : self.count]

    @property
    def progress(self) -> np.ndarray:
        """The progress of each row, in epochs."""
        return self._values[0, : self.count]

    @property
    def nbytes(self) -> int:
        return self._values.nbytes


class ProgressFeed:
    """Training and validation progress of one run.

    Attributes:
        version: goes up with each change.
        error: a sentence for the page while a file cannot be read, else None.
        lock: held while rows are added; whoever looks at several columns holds it, too.
    """

    def __init__(self, folder: ScriptFolder):
        self.folder = folder
        self.training = Table(folder.results / TRAINING_FILE, folder.root)
        self.validation = Table(folder.results / VALIDATION_FILE, folder.root)
        self.version = 0
        self.error: str | None = None
        self.lock = Lock()
        self._reading = Lock()

    def refresh(self) -> bool:
        """Read what is new; returns whether anything changed."""
        with self._reading:
            error, changed = None, False
            for table in (self.training, self.validation):
                try:
                    changed |= table.refresh(self.lock)
                except BadFileError as problem:
                    error = str(problem)
                except OSError:
                    error = "The progress of this run cannot be read now."
            changed |= error != self.error
            self.error = error
            self.version += changed
            return changed
