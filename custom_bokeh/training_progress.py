"""Accuracy, loss and every other metric of each batch, and of each epoch's validation."""
from html import escape

import numpy as np
from bokeh.layouts import column
from bokeh.models import Div, Range1d

from custom_bokeh.access import Visit
from custom_bokeh.component import Component, sentence
from custom_bokeh.curve import Curve, title_of
from custom_bokeh.library import Library

WAITING = (
    "Nothing to show yet. The plots appear with the first batch, if the script registers them: "
    "callbacks.register_training_progress()."
)


class TrainingProgress(Component):
    """A plot for accuracy and one for loss, then one for every further column of the files."""

    def __init__(self, visit: Visit, library: Library):
        super().__init__(visit, library)
        self.feed = library.progress(visit.folder)
        self.message = self.text(visible=False)
        self.curves: dict[str, Curve] = {}
        self.summaries: dict[str, Div] = {}
        self.x_range = Range1d(0, 1)
        self.following = True
        self.x_range.on_change("start", self._on_range)
        self.x_range.on_change("end", self._on_range)
        self.root = column(self.message, sizing_mode="stretch_width")
        self._version = -1
        self._range_is_ours = False
        self._range_waits = False

    def update(self) -> None:
        if self.feed.version == self._version:
            return
        with self.feed.lock:
            self._update()

    def _update(self) -> None:
        self._version = self.feed.version
        self._follow()
        self._arrange([name for name in self._names() if self._has_values(name)])
        for name, curve in self.curves.items():
            curve.update(self.following)
            self.summaries[name].text = _heading(name, curve.summary())
        self._say()

    def _names(self) -> list[str]:
        tables = (self.feed.training, self.feed.validation)
        names = [name for table in tables if table.count for name in table.columns[1:]]
        return list(dict.fromkeys(names))

    def _has_values(self, name: str) -> bool:
        """A network compiled without accuracy has a column of `nan`, which needs no plot."""
        if name in self.curves:
            return True
        tables = [table for table in (self.feed.training, self.feed.validation) if name in table.columns]
        return not all(np.isnan(table.column(name)).all() for table in tables)

    def _arrange(self, names: list[str]) -> None:
        """Have a plot for each name, in their order."""
        if list(self.curves) == names:
            return
        theme = self.visit.theme
        self.curves = {
            name: self.curves.get(name) or Curve(name, self.feed, theme, self.x_range) for name in names
        }
        self.summaries = {name: self.summaries.get(name) or self.text() for name in names}
        plots = [part for name in names for part in (self.summaries[name], self.curves[name].root)]
        self.root.children = [self.message, *plots]

    def _follow(self) -> None:
        """While nobody has zoomed, the whole run is in view."""
        ends = [table.progress[-1] for table in (self.feed.training, self.feed.validation) if table.count]
        end = max([end for end in ends if np.isfinite(end) and end > 0], default=1.0)
        self._range_is_ours = True
        self.x_range.update(reset_start=0, reset_end=end)
        if self.following:
            self.x_range.update(start=0, end=end)
        self._range_is_ours = False

    def _on_range(self, attr: str, old: float, new: float) -> None:
        if self._range_is_ours or self._range_waits:
            return
        # A drag changes the range many times a second, and each end by itself: wait a little.
        document = self.root.document
        if document is None or document.session_context is None:
            self.show_range()
        else:
            self._range_waits = True
            document.add_timeout_callback(self.show_range, 100)

    def show_range(self) -> None:
        """Send the points of the range that somebody chose, down to single batches."""
        self._range_waits = False
        span = self.x_range
        self.following = (span.start, span.end) == (span.reset_start, span.reset_end)
        with self.feed.lock:
            for curve in self.curves.values():
                curve.show_range()

    def _say(self) -> None:
        if self.feed.error:
            text = sentence(self.feed.error, error=True)
        elif not self.curves:
            text = sentence(WAITING)
        elif "accuracy" not in self.curves:
            text = sentence("The network was compiled without accuracy as a metric, so only the rest is shown.")
        else:
            text = ""
        if text != self.message.text:
            self.message.update(text=text, visible=bool(text))


def _heading(name: str, summary: str) -> str:
    return f'<h2 class="heading">{title_of(name)}</h2><p class="quiet">{escape(summary)}</p>'
