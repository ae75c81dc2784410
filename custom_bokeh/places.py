"""Marks on the input image where feature maps answer most."""
from collections.abc import Sequence
from typing import Any

from bokeh.models import ColumnDataSource, Plot, Scatter, Text

from custom_bokeh.part import Part
from custom_bokeh.stage_details import feature_maps, number
from visualization_files.stages import Stage

# Marks that are closer than this share of the image's width have one label, which would else be unreadable.
_NEAR = 0.09


class Places:
    """Crosses with the numbers of feature maps.

    Attributes:
        crosses: their places.
        labels: the numbers beside them; places close to each other share one.
    """

    def __init__(self, plot: Plot, colour: str):
        self.crosses = ColumnDataSource({"x": [], "y": []})
        self.labels = ColumnDataSource({"x": [], "y": [], "text": []})
        # A dark line below the bright one, so that the cross is seen on any image.
        for width, line in ((5, "#000000"), (2, colour)):
            cross = Scatter(x="x", y="y", marker="cross", size=13, line_color=line, line_width=width)
            plot.add_glyph(self.crosses, cross)
        plot.add_glyph(self.labels, Text(
            x="x", y="y", text="text", text_color="#ffffff", text_font_size="11px", x_offset=9,
            text_baseline="middle", background_fill_color="#000000", background_fill_alpha=0.65, padding=2,
        ))  # fmt: skip

    def show(self, stage: Stage, parts: Sequence[Part]) -> bool:
        """Mark the places that a stage tells for these parts; returns whether there are any."""
        told = feature_maps(stage)
        marks = []
        for part in parts:
            map_no = int(part.title[1:].split(" ", 1)[0])
            if place := _place(stage, told.get(map_no) or {}, part.shape):
                marks.append((*place, map_no))
        crosses = {"x": [x for x, _, _ in marks], "y": [y for _, y, _ in marks]}
        if crosses != self.crosses.data:
            self.crosses.data = crosses
        labels = _labels(marks, _NEAR * parts[0].shape[1]) if marks else {"x": [], "y": [], "text": []}
        if labels != self.labels.data:
            self.labels.data = labels
        return bool(marks)


def _place(stage: Stage, told: dict[str, Any], shape: tuple[int, int]) -> tuple[float, float] | None:
    """Column and row of a feature map's maximum in the picture's pixels.

    It is the middle of what the entry sees, where the stage tells that, else the entry's own place in the map.
    """
    if box := _numbers(told.get("box"), 4):
        top, left, bottom, right = box
        return (left + right) / 2, (top + bottom) / 2
    position, size = _numbers(told.get("position"), 2), _numbers(stage.details.get("map_size"), 2)
    if position is None or size is None or min(size) <= 0:
        return None
    return (position[1] + 0.5) * shape[1] / size[1], (position[0] + 0.5) * shape[0] / size[0]


def _numbers(value: Any, count: int) -> list[float] | None:
    found = [number(entry) for entry in value] if isinstance(value, list) and len(value) == count else [None]
    return None if None in found else found


def _labels(marks: list[tuple[float, float, int]], near: float) -> dict[str, list]:
    groups: list[list[tuple[float, float, int]]] = []
    for mark in marks:
        close = (g for g in groups if abs(g[0][0] - mark[0]) < 3 * near and abs(g[0][1] - mark[1]) < near)
        group = next(close, None)
        if group is None:
            groups.append([mark])
        else:
            group.append(mark)
    return {
        "x": [max(x for x, _, _ in group) for group in groups],
        "y": [sum(y for _, y, _ in group) / len(group) for group in groups],
        "text": [" ".join(f"#{map_no}" for _, _, map_no in group) for group in groups],
    }
