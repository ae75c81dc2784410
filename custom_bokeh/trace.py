"""One line or one row of dots in a plot of the training progress."""
import numpy as np
from bokeh.models import ColumnDataSource

from custom_bokeh.progress_feed import Table
from custom_bokeh.smoothing import smoothed
from custom_bokeh.thinning import thin

# Points of a line as it is sent; while it grows it may get twice as long before it is thinned again.
POINTS = 3000
ALL = (-np.inf, np.inf)


class Trace:
    """A column of a progress file, thinned to what is in view. Only what is new is sent.

    Attributes:
        source: columns `x` and `y`.

    Args:
        table: where the values are.
        name: the column.
        window: values that each mean is over; 1 for the values themselves.
    """

    def __init__(self, table: Table, name: str, window: int = 1):
        self.table = table
        self.name = name
        self.window = window
        self.source = ColumnDataSource({"x": [], "y": []})
        self._generation, self._count = -1, 0

    @property
    def there(self) -> bool:
        """Whether the file has this column and any value of it."""
        return self.name in self.table.columns and self.table.count > 0

    def update(self, view: tuple[float, float] = ALL) -> None:
        """Send the new rows, or all of them thinned where that is needed.

        Args:
            view: left and right end of what is in view, in epochs.
        """
        table, source = self.table, self.source
        if not self.there:
            if len(source.data["x"]):
                source.data = {"x": [], "y": []}
            self._generation, self._count = -1, 0
            return
        same, new = self._generation == table.generation, table.count - self._count
        if same and not new:
            return
        streams = same and len(source.data["x"]) + new <= 2 * POINTS
        if streams and view[1] >= table.progress[self._count if new > 0 else -1]:
            source.stream(self._rows(self._count, table.count))
        elif not (streams and view[1] < np.inf):
            self.show(view)
        self._generation, self._count = table.generation, table.count

    def show(self, view: tuple[float, float]) -> None:
        """Send what is in view, thinned for it."""
        if not self.there:
            return
        x = self.table.progress
        # One point on either side, so that the line enters and leaves the picture.
        low = max(0, int(np.searchsorted(x, view[0], "left")) - 1)
        high = min(len(x), int(np.searchsorted(x, view[1], "right")) + 1)
        rows = self._rows(low, high)
        kept = thin(rows["x"], rows["y"], POINTS)
        self.source.data = {"x": rows["x"][kept], "y": rows["y"][kept]}

    def _rows(self, start: int, stop: int) -> dict[str, np.ndarray]:
        y = smoothed(self.table.column(self.name), start, stop, self.window)
        return {"x": self.table.progress[start:stop].copy(), "y": y.copy()}
