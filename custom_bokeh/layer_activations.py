"""The input image, then each layer's activations: maps as a grid, dense layers as pixels."""
from collections.abc import Callable
from functools import partial
from html import escape
from typing import Any

import numpy as np
from bokeh.models import Select

from custom_bokeh.access import Visit
from custom_bokeh.arrays import Grid, grid_of, lay_out
from custom_bokeh.input_image import InputImage
from custom_bokeh.library import Library
from custom_bokeh.part import Part
from custom_bokeh.part_view import PartView
from custom_bokeh.scaling import PER_LAYER, SCALES, Scale
from custom_bokeh.stage_details import left_out, ranges
from custom_bokeh.stage_feed import StageFeed
from custom_bokeh.staged import StagedComponent
from visualization_files.stages import Stage

# Width over height of a layer's picture, as wished, on a wide page and on a phone.
_ASPECT, _NARROW_ASPECT = 2.5, 0.9


class LayerActivations(StagedComponent):
    """All layers of one stage.

    Attributes:
        input: the input image.
        scale: chooses what black and white mean.
    """

    technique = "layer_activations"

    def __init__(self, visit: Visit, library: Library):
        super().__init__(visit, library)
        self.input = InputImage(self)
        self.dead = library.dead_maps(visit.folder)
        self.left_out = self.text(visible=False)
        self.shares(self.dead)
        self.scale = Select(title="Scale", value=PER_LAYER, options=list(SCALES.items()), width=200,
                            stylesheets=[self.sheet])  # fmt: skip
        self.scale.on_change("value", lambda attr, old, new: self.soon())
        self.bar.add(self.scale)

    def parts(self, feed: StageFeed, stage: Stage, data: list[tuple[str, np.ndarray]]) -> list[Part]:
        values = ranges(stage)
        scale = Scale(self.scale.value, feed.stages)
        key = (feed.path(stage), feed.state(stage))
        aspect = _NARROW_ASPECT if self.screen.narrow else _ASPECT
        return [
            self._part(name, array, values.get(name), scale, (key, index), aspect)
            for index, (name, array) in enumerate(data)
        ]

    def _part(
        self, name: str, array: np.ndarray, values: tuple | None, scale: Scale, key: tuple, aspect: float
    ) -> Part:
        grid = grid_of(array.shape, aspect)
        rule = scale.rule(name, values)
        stored = partial(lay_out, array, grid)
        dead = self.dead.marked(name, array)
        about = " ".join([_size(array.shape), rule.about(array), self.dead.about(dead, array)])
        return Part(
            name=name, title=name, about=about.strip(), shape=grid.shape, key=(*key, grid, rule.key),
            make=_scaled(array, grid, rule.apply), stored=stored, raw=array, values=values, grid=grid, marked=dead,
        )  # fmt: skip

    def arrange(self, views: list[PartView]) -> list[Any]:
        return [self.input.root, *(view.root for view in views), self.left_out]

    def about(self, stage: Stage) -> str:
        self.input.update()
        lines = [f"<li>{escape(name)}: {escape(why)}</li>" for name, why in left_out(stage).items()]
        html = f'<h2 class="heading part">Layers left out</h2><ul>{"".join(lines)}</ul>' if lines else ""
        if html != self.left_out.text:
            self.left_out.update(text=html, visible=bool(html))
        return ""


def _scaled(array: np.ndarray, grid: Grid, apply: Callable[[np.ndarray], np.ndarray]) -> Callable[[], np.ndarray]:
    return lambda: lay_out(apply(array), grid)


def _size(shape: tuple[int, ...]) -> str:
    if len(shape) == 1:
        return "1 unit." if shape[0] == 1 else f"{shape[0]} units, a pixel each."
    maps = "1 map" if shape[0] == 1 else f"{shape[0]} maps"
    return f"{maps} of {shape[1]} × {shape[2]}."
