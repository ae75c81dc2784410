"""What the four pages with pictures share: stages, comparison, the sentence while there is nothing."""
from typing import Any

from bokeh.layouts import column
from bokeh.models import CustomJS

from custom_bokeh.access import Visit
from custom_bokeh.component import Component, sentence
from custom_bokeh.downloads import Downloads
from custom_bokeh.library import Library
from custom_bokeh.part import Part
from custom_bokeh.part_view import PartView
from custom_bokeh.player import Player
from custom_bokeh.screen import Screen, script
from custom_bokeh.stage_bar import StageBar
from custom_bokeh.stage_feed import StageFeed
from visualization_files.layout import BadFileError
from visualization_files.names import VISUALIZATIONS
from visualization_files.stages import Stage

# How many parts are sent before the browser has said which are in view.
_FIRST_PARTS = 3


class StagedComponent(Component):
    """Shows one stage of a technique: the newest one until somebody takes hold of the slider.

    A page of a technique says which `parts` a stage has, and may override `arrange` and `about`.

    Attributes:
        technique: name of the visualization.
        message: what is waited for, or what is wrong.
        body: everything else; invisible until there is something.
        bar: the controls.
        views: a `PartView` for each part, by its name.
        stage: the stage that is shown, None before there is one.
    """

    technique: str
    cards = False

    def __init__(self, visit: Visit, library: Library):
        super().__init__(visit, library)
        self.feed = library.stages(visit.folder, self.technique)
        self.screen = Screen()
        self.message = self.text(visible=False)
        self.note = self.text(visible=False)
        self.bar = StageBar(self, self.soon, self._download, _batch(visit.view.get("stage")))
        self.player = Player(self.bar)
        self.downloads = Downloads(self.screen)
        self.views: dict[str, PartView] = {}
        self.pictures = column(sizing_mode="stretch_width")
        self.body = column(self.bar.root, self.note, self.pictures, visible=False, sizing_mode="stretch_width")
        # A screen has no place in the layout; among the tags it belongs to the document all the same.
        self.root = column(self.message, self.body, sizing_mode="stretch_width", tags=[self.screen])
        self.stage: Stage | None = None
        self._other_feeds: dict[str, StageFeed] = {}
        self._shared: list[Any] = [self.feed]
        self._parts: list[tuple[Part, Part | None]] = []
        self._version: tuple = ()
        self._connect()

    def _connect(self) -> None:
        self.screen.js_on_change("frame", script("drawn", screen=self.screen))
        self.screen.js_on_change("stage", script("address", screen=self.screen))
        self.screen.js_on_change("download", script("download", screen=self.screen))
        self.pictures.js_on_change("children", self.look)
        self.screen.on_change("seen", lambda attr, old, new: self._seen())
        self.screen.on_change("in_view", lambda attr, old, new: self._fill())
        self.screen.on_change("width", lambda attr, old, new: self._fit())
        self.screen.on_change("narrow", lambda attr, old, new: self.soon())

    @property
    def look(self) -> CustomJS:
        """Makes the browser tell which parts are in view."""
        return script("in_view", screen=self.screen, body=self.pictures)

    def started(self) -> list[CustomJS]:
        drawn = script("drawn", screen=self.screen)
        return [drawn, self.look, script("arrow_keys", slider=self.bar.slider)]

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
        self.bar.offer(self.feed.stages, self._images())
        if self.screen.seen >= self.screen.frame or self._alone():
            self._show()

    def _alone(self) -> bool:
        return self.root.document is None or self.root.document.session_context is None

    def _seen(self) -> None:
        self._show()
        self.player.drawn()

    def _show(self) -> None:
        stage, against = self.bar.stage, None
        problem = self.feed.error
        if stage is not None:
            try:
                parts = self._read(self.feed, stage)
                against = self._read_other()
            except BadFileError as error:
                problem = str(error)
            except FileNotFoundError:
                problem = "This stage is gone: a new run began, or it made room for others."
            else:
                self.stage = stage
                self._place(parts, against)
                self._tell(stage)
        self._say(problem, waits=stage is None)
        visible = self.stage is not None and stage is not None
        if self.body.visible != visible:
            self.body.visible = visible

    def _read(self, feed: StageFeed, stage: Stage) -> list[Part]:
        return self.parts(feed, stage, feed.data(stage))

    def _read_other(self) -> dict[str, Part] | None:
        """The parts to compare with, by their name."""
        feed, stage = self.feed, self.bar.against
        if name := self.bar.against_image:
            feed = self._feed_of(name)
            stages = [s for s in feed.stages if s.batch <= self.bar.stage.batch] or feed.stages[:1]
            stage = stages[-1] if stages else None
        if stage is None:
            return None
        return {part.name: part for part in self._read(feed, stage)}

    def _feed_of(self, image: str) -> StageFeed:
        if image not in self._other_feeds:
            self._other_feeds[image] = self.library.stages(self.visit.folder, self.technique, image)
            self.shares(self._other_feeds[image])
        return self._other_feeds[image]

    def _place(self, parts: list[Part], against: dict[str, Part] | None) -> None:
        self._parts = [(part, against and against.get(part.name)) for part in parts]
        names = [part.name for part in parts]
        if list(self.views) != names:
            self.views = {part.name: self.views.get(part.name) or self.view(part) for part in parts}
            self.pictures.children = self.arrange(list(self.views.values()))
            self._fit()
        self._fill(force=True)

    def view(self, part: Part) -> PartView:
        """A view for a part that was not there before."""
        return PartView(self, part, card=self.cards)

    def _fill(self, force: bool = False) -> None:
        """Send the parts that are in view; the others wait until they are."""
        names = self.screen.in_view
        sent = False
        for index, (part, against) in enumerate(self._parts):
            in_view = index < _FIRST_PARTS if names is None else part.name in names
            if in_view or self.cards or self._alone():
                sent |= self.views[part.name].show(part, against, bool(self.screen.narrow))
        if sent:
            self.screen.frame += 1

    def _fit(self) -> None:
        width = self.screen.width
        if width:
            for view in self.views.values():
                view.fit_screen(width)

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

    def _images(self) -> list[str]:
        """The input images that this one can be compared with."""
        if not VISUALIZATIONS[self.technique].needs_image:
            return []
        return [path.name for path in self.visit.folder.image_paths()[1:]]

    def _download(self, kind: str) -> None:
        self.downloads.start(kind, self, self.root.document)

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
