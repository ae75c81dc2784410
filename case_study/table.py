"""The table of the prepared images: path, actor, expression and split, in the order of the features."""

import csv
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from case_study.records import EXPRESSIONS

COLUMNS = ("path", "actor", "expression", "split")
SPLITS = ("training", "validation", "testing")


def default_folder() -> str:
    """The folder of prepared data that commands use unless told otherwise."""
    return os.environ.get("CASE_STUDY_DATA", "case_study_data")


@dataclass(frozen=True)
class Row:
    """A prepared image: its path relative to the table's folder, its labels and its side of the split."""

    path: str
    actor: str
    expression: str
    split: str


class Table:
    """The rows of a folder of prepared data, and its labels as numbers.

    Attributes:
        rows: one for each image.
        actors: names of the actors, sorted; the place is the class.
        expressions: the expressions that occur, in the database's order; the place is the class.
    """

    def __init__(self, rows: list[Row]):
        self.rows = rows
        self.actors = sorted({row.actor for row in rows})
        occurring = {row.expression for row in rows}
        self.expressions = [expression for expression in EXPRESSIONS if expression in occurring]

    def identity(self) -> np.ndarray:
        """Classes of the actors: int array (rows,)."""
        return np.array([self.actors.index(row.actor) for row in self.rows], int)

    def expression(self) -> np.ndarray:
        """Classes of the expressions: int array (rows,)."""
        return np.array([self.expressions.index(row.expression) for row in self.rows], int)

    def places(self, split: str) -> np.ndarray:
        """Which rows are on a side of the split: int array."""
        return np.flatnonzero([row.split == split for row in self.rows])


def split(count: int, seed: int) -> list[str]:
    """Shuffle places onto the three sides: 70% training (rounded up), 20% validation (down), the rest testing.

    Args:
        count: how many there are.
        seed: the same seed and count give the same split.

    Returns:
        For each place, one of `SPLITS`.
    """
    training, validation = -(-7 * count // 10), count // 5
    sides = [SPLITS[0]] * training + [SPLITS[1]] * validation
    sides += [SPLITS[2]] * (count - len(sides))
    return [sides[place] for place in np.random.default_rng(seed).permutation(count)]


def write_table(folder: Path, rows: list[Row]) -> None:
    """Write the table of a folder of prepared data."""
    with (folder / "table.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows((row.path, row.actor, row.expression, row.split) for row in rows)


def read_table(folder: Path) -> Table:
    """Read the table of a folder of prepared data.

    Raises:
        FileNotFoundError: if it was not prepared.
        ValueError: if it is not such a table.
    """
    path = Path(folder) / "table.csv"
    if not path.is_file():
        raise FileNotFoundError(
            f"There is no table of prepared images. Expected what `python -m case_study prepare` writes, in a folder "
            f"that this program may read (a run of the tool: one of READABLE_FOLDERS). Received: {path}"
        )
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise ValueError(
                f"{path} is not a table of prepared images. Expected the columns {', '.join(COLUMNS)}. "
                f"Received: {reader.fieldnames}"
            )
        return Table([Row(**row) for row in reader])
