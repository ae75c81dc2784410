"""The controls above the plots of the training progress: smoothing, axes, other runs, downloads."""
from collections.abc import Callable, Sequence

from bokeh.layouts import row
from bokeh.models import Button, Select, Toggle

from custom_bokeh.component import Component
from custom_bokeh.curve import Look
from custom_bokeh.download_select import download_select
from custom_bokeh.other_runs import OtherRun
from custom_bokeh.smoothing import WINDOWS

DOWNLOADS = {"training": "Every batch (CSV)", "validation": "Every epoch (CSV)"}
_NONE = ""


class ProgressControls:
    """What one can choose about the plots.

    Attributes:
        root: the layout.
        others: positions of the chosen runs among those offered.

    Args:
        page: the component that they belong to.
        runs: the runs that can be added.
        changed: called after somebody chose something.
        download: called with `training` or `validation`.
    """

    def __init__(
        self, page: Component, runs: Sequence[OtherRun], changed: Callable[[], None], download: Callable[[str], None]
    ):
        self._runs = runs
        self._changed = changed
        self._limit = len(page.colours.others)
        self._sheet = page.sheet
        self._colours = page.colours.others
        self.others: list[int | None] = [None] * self._limit
        style = {"stylesheets": [self._sheet]}
        windows = [(str(n), f"mean of {n} batches" if n > 1 else "none") for n in WINDOWS]
        self.smoothing = Select(title="Smoothing", value="1", options=windows, width=170, **style)
        self.log_x = Toggle(label="Log epochs", width=110, align="end", **style)
        self.log_y = Toggle(label="Log values", width=110, align="end", **style)
        self.add = Select(title="Add a run", value=_NONE, width=200, visible=bool(runs), **style)
        self.save = download_select(page, DOWNLOADS, download)
        self.chosen = row(sizing_mode="stretch_width", styles={"flex-wrap": "wrap"}, visible=False)
        controls = [self.smoothing, self.log_x, self.log_y, self.add, self.save]
        self.root = row(*controls, self.chosen, sizing_mode="stretch_width", styles={"flex-wrap": "wrap"})
        self._offer()
        self.smoothing.on_change("value", lambda attr, old, new: changed())
        for toggle in (self.log_x, self.log_y):
            toggle.on_change("active", lambda attr, old, new: changed())
        self.add.on_change("value", lambda attr, old, new: self._add(new))

    @property
    def look(self) -> Look:
        """How the plots are to look."""
        return Look(int(self.smoothing.value), bool(self.log_x.active), bool(self.log_y.active))

    def _add(self, value: str) -> None:
        if value == _NONE:
            return
        index = int(value)
        if None in self.others and index not in self.others:
            self.others[self.others.index(None)] = index
        self._offer()
        self._changed()

    def remove(self, index: int) -> None:
        """Show a run no longer."""
        self.others[self.others.index(index)] = None
        self._offer()
        self._changed()

    def _offer(self) -> None:
        full = None not in self.others
        free = [(str(i), run.label) for i, run in enumerate(self._runs) if i not in self.others]
        first = f"{self._limit} are the most" if full else "choose one"
        self.add.update(options=[(_NONE, first), *([] if full else free)], value=_NONE)
        chosen = [(place, index) for place, index in enumerate(self.others) if index is not None]
        self.chosen.children = [self._button(place, index) for place, index in chosen]
        self.chosen.visible = bool(self.chosen.children)

    def _button(self, place: int, index: int) -> Button:
        line = f".bk-btn {{ border-left: 6px solid {self._colours[place]}; }}"
        button = Button(align="end", label=f"Remove {self._runs[index].label}", stylesheets=[self._sheet, line])
        button.on_click(lambda: self.remove(index))
        return button
