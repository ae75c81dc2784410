"""One plot of the training progress: a metric over the epochs, for training and validation."""
from html import escape

import numpy as np
from bokeh.models import (
    BoxZoomTool,
    ColumnDataSource,
    HoverTool,
    NumeralTickFormatter,
    PanTool,
    Range1d,
    ResetTool,
    SaveTool,
    WheelZoomTool,
)
from bokeh.plotting import figure

from custom_bokeh.progress_feed import ProgressFeed, Table
from custom_bokeh.theme import COLOURS
from custom_bokeh.thinning import thin

# Points of a line as it is sent; while it grows it may get twice as long before it is thinned again.
POINTS = 3000


class Curve:
    """The blue line of the batches and the green dots of the validation.

    Attributes:
        root: the figure.
        line: source of the batches, columns `x` and `y`.
        dots: source of the validation, columns `x` and `y`.

    Args:
        name: the column of the progress files.
        feed: where they are read.
        theme: `light` or `dark`.
        x_range: shared by all plots of the page.
    """

    def __init__(self, name: str, feed: ProgressFeed, theme: str, x_range: Range1d):
        self.name = name
        self.feed = feed
        self.line = ColumnDataSource({"x": [], "y": []})
        self.dots = ColumnDataSource({"x": [], "y": []})
        self._line_state = self._dots_state = (-1, 0)
        self.root = self._figure(x_range, theme)

    def _figure(self, x_range: Range1d, theme: str) -> figure:
        colours, title = COLOURS[theme], title_of(self.name)
        plot = figure(
            x_range=x_range, height=300, sizing_mode="stretch_width", tools="", toolbar_location="above",
            x_axis_label="Epochs", y_axis_label=title, lod_threshold=None, min_border_left=70,
        )  # fmt: skip
        plot.line("x", "y", source=self.line, color=colours.training, line_width=1.5, legend_label="training")
        dots = plot.scatter(
            "x", "y", source=self.dots, color=colours.validation, size=9, legend_label="validation"
        )
        hover = HoverTool(
            renderers=[dots], tooltips=[("epoch", "@x{0.##}"), (f"validation {title.lower()}", "@y{0.[00000]}")]
        )
        wheel = WheelZoomTool(modifiers="ctrl", description="Zoom: wheel with Ctrl")
        plot.add_tools(PanTool(), BoxZoomTool(), wheel, SaveTool(filename=self.name), ResetTool(), hover)
        plot.toolbar.logo = None
        plot.legend.location = "bottom_right" if is_share(self.name) else "top_right"
        plot.legend.orientation = "horizontal"
        if is_share(self.name):
            plot.yaxis.formatter = NumeralTickFormatter(format="0.[0] %")
        return plot

    def update(self, following: bool) -> None:
        """Bring the plot up to date.

        Args:
            following: whether the whole run is in view; else only what the x range shows is sent.
        """
        span = self.root.x_range
        view = (-np.inf, np.inf) if following else (span.start, span.end)
        self._line_state = _send(self.feed.training, self.name, self.line, self._line_state, view)
        self._dots_state = _send(self.feed.validation, self.name, self.dots, self._dots_state, view)
        label = f"{title_of(self.name)} over the epochs. {self.summary()}"
        self.root.html_attributes = {"role": "figure", "aria-label": label}

    def show_range(self) -> None:
        """Send what the x range shows now, thinned for it."""
        span = self.root.x_range
        for table, source in ((self.feed.training, self.line), (self.feed.validation, self.dots)):
            if self.name in table.columns:
                source.data = _thinned(table, self.name, (span.start, span.end))

    def summary(self) -> str:
        """The newest values in words."""
        parts = []
        for kind, table in (("Last batch", self.feed.training), ("validation", self.feed.validation)):
            if self.name in table.columns and table.count and not np.isnan(table.column(self.name)[-1]):
                value, progress = table.column(self.name)[-1], table.progress[-1]
                parts.append(f"{kind} {_number(value, self.name)} at epoch {progress:.4g}")
        return "; ".join(parts) + "." if parts else "No value yet."


def _send(table: Table, name: str, source: ColumnDataSource, state: tuple, view: tuple) -> tuple:
    """Send a table's new rows, or all of them thinned where that is needed; returns the new state."""
    if name not in table.columns:
        if source.data["x"] is not None and len(source.data["x"]):
            source.data = {"x": [], "y": []}
        return (-1, 0)
    generation, count = state
    new = table.count - count
    if generation == table.generation and not new:
        return state
    streams = generation == table.generation and len(source.data["x"]) + new <= 2 * POINTS
    if streams and view[1] >= table.progress[count if count < table.count else -1]:
        rows = slice(count, table.count)
        source.stream({"x": table.progress[rows].copy(), "y": table.column(name)[rows].copy()})
    elif not (streams and view[1] < np.inf):
        source.data = _thinned(table, name, view)
    return (table.generation, table.count)


def _thinned(table: Table, name: str, view: tuple) -> dict[str, np.ndarray]:
    x, y = table.progress, table.column(name)
    kept = thin(x, y, POINTS, *view)
    return {"x": x[kept], "y": y[kept]}


def title_of(name: str) -> str:
    """A column's name as people read it."""
    return escape(name.replace("_", " ").capitalize())


def is_share(name: str) -> bool:
    """Whether a column holds shares between 0 and 1, shown as percent."""
    return name == "accuracy" or name.endswith(("_accuracy", "_acc")) or name == "acc"


def _number(value: float, name: str) -> str:
    return f"{value:.1%}" if is_share(name) else f"{value:.4g}"
