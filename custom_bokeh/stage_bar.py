"""The controls above the pictures: the slider over the stages, play, compare, and downloads."""
from bisect import bisect_right
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

from bokeh.layouts import column, row
from bokeh.models import Button, Select, Slider, Toggle

from custom_bokeh.component import Component
from custom_bokeh.download_select import download_select
from custom_bokeh.theme import COLOURS
from custom_bokeh.words import stage_text
from visualization_files.stages import Stage

NOTHING, STAGE = "nothing", "stage"
DOWNLOADS = {"png": "Picture (PNG)", "zip": "Every picture (ZIP of PNG)", "gif": "All stages (GIF)",
             "npz": "Raw arrays (NPZ)"}  # fmt: skip


class StageBar:
    """Chooses the stage to show and what to compare it with.

    Attributes:
        root: the layout.
        stages: those there are, oldest first.
        pinned: the stage somebody took hold of, as batches; None follows the newest.

    Args:
        page: the component that it belongs to.
        changed: called after somebody chose something.
        download: called with the kind of file that somebody wants.
        pinned: the stage to begin with.
    """

    def __init__(
        self, page: Component, changed: Callable[[], None], download: Callable[[str], None], pinned: int | None
    ):
        self._page = page
        self._changed = changed
        self.stages: Sequence[Stage] = ()
        self.pinned = pinned
        self.images: list[str] = []
        self._ours = False
        self._style = {"stylesheets": [page.sheet]}
        self.caption = page.text()
        self.slider = self._slider("Stage")
        self.other = self._slider("Compared with stage", visible=False)
        self.newest = Button(label="Newest", width=80, align="end", disabled=True, **self._style)
        self.play = Toggle(label="Play", width=80, align="end", **self._style)
        self.compare = Select(title="Compare with", value=NOTHING, options=[], width=200, **self._style)
        self.save = download_select(page, DOWNLOADS, download)
        buttons = [self.newest, self.play, self.compare, self.save]
        self.buttons = row(*buttons, sizing_mode="stretch_width", styles={"flex-wrap": "wrap"})
        self.root = column(self.caption, self.slider, self.other, self.buttons, sizing_mode="stretch_width")
        self.slider.on_change("value", self._on_slider)
        self.other.on_change("value", lambda attr, old, new: self._ours or self._changed())
        self.newest.on_click(self.follow)
        self.compare.on_change("value", self._on_compare)

    def _slider(self, title: str, **options) -> Slider:
        colour = COLOURS[self._page.visit.theme].training
        return Slider(start=0, end=1, value=0, step=1, title=title, show_value=False, disabled=True, tooltips=False,
                      bar_color=colour, sizing_mode="stretch_width", **options, **self._style)  # fmt: skip

    def add(self, control: Any) -> None:
        """Put a further control beside the others."""
        self.buttons.children = [*self.buttons.children, control]

    # What is chosen

    @property
    def stage(self) -> Stage | None:
        """The stage to show: the last one that is not later than what was chosen."""
        return self._at(self.pinned)

    @property
    def against(self) -> Stage | None:
        """The stage to compare with, if somebody chose that."""
        index = int(self.other.value)
        return self.stages[index] if self.compare.value == STAGE and index < len(self.stages) else None

    @property
    def against_image(self) -> str | None:
        """The input image to compare with, if somebody chose one."""
        name = self.compare.value
        return name[6:] if name.startswith("image:") else None

    def _at(self, batch: int | None) -> Stage | None:
        if not self.stages:
            return None
        if batch is None:
            return self.stages[-1]
        return self.stages[max(0, bisect_right([stage.batch for stage in self.stages], batch) - 1)]

    # What there is

    def offer(self, stages: Sequence[Stage], images: list[str]) -> None:
        """Offer these stages, and these input images to compare with."""
        against = self.against
        self.stages = stages
        self._ours = True
        last = max(0, len(stages) - 1)
        for slider in (self.slider, self.other):
            slider.update(end=max(1, last), disabled=last == 0)
        shown = self.stage
        self._set(self.slider, stages.index(shown) if shown else 0)
        if against:
            self._set(self.other, stages.index(self._at(against.batch)))
        options = [(NOTHING, "nothing"), (STAGE, "another stage"), *((f"image:{name}", name) for name in images)]
        if self.compare.options != options:
            self.compare.options = options
        if self.compare.value not in dict(options):
            self.compare.value = NOTHING
        self._ours = False
        self._say()

    def _set(self, slider: Slider, value: int) -> None:
        if slider.value != value:
            slider.value = value

    def _say(self) -> None:
        stage = self.stage
        if stage is None:
            return
        number = self.stages.index(stage) + 1
        text = f"{stage_text(stage)}. Stage {number} of {len(self.stages)}"
        text += ", the newest; it follows the training." if self.pinned is None else "."
        if against := self.against:
            text += f" Beside it: {stage_text(against)}."
        if self.against_image:
            text += f" Beside it: the input image {self.against_image}."
        html = f'<p role="status">{escape(text)}</p>'
        if html != self.caption.text:
            self.caption.text = html
        if self.newest.disabled != (self.pinned is None):
            self.newest.disabled = self.pinned is None

    # What people do

    def follow(self) -> None:
        """Show the newest stage again, and each that comes."""
        self.pinned = None
        self._choose(len(self.stages) - 1)

    def step(self, by: int = 1) -> bool:
        """Take hold of a later stage; returns whether there is one."""
        index = int(self.slider.value) + by
        if not 0 <= index < len(self.stages):
            return False
        self.pinned = self.stages[index].batch
        self._choose(index)
        return True

    def rewind(self) -> None:
        """Take hold of the first stage."""
        if self.stages:
            self.pinned = self.stages[0].batch
            self._choose(0)

    def _choose(self, index: int) -> None:
        self._ours = True
        self._set(self.slider, max(0, index))
        self._ours = False
        self._say()
        self._changed()

    def _on_slider(self, attr: str, old: int, new: int) -> None:
        if self._ours or not self.stages:
            return
        self.pinned = self.stages[min(len(self.stages) - 1, max(0, int(new)))].batch
        self._say()
        self._changed()

    def _on_compare(self, attr: str, old: str, new: str) -> None:
        self.other.visible = new == STAGE
        if not self._ours:
            self._say()
            self._changed()
