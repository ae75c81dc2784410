"""What the four pages with pictures share: stages, comparison, the sentence while there is nothing."""
from functools import partial
from typing import Any

from bokeh.layouts import column
from bokeh.models import CustomJS, Slider

from custom_bokeh.access import Visit
from custom_bokeh.comparison import Comparison
from custom_bokeh.component import Component, sentence
from custom_bokeh.downloads import Downloads
from custom_bokeh.gallery import Gallery
from custom_bokeh.library import Library
from custom_bokeh.part import Part
from custom_bokeh.part_view import PartView
from custom_bokeh.picture_files import TYPES, make
from custom_bokeh.player import Player
from custom_bokeh.screen import Screen, script
from custom_bokeh.sheets import Sheets
from custom_bokeh.stage_bar import StageBar
from custom_bokeh.stage_feed import StageFeed
from visualization_files.layout import BadFileError
from visualization_files.names import VISUALIZATIONS
from visualization_files.stages import Stage


class StagedComponent(Component):
    """Shows one stage of a technique: the newest one until somebody takes hold of the slider.

    A page of a technique says which `parts` a stage has, and may override `arrange` and `about`.

    Attributes:
        technique: name of the visualization.
        message: what is waited for, or what is wrong.
        body: everything else; invisible until there is something.
        bar: the controls.
        gallery: the pictures.
        stage: the stage that is shown, None before there is one.
    """

    technique: str
    cards = False
    # How many parts are sent before the browser has said which are in view.
    first_parts = 3

    def __init__(self, visit: Visit, library: Library):
        super().__init__(visit, library)
        self.feed = library.stages(visit.folder, self.technique)
        self.screen = Screen()
        self.message = self.text(visible=False)
        self.note = self.text(visible=False)
        self.bar = StageBar(self, self.soon, self._download, _batch(visit.view.get("stage")))
        self.sheets = Sheets(self, self.soon)
        self.bar.add(self.sheets.select)
        self.player = Player(self.bar)
        self.downloads = Downloads(self.screen)
        self.gallery = Gallery(self)
        self.body = column(self.bar.root, self.note, self.gallery.root, visible=False, sizing_mode="stretch_width")
        # A screen has no place in the layout; among the tags it belongs to the document all the same.
        self.root = column(self.message, self.body, sizing_mode="stretch_width", tags=[self.screen])
        self.stage: Stage | None = None
        self.comparison = Comparison(self)
        self._shared: list[Any] = [self.feed]
        self._version: tuple = ()
        self._connect()

    def _connect(self) -> None:
        self.screen.js_on_change("frame", script("drawn", screen=self.screen))
        self.screen.js_on_change("stage", script("address", screen=self.screen))
        self.downloads.connect()
        self.gallery.root.js_on_change("children", self.look, script("touch"))
        self.screen.on_change("seen", lambda attr, old, new: self._seen())
        self.screen.on_change("in_view", lambda attr, old, new: self.gallery.fill())
        self.screen.on_change("width", lambda attr, old, new: self.gallery.fit())
        self.screen.on_change("narrow", lambda attr, old, new: self.soon())

    @property
    def look(self) -> CustomJS:
        """Makes the browser tell which parts are in view."""
        return script("in_view", screen=self.screen, body=self.gallery.root)

    def started(self) -> list[CustomJS]:
        drawn = script("drawn", screen=self.screen)
        labels = script("label_sliders", sliders=list(self.root.select({"type": Slider})))
        return [drawn, self.look, labels, script("touch"), script("arrow_keys", slider=self.bar.slider)]

    @property
    def views(self) -> dict[str, PartView]:
        """The views of the gallery."""
        return self.gallery.views

    def shares(self, shared: Any) -> None:
        """Follow something that all pages share: its `version` goes up with each change."""
        self._shared.append(shared)

    # What the pages of the techniques say

    def parts(self, feed: StageFeed, stage: Stage, data: Any) -> list[Part]:
        """The pictures of a stage."""
        raise NotImplementedError

    def about(self, stage: Stage) -> str:
        """What is to be said of the whole stage, as HTML."""
        return ""

    def arrange(self, views: list[PartView]) -> list[Any]:
        """The layout of the pictures."""
        return [view.root for view in views]

    # What is shown

    def update(self) -> None:
        version = tuple(shared.version for shared in self._shared)
        if version == self._version:
            return
        self._version = version
        self.soon()

    def soon(self) -> None:
        """Show what is chosen now, as soon as the browser has drawn what was sent before."""
        self.bar.offer(self.feed.stages, self.comparison.images())
        if self.screen.seen >= self.screen.frame or self.alone:
            self._show()

    @property
    def alone(self) -> bool:
        """Whether there is no browser, as in a test or a download."""
        return self.root.document is None or self.root.document.session_context is None

    def _seen(self) -> None:
        self._show()
        self.player.drawn()

    def _show(self) -> None:
        stage, against = self.bar.stage, None
        problem = self.feed.error
        if stage is not None:
            try:
                parts = self.read(self.feed, stage)
                against = self.comparison.parts()
            except BadFileError as error:
                problem = str(error)
            except FileNotFoundError:
                problem = "This stage is gone: a new run began, or it made room for others."
            else:
                self.stage = stage
                self.gallery.place(self.sheets.of(parts) if self.cards else parts, against, self.comparison.active)
                self._tell(stage)
        self._say(problem, waits=stage is None)
        visible = self.stage is not None and stage is not None
        if self.body.visible != visible:
            self.body.visible = visible

    def read(self, feed: StageFeed, stage: Stage) -> list[Part]:
        """The parts of a stage, from its file.

        Raises:
            BadFileError: if they cannot be shown.
            FileNotFoundError: if the stage is gone.
        """
        return self.parts(feed, stage, feed.data(stage))

    def view(self, slot: str, part: Part) -> PartView:
        """A view at a place where none was before."""
        return PartView(self, slot, part, card=self.cards)

    def _tell(self, stage: Stage) -> None:
        html = self.about(stage)
        if html != self.note.text or bool(html) != self.note.visible:
            self.note.update(text=html, visible=bool(html))
        if self.screen.stage != self.bar.pinned:
            self.screen.stage = self.bar.pinned

    def _say(self, problem: str | None, waits: bool) -> None:
        """Say what is wrong, else what is waited for, else nothing."""
        text = sentence(problem or self.waiting(), error=bool(problem)) if problem or waits else ""
        if text != self.message.text or bool(text) != self.message.visible:
            self.message.update(text=text, visible=bool(text))

    def _download(self, kind: str) -> None:
        if kind not in TYPES or self.stage is None:
            return
        when = "" if kind == "gif" else f"_{self.stage.batch}"
        name = f"{self.visit.folder.name}_{self.technique}{when}.{kind}"
        self.downloads.start(partial(make, kind, self), name, TYPES[kind], self.root.document)

    def waiting(self) -> str:
        """What has to happen before there is something to show."""
        shown = VISUALIZATIONS[self.technique]
        if shown.needs_image and not self.visit.folder.image_paths():
            return (
                f"{shown.title} need an input image, and this run has none. "
                "Choose one in the dialog that Run opens."
            )
        return (
            "Nothing to show yet. The first drawing comes before the first batch, if the script registers it: "
            f"callbacks.register_{self.technique}()."
        )


def _batch(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
