"""What the four pages with pictures share: stages, the sentence while there is nothing, bad files."""
from collections.abc import Hashable
from typing import Any

from bokeh.layouts import column

from custom_bokeh.access import Visit
from custom_bokeh.component import Component, sentence
from custom_bokeh.library import Library
from visualization_files.layout import BadFileError
from visualization_files.names import VISUALIZATIONS
from visualization_files.stages import Stage


class StagedComponent(Component):
    """Shows one stage of a technique: the newest one until somebody takes hold of the slider.

    Attributes:
        technique: name of the visualization.
        message: what is waited for, or what is wrong.
        body: everything else; invisible until there is something.
        stage: the stage that is shown, None before there is one.
    """

    technique: str

    def __init__(self, visit: Visit, library: Library):
        super().__init__(visit, library)
        self.feed = library.stages(visit.folder, self.technique)
        self.message = self.text(visible=False)
        self.body = column(visible=False, sizing_mode="stretch_width")
        self.root = column(self.message, self.body, sizing_mode="stretch_width")
        self.stage: Stage | None = None
        self._version = -1

    def show_stage(self, stage: Stage, data: Any, key: Hashable) -> None:
        """Show a stage's data; `key` is the same for every page that shows the same data."""
        raise NotImplementedError

    def update(self) -> None:
        if self.feed.version == self._version:
            return
        self._version = self.feed.version
        self._show(self._chosen())

    def _chosen(self) -> Stage | None:
        return self.feed.stages[-1] if self.feed.stages else None

    def _show(self, stage: Stage | None) -> None:
        problem = self.feed.error
        if stage is not None:
            try:
                data = self.feed.data(stage)
                self.show_stage(stage, data, (self.technique, self.feed.path(stage), self.feed.state(stage)))
                self.stage = stage
            except BadFileError as error:
                problem = str(error)
            except FileNotFoundError:
                problem = "This stage is gone: a new run began, or it made room for others."
        self.say(problem, waits=stage is None)
        self.body.visible = self.stage is not None and stage is not None

    def say(self, problem: str | None, waits: bool) -> None:
        """Say what is wrong, else what is waited for, else nothing."""
        text = sentence(problem or self.waiting(), error=bool(problem)) if problem or waits else ""
        if text != self.message.text or bool(text) != self.message.visible:
            self.message.update(text=text, visible=bool(text))

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
