"""Marks dead maps and units in a layer's picture."""
from collections.abc import Sequence

import numpy as np
from bokeh.models import ColumnDataSource, Plot, Quad

from custom_bokeh.arrays import Grid


class DeadMarks:
    """Hatched frames in one picture, drawn once there is something to mark.

    Args:
        plot: the picture's plot.
        colour: of the frames.
    """

    def __init__(self, plot: Plot, colour: str):
        self._plot, self._colour = plot, colour
        self.source: ColumnDataSource | None = None

    def show(self, grid: Grid | None, marked: Sequence[int]) -> None:
        """Frame these maps of a grid; without a grid there are none."""
        corners = np.array([grid.corner(index) for index in marked] if grid else [], float).reshape(-1, 2)
        if self.source is None:
            if not len(corners):
                return
            self._draw()
        before = self.source.data
        if np.array_equal(corners[:, 1], before["left"]) and np.array_equal(corners[:, 0], before["top"]):
            return
        high, wide = (grid.height, grid.width) if grid else (0, 0)
        self.source.data = {
            "left": corners[:, 1], "right": corners[:, 1] + wide,
            "top": corners[:, 0], "bottom": corners[:, 0] + high,
        }  # fmt: skip

    def _draw(self) -> None:
        self.source = ColumnDataSource({"left": [], "right": [], "top": [], "bottom": []})
        self._plot.add_glyph(self.source, Quad(
            left="left", right="right", top="top", bottom="bottom", fill_alpha=0, line_color=self._colour,
            line_width=1.5, hatch_pattern="/", hatch_color=self._colour, hatch_alpha=0.35, hatch_scale=10,
        ))  # fmt: skip
