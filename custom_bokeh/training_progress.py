"""Accuracy, loss and every other metric of each batch, and of each epoch's validation."""
from contextlib import ExitStack
from functools import partial
from html import escape

import numpy as np
from bokeh.layouts import column
from bokeh.models import CustomJS, Div, Range1d

from custom_bokeh.access import Visit
from custom_bokeh.component import Component, sentence
from custom_bokeh.curve import Curve, Other, title_of
from custom_bokeh.downloads import Downloads
from custom_bokeh.library import Library
from custom_bokeh.other_runs import other_runs
from custom_bokeh.progress_controls import ProgressControls
from custom_bokeh.progress_feed import ProgressFeed
from custom_bokeh.progress_files import csv
from custom_bokeh.screen import Screen, script
from custom_bokeh.trace import ALL

WAITING = (
    "Nothing to show yet. The plots appear with the first batch, if the script registers them: "
    "callbacks.register_training_progress()."
)


class TrainingProgress(Component):
    """A plot for accuracy and one for loss, then one for every further column of the files."""

    def __init__(self, visit: Visit, library: Library):
        super().__init__(visit, library)
        self.feed = library.progress(visit.folder)
        self.runs = other_runs(visit)
        self.screen = Screen()
        self.downloads = Downloads(self.screen)
        self.message = self.text(visible=False)
        self.controls = ProgressControls(self, self.runs, self._chosen, self._download)
        self.controls.root.visible = False
        self.plots = column(sizing_mode="stretch_width")
        self.curves: dict[str, Curve] = {}
        self.summaries: dict[str, Div] = {}
        self.x_range = Range1d(0, 1)
        self.following = True
        self.x_range.on_change("start", self._on_range)
        self.x_range.on_change("end", self._on_range)
        self.root = column(
            self.message, self.controls.root, self.plots, sizing_mode="stretch_width", tags=[self.screen]
        )
        self.downloads.connect()
        self.plots.js_on_change("children", script("touch"))
        self._other_feeds: dict[int, ProgressFeed] = {}
        self._versions: tuple = ()
        self._range_is_ours = False
        self._range_waits = False

    def started(self) -> list[CustomJS]:
        return [script("touch")]

    @property
    def _feeds(self) -> list[ProgressFeed]:
        return [self.feed, *self._other_feeds.values()]

    def _locks(self) -> ExitStack:
        stack = ExitStack()
        for feed in self._feeds:
            stack.enter_context(feed.lock)
        return stack

    def update(self) -> None:
        versions = tuple(feed.version for feed in self._feeds)
        if versions == self._versions:
            return
        with self._locks():
            self._versions = versions
            self._follow()
            names = [name for name in self._names() if self._has_values(name)]
            self.curves = {name: self.curves.get(name) or self._curve(name) for name in names}
            self.summaries = {name: self.summaries.get(name) or self.text() for name in names}
            for name, curve in self.curves.items():
                curve.update(self._view)
                self.summaries[name].text = _heading(name, curve.summary())
            self._arrange()
            self._say()

    @property
    def _view(self) -> tuple[float, float]:
        return ALL if self.following else (self.x_range.start, self.x_range.end)

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

    def _arrange(self) -> None:
        """Have a plot for each name, in their order."""
        plots = [part for name, curve in self.curves.items() for part in (self.summaries[name], curve.root)]
        if self.plots.children != plots:
            self.plots.children = plots

    def _curve(self, name: str) -> Curve:
        colours = self.colours.others
        chosen = [(place, index) for place, index in enumerate(self.controls.others) if index is not None]
        others = [Other(self.runs[i].label, self._other_feeds[i], colours[place]) for place, i in chosen]
        return Curve(name, self.feed, self.visit.theme, self.x_range, self.controls.look, others)

    def _chosen(self) -> None:
        """Draw the plots anew, as somebody wants them otherwise now."""
        chosen = [index for index in self.controls.others if index is not None]
        for index in chosen:
            if index not in self._other_feeds:
                self._other_feeds[index] = self.library.progress(self.runs[index].folder)
                self.follow(self.runs[index].folder.path)
        self._other_feeds = {index: self._other_feeds[index] for index in chosen}
        self.curves, self._versions = {}, ()
        self.update()

    # What is in view

    def _follow(self) -> None:
        """While nobody has zoomed, the whole run is in view."""
        tables = [table for feed in self._feeds for table in (feed.training, feed.validation) if table.count]
        ends = [table.progress[-1] for table in tables]
        end = max([end for end in ends if np.isfinite(end) and end > 0], default=1.0)
        start = 0.0
        if self.controls.look.log_x:
            start = min([t.progress[0] for t in tables if 0 < t.progress[0] < end], default=end / 100)
        self._range_is_ours = True
        self.x_range.update(reset_start=start, reset_end=end)
        if self.following:
            self.x_range.update(start=start, end=end)
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
        with self._locks():
            for curve in self.curves.values():
                curve.show((span.start, span.end))

    # What is said and handed out

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
        if self.controls.root.visible != bool(self.curves):
            self.controls.root.visible = bool(self.curves)

    def _download(self, kind: str) -> None:
        table = {"training": self.feed.training, "validation": self.feed.validation}.get(kind)
        if table is not None:
            name = f"{self.visit.folder.name}_{kind}_progress.csv"
            self.downloads.start(partial(csv, table), name, "text/csv", self.root.document)


def _heading(name: str, summary: str) -> str:
    return f'<h2 class="heading part">{title_of(name)}</h2><p class="quiet">{escape(summary)}</p>'
