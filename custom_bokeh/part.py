"""One picture of a page: a layer, a saliency map, a reconstruction, a unit."""
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

import numpy as np

from custom_bokeh.arrays import Grid

# Grey value that stands for "no difference".
MIDDLE = 128


@dataclass(frozen=True)
class Part:
    """What is shown of one thing at one stage.

    Attributes:
        name: what it is, the same at every stage.
        title: its heading.
        about: what is to be said of it in one or two sentences.
        shape: height and width of the picture.
        key: the same for every page that shows the same picture.
        make: makes the picture, uint8 `(height, width)` or `(height, width, 3)`.
        stored: makes the picture as it was stored, in its own scale.
        values: the true values of black and white in `stored`, where they are known.
        grid: how the maps of a layer lie in the picture.
        raw: the array as it was stored, for downloads.
        marked: numbers of maps to mark as dead.
    """

    name: str
    title: str
    about: str
    shape: tuple[int, int]
    key: Hashable
    make: Callable[[], np.ndarray]
    stored: Callable[[], np.ndarray]
    raw: np.ndarray
    values: tuple[float, float] | None = None
    grid: Grid | None = None
    marked: tuple[int, ...] = field(default=())


@dataclass(frozen=True)
class Difference:
    """What changed from one part to another.

    Attributes:
        limit: the change of true values that has full colour; None where only the pictures can be compared.
        key: the same for every page that shows the same difference.
    """

    first: Part
    second: Part

    @property
    def limit(self) -> float | None:
        if self.first.values is None or self.second.values is None:
            return None
        values = (*self.first.values, *self.second.values)
        return max(values) - min(values) or None

    @property
    def key(self) -> Hashable:
        return ("difference", self.first.key, self.second.key)

    @property
    def about(self) -> str:
        """What the colours mean."""
        if self.limit is None:
            return "Orange: brighter in the second picture, blue: darker. Each picture has its own scale."
        return f"Orange: larger in the second picture, blue: smaller. Full colour is a change of {self.limit:.3g}."

    def make(self) -> np.ndarray:
        """The second minus the first as uint8 `(height, width)`, 128 where nothing changed."""
        first, second = _grey(self.first.stored()), _grey(self.second.stored())
        if self.limit is not None:
            first, second = _true(first, self.first.values), _true(second, self.second.values)
        change = (second - first) / (self.limit or 255.0)
        picture = np.clip(np.rint(MIDDLE + 127 * change), 0, 255).astype(np.uint8)
        if self.first.grid:
            picture[self.first.grid.borders()] = MIDDLE
        return picture


def _grey(picture: np.ndarray) -> np.ndarray:
    return picture.mean(axis=2) if picture.ndim == 3 else picture.astype(np.float64)


def _true(picture: np.ndarray, values: tuple[float, float]) -> np.ndarray:
    black, white = values
    return black + picture / 255 * (white - black)
