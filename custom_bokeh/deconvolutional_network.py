"""The input image, and the pattern in it that each chosen feature map answers to."""
from functools import partial
from html import escape
from typing import Any

import numpy as np
from bokeh.layouts import row
from bokeh.models import ColumnDataSource

from custom_bokeh.access import Visit
from custom_bokeh.arrays import plain
from custom_bokeh.input_image import InputImage
from custom_bokeh.library import Library
from custom_bokeh.part import Part
from custom_bokeh.part_view import PartView
from custom_bokeh.stage_details import feature_maps, left_out, number
from custom_bokeh.stage_feed import StageFeed
from custom_bokeh.staged import StagedComponent
from custom_bokeh.words import figure
from visualization_files.stages import Stage


class DeconvolutionalNetwork(StagedComponent):
    """A card for each reconstruction, linked with the input image above them.

    Attributes:
        input: the input image, with the places of the maxima marked.
        places: source of these marks.
    """

    technique = "deconvolutional_network"
    cards = True

    def __init__(self, visit: Visit, library: Library):
        super().__init__(visit, library)
        self.input = InputImage(self)
        self.places = ColumnDataSource({"x": [], "y": [], "text": []})
        plot, colour = self.input.picture.root, self.colours.mark
        plot.scatter("x", "y", source=self.places, marker="cross", size=12, line_color=colour, line_width=2)
        plot.text("x", "y", "text", source=self.places, text_color=colour, text_font_size="11px", x_offset=5,
                  y_offset=-3, text_outline_color="#000000")  # fmt: skip

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

    def view(self, part: Part) -> PartView:
        return PartView(self, part, card=True, ranges=self.input.picture.ranges)

    def arrange(self, views: list[PartView]) -> list[Any]:
        cards = row(*(view.root for view in views), styles={"flex-wrap": "wrap"}, sizing_mode="stretch_width")
        return [self.input.root, cards]

    def about(self, stage: Stage) -> str:
        shape = self._parts[0][0].shape if self._parts else None
        self.input.update(extent=shape)
        self._mark(stage)
        lines = "".join(f"<li>{escape(name)}: {escape(why)}</li>" for name, why in left_out(stage).items())
        text = "Dragging or zooming one picture moves all of them."
        if len(self.places.data["x"]):
            text = f"Crosses on the input image mark where each feature map answers most. {text}"
        return f"<p>{text}</p>" + (f"<ul>{lines}</ul>" if lines else "")

    def _mark(self, stage: Stage) -> None:
        """Mark the place of each map's maximum, where the stage tells it."""
        told = feature_maps(stage)
        marks = []
        for part, _ in self._parts:
            map_no = int(part.title[1:].split(" ", 1)[0])
            place = _place((told.get(map_no) or {}), part) or _brightest(part.raw)
            if place:
                marks.append((place[1], place[0], f"#{map_no}"))
        columns = list(zip(*marks, strict=True)) or [(), (), ()]
        data = {name: list(column) for name, column in zip(("x", "y", "text"), columns, strict=True)}
        if data != self.places.data:
            self.places.data = data


def _place(told: dict[str, Any], part: Part) -> tuple[float, float] | None:
    """Row and column of the maximum in the picture's pixels."""
    position, size = told.get("position"), told.get("map_size")
    if not all(isinstance(pair, list) and len(pair) == 2 for pair in (position, size)):
        return None
    numbers = [number(value) for value in (*position, *size)]
    if None in numbers or min(numbers[2:]) <= 0:
        return None
    height, width = part.shape
    return (numbers[0] + 0.5) * height / numbers[2], (numbers[1] + 0.5) * width / numbers[3]


def _brightest(array: np.ndarray) -> tuple[float, float] | None:
    """Middle of what a reconstruction shows: its pixels weighed by how far they are from the background."""
    grey = array.mean(axis=2) if array.ndim == 3 else array.astype(float)
    weight = np.abs(grey - np.median(grey))
    total = weight.sum()
    if not total:
        return None
    rows, columns = np.arange(grey.shape[0]) + 0.5, np.arange(grey.shape[1]) + 0.5
    return float(weight.sum(axis=1) @ rows / total), float(weight.sum(axis=0) @ columns / total)


def _part(title: str, about: str, array: np.ndarray, key: tuple) -> Part:
    make = partial(np.asarray, array)
    return Part(name=title, title=title, about=about, shape=array.shape[:2], key=key, make=make, stored=make, raw=array)
