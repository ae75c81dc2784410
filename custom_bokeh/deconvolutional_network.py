"""The input image, and the pattern in it that each chosen feature map answers to."""
from functools import partial
from html import escape
from typing import Any

import numpy as np
from bokeh.layouts import row

from custom_bokeh.access import Visit
from custom_bokeh.arrays import plain
from custom_bokeh.input_image import InputImage
from custom_bokeh.library import Library
from custom_bokeh.max_activating_images import MaxActivatingImages
from custom_bokeh.part import Part
from custom_bokeh.part_view import PartView
from custom_bokeh.places import Places
from custom_bokeh.stage_details import feature_maps, left_out, number
from custom_bokeh.stage_feed import StageFeed
from custom_bokeh.staged import StagedComponent
from custom_bokeh.words import figure
from visualization_files.stages import Stage


class DeconvolutionalNetwork(StagedComponent):
    """A card for each reconstruction, linked with the input image above them.

    Attributes:
        input: the input image, with the places of the maxima marked.
        places: these marks.
        max_activating: the images of a set that activate feature maps most, where they were computed.
    """

    technique = "deconvolutional_network"
    cards = True
    first_parts = 30

    def __init__(self, visit: Visit, library: Library):
        super().__init__(visit, library)
        self.input = InputImage(self)
        self.max_activating = MaxActivatingImages(self)
        self.shares(self.max_activating.feed)
        self.places = Places(self.input.picture.root, self.colours.mark)

    def parts(self, feed: StageFeed, stage: Stage, data: list[tuple[np.ndarray, str, int]]) -> list[Part]:
        told = feature_maps(stage)
        key = (feed.path(stage), feed.state(stage))
        parts, seen = [], {}
        for index, (array, layer, map_no) in enumerate(data):
            seen[layer, map_no] = seen.get((layer, map_no), 0) + 1
            again = f" ({seen[layer, map_no]})" if seen[layer, map_no] > 1 else ""
            title = f"#{map_no} in {layer}{again}"
            activation = number((told.get(map_no) or {}).get("activation"))
            about = f"Activation {figure(activation)}." if activation is not None else ""
            parts.append(_part(title, about, plain(array), (*key, index)))
        return parts

    def view(self, slot: str, part: Part) -> PartView:
        return PartView(self, slot, part, card=True, ranges=self.input.picture.ranges)

    def arrange(self, views: list[PartView]) -> list[Any]:
        cards = row(*(view.root for view in views), styles={"flex-wrap": "wrap"}, sizing_mode="stretch_width")
        return [self.input.root, cards, self.max_activating.root]

    def about(self, stage: Stage) -> str:
        self.max_activating.update(stage)
        shown = self.gallery.parts
        self.input.update(extent=shown[0].shape if shown else None)
        marked = self.places.show(stage, shown)
        lines = "".join(f"<li>{escape(name)}: {escape(why)}</li>" for name, why in left_out(stage).items())
        text = "Dragging or zooming one picture moves all of them."
        if marked:
            text = f"Crosses on the input image mark where each feature map answers most. {text}"
        elif shown and self.input.root.visible:
            text = f"This drawing does not tell where the feature maps answer most. {text}"
        if self.comparison.active:
            text = f"Maps that were not drawn for the other one have nothing beside them. {text}"
        return f"<p>{text}</p>" + (f"<ul>{lines}</ul>" if lines else "")


def _part(title: str, about: str, array: np.ndarray, key: tuple) -> Part:
    make = partial(np.asarray, array)
    return Part(name=title, title=title, about=about, shape=array.shape[:2], key=key, make=make, stored=make, raw=array)
