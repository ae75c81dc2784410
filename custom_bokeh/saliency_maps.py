"""The input image and which of its pixels the class score depends on, side by side with linked zoom."""
from functools import partial
from html import escape
from typing import Any

import numpy as np
from bokeh.layouts import row
from bokeh.models import Slider

from custom_bokeh.access import Visit
from custom_bokeh.arrays import plain
from custom_bokeh.library import Library
from custom_bokeh.overlay import Overlay
from custom_bokeh.part import Part
from custom_bokeh.part_view import PartView
from custom_bokeh.stage_details import number, ranges
from custom_bokeh.stage_feed import StageFeed
from custom_bokeh.staged import StagedComponent
from visualization_files.stages import Stage

TITLES = {
    "absolute": "Saliency map", "positive": "Positive saliency", "negative": "Negative saliency",
    "guided": "Guided backpropagation",
}  # fmt: skip


class SaliencyMaps(StagedComponent):
    """The map of one stage, its variants, and the input image with the map laid over it.

    Attributes:
        overlay: the input image with the map over it.
        strength: how much of the map is seen there.
    """

    technique = "saliency_maps"

    def __init__(self, visit: Visit, library: Library):
        super().__init__(visit, library)
        self.overlay = Overlay(self)
        self.strength = Slider(title="Strength of the map over the image", start=0, end=1, value=0, step=0.05,
                               width=260, tooltips=False, bar_color=self.colours.training,
                               stylesheets=[self.sheet])  # fmt: skip
        self.strength.js_link("value", self.overlay.glyph, "global_alpha")
        self.bar.add(self.strength)

    def parts(self, feed: StageFeed, stage: Stage, data: np.ndarray) -> list[Part]:
        values, first = ranges(stage), _variants(stage)[0]
        found = {first: data, **feed.variants(stage)}
        key = (feed.path(stage), feed.state(stage))
        return [
            _part(variant, plain(array), values.get(variant), (*key, variant)) for variant, array in found.items()
        ]

    def view(self, slot: str, part: Part) -> PartView:
        return PartView(self, slot, part, ranges=self.overlay.picture.ranges)

    def arrange(self, views: list[PartView]) -> list[Any]:
        roots = [self.overlay.root, *(view.root for view in views)]
        if self.comparison.active:  # each map is three pictures then
            return roots
        pairs = [roots[index : index + 2] for index in range(0, len(roots), 2)]
        return [row(*pair, sizing_mode="stretch_width", spacing=16) for pair in pairs]

    def about(self, stage: Stage) -> str:
        self.overlay.update(self.gallery.parts[0])
        details = stage.details
        sentences = []
        if isinstance(details.get("class_index"), int):
            name = f" ({details['class_name']})" if isinstance(details.get("class_name"), str) else ""
            sentences.append(f"Class {details['class_index']}{name}")
        if (score := number(details.get("score"))) is not None:
            sentences.append(f"score before softmax {score:.4g}")
        if (norm := number(details.get("gradient_norm"))) is not None:
            sentences.append(f"norm of the gradient {norm:.3g}")
        return f"<p>{escape(', '.join(sentences))}.</p>" if sentences else ""


def _variants(stage: Stage) -> list[str]:
    names = stage.details.get("variants")
    known = [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
    return known or ["absolute"]


def _part(variant: str, array: np.ndarray, values: tuple[float, float] | None, key: tuple) -> Part:
    title = TITLES.get(variant, variant.replace("_", " ").capitalize())
    dark = "It is all dark: the score does not depend on any pixel." if not array.any() else ""
    about = dark or (f"White is a gradient of {values[1]:.3g}." if values else "Bright pixels matter most.")
    return Part(
        name=variant, title=title, about=about, shape=array.shape, key=key, make=partial(np.asarray, array),
        stored=partial(np.asarray, array), raw=array, values=values,
    )  # fmt: skip
