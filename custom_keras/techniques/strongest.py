"""The k largest values of each column of a matrix whose rows come bit by bit."""
import numpy as np


class Strongest:
    """Keeps the largest values of each column, and the numbers of their rows.

    Of equal values the earlier row wins. What is no finite number never wins.

    Args:
        k: how many values of each column.
        columns: how many columns.

    Attributes:
        values: `(k, columns)`, largest first, minus infinity where there were too few.
        numbers: their rows, -1 where there were too few.
    """

    def __init__(self, k: int, columns: int):
        self.values = np.full((k, columns), -np.inf, "float32")
        self.numbers = np.full((k, columns), -1)

    def add(self, numbers: np.ndarray, values: np.ndarray) -> bool:
        """Add rows.

        Args:
            numbers: of the rows, larger than all before.
            values: `(rows, columns)`.

        Returns:
            Whether one of them was among the largest.
        """
        values = np.where(np.isfinite(values), values, -np.inf)
        better = np.flatnonzero(values.max(axis=0) > self.values[-1])
        if not len(better):
            return False
        rows = np.broadcast_to(np.asarray(numbers)[:, None], (len(values), len(better)))
        values = np.concatenate([self.values[:, better], values[:, better]])
        rows = np.concatenate([self.numbers[:, better], rows])
        order = np.argsort(-values, axis=0, kind="stable")[: len(self.values)]
        self.values[:, better] = np.take_along_axis(values, order, axis=0)
        self.numbers[:, better] = np.take_along_axis(rows, order, axis=0)
        return True

    def leading(self, count: int) -> list[int]:
        """The columns with the largest values, largest first; of equal ones the first."""
        return np.argsort(-self.values[0], kind="stable")[:count].tolist()

    def in_use(self) -> set[int]:
        """Numbers of all rows that are kept."""
        return set(self.numbers[self.numbers >= 0].tolist())
