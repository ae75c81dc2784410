"""One plot of the training progress: a metric over the epochs, for training and validation, of one run or more."""
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from bokeh.models import (
    BoxZoomTool,
    CustomAction,
    GlyphRenderer,
    HoverTool,
    Legend,
    LegendItem,
    NumeralTickFormatter,
    PanTool,
    Range1d,
    ResetTool,
    SaveTool,
    WheelZoomTool,
)
from bokeh.plotting import figure

from custom_bokeh.progress_feed import ProgressFeed, Table
from custom_bokeh.screen import script
from custom_bokeh.theme import COLOURS
from custom_bokeh.trace import ALL, Trace

_SVG_ICON = (
    "data:image/svg+xml;utf8,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24'><text x='12' y='16' "
    "font-size='10.5' font-weight='700' font-family='sans-serif' text-anchor='middle' fill='gray'>SVG</text></svg>"
)


@dataclass(frozen=True)
class Other:
    """Another run in the same plots.

    Attributes:
        label: what it is called.
        feed: where its progress is read.
        colour: of its line and dots.
    """

    label: str
    feed: ProgressFeed
    colour: str


@dataclass(frozen=True)
class Look:
    """How the plots look.

    Attributes:
        window: batches that the line is a mean over; 1 for the batches themselves.
        log_x: whether the epochs are on a logarithmic axis.
        log_y: whether the values are.
    """

    window: int = 1
    log_x: bool = False
    log_y: bool = False


class Curve:
    """The blue line of the batches and the green dots of the validation.

    Attributes:
        root: the figure.
        line: the batches.
        smooth: their mean over some batches, None where they are shown as they are.
        dots: the validation.

    Args:
        name: the column of the progress files.
        feed: where they are read.
        theme: `light` or `dark`.
        x_range: shared by all plots of the page.
        look: how the plot looks.
        others: further runs.
    """

    def __init__(
        self, name: str, feed: ProgressFeed, theme: str, x_range: Range1d, look: Look = Look(),
        others: Sequence[Other] = (),
    ):  # fmt: skip
        self.name = name
        self.feed = feed
        self.line = Trace(feed.training, name)
        self.smooth = Trace(feed.training, name, look.window) if look.window > 1 else None
        self.dots = Trace(feed.validation, name)
        self._others = [(Trace(o.feed.training, name, look.window), Trace(o.feed.validation, name)) for o in others]
        self._traces = [self.line, self.dots, *(trace for pair in self._others for trace in pair)]
        if self.smooth:
            self._traces.append(self.smooth)
        self._legend: list[tuple[LegendItem, Trace]] = []
        self._look = look
        self.root = _figure(name, theme, x_range, look)
        self._draw(theme, others)

    def _draw(self, theme: str, others: Sequence[Other]) -> None:
        colours, title = COLOURS[theme], title_of(self.name)
        for (line, dots), other in zip(self._others, others, strict=True):
            self._add(f"{other.label}", self._line(line, other.colour), line)
            self._dots(dots, other.colour, other.label, "diamond")
        faint = 0.3 if self.smooth else 1.0
        line = self._line(self.line, colours.training, faint)
        if self.smooth:
            smooth = self._line(self.smooth, colours.training, width=2)
            self._add("training", smooth, self.smooth)
        else:
            self._add("training", line, self.line)
        self._add("validation", self._dots(self.dots, colours.validation, f"validation {title.lower()}"), self.dots)
        location = "bottom_right" if is_share(self.name) else "top_right"
        legend = Legend(items=[item for item, _ in self._legend], location=location, orientation="horizontal", ncols=3)
        self.root.add_layout(legend)

    def _add(self, label: str, renderer: GlyphRenderer, trace: Trace) -> None:
        self._legend.append((LegendItem(label={"value": label}, renderers=[renderer], visible=False), trace))

    def _line(self, trace: Trace, colour: str, alpha: float = 1.0, width: float = 1.5) -> GlyphRenderer:
        return self.root.line("x", "y", source=trace.source, color=colour, line_alpha=alpha, line_width=width)

    def _dots(self, trace: Trace, colour: str, label: str, marker: str = "circle") -> GlyphRenderer:
        dots = self.root.scatter("x", "y", source=trace.source, color=colour, size=8, marker=marker)
        tooltips = [("epoch", "@x{0.##}"), (escape(label), "@y{0.[00000]}")]
        self.root.add_tools(HoverTool(renderers=[dots], tooltips=tooltips, visible=False))
        return dots

    def update(self, view: tuple[float, float] = ALL) -> None:
        """Bring the plot up to date.

        Args:
            view: left and right end of what is in view, in epochs; else only what can be seen there is sent.
        """
        for trace in self._traces:
            trace.update(view)
        for item, trace in self._legend:
            if item.visible != trace.there:
                item.visible = trace.there
        self._fit_a_constant()
        label = f"{title_of(self.name)} over the epochs. {self.summary()}"
        self.root.html_attributes = {"role": "figure", "aria-label": label}

    def _fit_a_constant(self) -> None:
        """Where all values are one, such as a fixed learning rate, show it halfway up an axis from zero."""
        table = self.feed.training
        found = _last(table, self.name)
        if self._look.log_y or found is None or found[0] != table.column(self.name)[0]:
            return
        # Bokeh uses this span only as long as the smallest value is the largest.
        span = 2 * abs(float(found[0]))
        if not 0 < span < np.inf:
            return
        if self.root.y_range.default_span != span:
            self.root.y_range.default_span = span

    def show(self, view: tuple[float, float]) -> None:
        """Send what is in view now, thinned for it."""
        for trace in self._traces:
            trace.show(view)

    def summary(self) -> str:
        """The newest values in words."""
        parts = []
        for kind, table in (("Last batch", self.feed.training), ("validation", self.feed.validation)):
            if (found := _last(table, self.name)) is not None:
                value, progress = found
                parts.append(f"{kind} {_number(value, self.name)} at epoch {progress:.4g}")
        return "; ".join(parts) + "." if parts else "No value yet."


def _figure(name: str, theme: str, x_range: Range1d, look: Look) -> figure:
    colours, title = COLOURS[theme], title_of(name)
    kinds = {"x_axis_type": "log" if look.log_x else "linear", "y_axis_type": "log" if look.log_y else "linear"}
    plot = figure(
        x_range=x_range, height=300, sizing_mode="stretch_width", tools="", toolbar_location="above",
        x_axis_label="Epochs", y_axis_label=title, lod_threshold=None, min_border_left=70,
        border_fill_color=colours.page, background_fill_color=colours.page, **kinds,
    )  # fmt: skip
    wheel = WheelZoomTool(modifiers="ctrl", description="Zoom: wheel with Ctrl")
    svg = CustomAction(
        icon=_SVG_ICON, description="Save as SVG", callback=script("save_svg", plot=plot, file_name=f"{name}.svg")
    )
    png = SaveTool(filename=name, description="Save as PNG")
    plot.add_tools(PanTool(), BoxZoomTool(), wheel, png, svg, ResetTool())
    plot.toolbar.logo = None
    if is_share(name):
        plot.yaxis.formatter = NumeralTickFormatter(format="0.[0] %")
    return plot


def _last(table: Table, name: str) -> tuple[float, float] | None:
    """A column's newest value and when it was."""
    if name not in table.columns or not table.count or np.isnan(table.column(name)[-1]):
        return None
    return table.column(name)[-1], table.progress[-1]


def title_of(name: str) -> str:
    """A column's name as people read it."""
    return escape(name.replace("_", " ").capitalize())


def is_share(name: str) -> bool:
    """Whether a column holds shares between 0 and 1, shown as percent."""
    return name == "accuracy" or name.endswith(("_accuracy", "_acc")) or name == "acc"


def _number(value: float, name: str) -> str:
    return f"{value:.1%}" if is_share(name) else f"{value:.4g}"
