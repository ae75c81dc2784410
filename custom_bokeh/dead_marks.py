"""Marks dead maps and units in a layer's picture."""
from collections.abc import Sequence

import numpy as np
from bokeh.models import ColumnDataSource
from bokeh.plotting import figure

from custom_bokeh.arrays import Grid


class DeadMarks:
    """Hatched frames in one picture.

    Args:
        plot: the picture's figure.
        colour: of the frames.
    """

    def __init__(self, plot: figure, colour: str):
        self.source = ColumnDataSource({"left": [], "right": [], "top": [], "bottom": []})
        plot.quad(
            "left", "right", "top", "bottom", source=self.source, fill_alpha=0, line_color=colour, line_width=1.5,
            hatch_pattern="/", hatch_color=colour, hatch_alpha=0.35, hatch_scale=10,
        )  # fmt: skip

    def show(self, grid: Grid | None, marked: Sequence[int]) -> None:
        """Frame these maps of a grid; without a grid there are none."""
        corners = np.array([grid.corner(index) for index in marked] if grid else [], float).reshape(-1, 2)
        if len(corners) == len(self.source.data["left"]) and np.array_equal(corners[:, 1], self.source.data["left"]):
            return
        high, wide = (grid.height, grid.width) if grid else (0, 0)
        self.source.data = {
            "left": corners[:, 1], "right": corners[:, 1] + wide,
            "top": corners[:, 0], "bottom": corners[:, 0] + high,
        }  # fmt: skip
