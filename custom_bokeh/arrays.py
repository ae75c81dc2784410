"""Pure functions on picture arrays: grids, pixels of dense layers, sizes, differences."""
import math
from dataclasses import dataclass

import numpy as np

WHITE = 255


@dataclass(frozen=True)
class Grid:
    """How the maps of a layer lie in one picture.

    Attributes:
        count: how many maps.
        columns: how many in a row.
        height: of a map, in pixels.
        width: of a map, in pixels.
        border: between the maps and around them, in pixels.
    """

    count: int
    columns: int
    height: int
    width: int
    border: int

    @property
    def rows(self) -> int:
        return math.ceil(self.count / self.columns)

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the whole picture."""
        high = self.rows * (self.height + self.border) + self.border
        return high, self.columns * (self.width + self.border) + self.border

    def corner(self, index: int) -> tuple[int, int]:
        """Row and column of a map's first pixel."""
        row, column = divmod(index, self.columns)
        return (
            self.border + row * (self.height + self.border),
            self.border + column * (self.width + self.border),
        )

    def index(self, x: float, y: float) -> int | None:
        """The number of the map at a point of the picture, None beside all maps."""
        column, row = int(x // (self.width + self.border)), int(y // (self.height + self.border))
        index = row * self.columns + column
        inside = x >= 0 and y >= 0 and column < self.columns and index < self.count
        return index if inside else None

    def borders(self) -> np.ndarray:
        """Where the picture shows no map, as boolean array of `shape`."""
        maps = np.zeros((self.count, self.height, self.width), np.uint8)
        return lay_out(maps, self) == WHITE


def grid_of(shape: tuple[int, ...], aspect: float = 2.5) -> Grid:
    """How to lay out a layer's data.

    Args:
        shape: `(maps, height, width)`, or `(units,)` for a dense layer, whose units are pixels.
        aspect: wished width of the picture over its height.
    """
    if len(shape) == 1:
        # Rows of 64 units at most: a unit must stay large enough to be seen, on a phone too.
        return Grid(shape[0], min(shape[0], 64), 1, 1, 0)
    count, height, width = shape
    border = max(1, round(max(height, width) / 60))
    ideal = math.sqrt(count * aspect * (height + border) / (width + border))
    return Grid(count, _columns(count, ideal), height, width, border)


def _columns(count: int, ideal: float) -> int:
    """A number of columns near the ideal one, that fills the last row if there is one."""
    near = range(max(1, math.ceil(ideal / 1.6)), max(1, min(count, math.floor(ideal * 1.6))) + 1)
    full = [columns for columns in near if count % columns == 0]
    return min(full or [max(1, min(count, round(ideal)))], key=lambda columns: abs(columns - ideal))


def lay_out(data: np.ndarray, grid: Grid, fill: int = WHITE) -> np.ndarray:
    """The maps of a layer as one picture with white borders.

    Args:
        data: uint8 `(maps, height, width)` or `(units,)`.
        grid: from `grid_of`.
        fill: value of borders and of what is left over in the last row.

    Returns:
        uint8 array of `grid.shape`.
    """
    maps = data.reshape(grid.count, grid.height, grid.width)
    cell = (grid.height + grid.border, grid.width + grid.border)
    cells = np.full((grid.rows * grid.columns, *cell), fill, np.uint8)
    cells[: grid.count, grid.border :, grid.border :] = maps
    picture = cells.reshape(grid.rows, grid.columns, *cell).swapaxes(1, 2)
    picture = picture.reshape(grid.rows * cell[0], grid.columns * cell[1])
    return np.pad(picture, ((0, grid.border), (0, grid.border)), constant_values=fill)


def reduced(picture: np.ndarray, factor: int) -> np.ndarray:
    """A picture with the means of `factor` times `factor` pixels; the last ones may be of fewer.

    Args:
        picture: uint8 `(height, width)` or `(height, width, channels)`.
        factor: 1 leaves it as it is.
    """
    if factor <= 1:
        return picture
    height, width = picture.shape[:2]
    sums = np.add.reduceat(picture, np.arange(0, height, factor), axis=0, dtype=np.uint32)
    sums = np.add.reduceat(sums, np.arange(0, width, factor), axis=1)
    rows = np.diff(np.append(np.arange(0, height, factor), height))
    columns = np.diff(np.append(np.arange(0, width, factor), width))
    counts = np.outer(rows, columns).astype(np.uint32)
    if picture.ndim == 3:
        counts = counts[..., None]
    return ((sums + counts // 2) // counts).astype(np.uint8)


def packed(picture: np.ndarray) -> np.ndarray:
    """A colour picture uint8 `(height, width, 3)` as the uint32 array `(height, width)` that Bokeh draws."""
    alpha = np.full(picture.shape[:2], 255, np.uint8)
    rgba = np.ascontiguousarray(np.dstack([picture, alpha]))
    return rgba.view("<u4").reshape(picture.shape[:2])


def plain(picture: np.ndarray) -> np.ndarray:
    """A picture without a channel axis of length one."""
    return picture[:, :, 0] if picture.ndim == 3 and picture.shape[2] == 1 else picture
