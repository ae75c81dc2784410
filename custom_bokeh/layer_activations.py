"""The input image, then each layer's activations: maps as a grid, dense layers as pixels."""
from collections.abc import Hashable
from html import escape
from typing import Any

import numpy as np
from bokeh.layouts import column

from custom_bokeh.access import Visit
from custom_bokeh.arrays import grid_of, lay_out
from custom_bokeh.input_image import InputImage
from custom_bokeh.library import Library
from custom_bokeh.picture import Picture
from custom_bokeh.staged import StagedComponent
from visualization_files.stages import Stage

# CSS pixels that one pixel of a map gets at most, and one unit of a dense layer.
_MAP_ZOOM = 8
_UNIT_ZOOM = 24


class LayerActivations(StagedComponent):
    """All layers of one stage.

    Attributes:
        input: the input image.
        layers: a `LayerView` for each layer, by its name.
    """

    technique = "layer_activations"

    def __init__(self, visit: Visit, library: Library):
        super().__init__(visit, library)
        self.input = InputImage(self)
        self.left_out = self.text()
        self.layers: dict[str, LayerView] = {}

    def show_stage(self, stage: Stage, data: list[tuple[str, np.ndarray]], key: Hashable) -> None:
        self.input.update()
        self._arrange([(name, array.shape) for name, array in data])
        details = layer_details(stage)
        for name, array in data:
            self.layers[name].show(array, (key, name), details.get(name, {}))
        self.left_out.text = _left_out(stage)

    def _arrange(self, layers: list[tuple[str, tuple[int, ...]]]) -> None:
        """Have a view for each layer, in their order."""
        if [(name, view.shape) for name, view in self.layers.items()] == layers:
            return
        self.layers = {name: self._view(name, shape) for name, shape in layers}
        views = [view.root for view in self.layers.values()]
        self.body.children = [self.input.root, *views, self.left_out]

    def _view(self, name: str, shape: tuple[int, ...]) -> "LayerView":
        there = self.layers.get(name)
        return there if there and there.shape == shape else LayerView(self, name, shape)


class LayerView:
    """One layer: its name, what is known of its values, and its picture.

    Attributes:
        root: the layout.
        shape: of the layer's data.
        grid: how its maps lie in the picture.
    """

    def __init__(self, page: StagedComponent, name: str, shape: tuple[int, ...]):
        self.name = name
        self.shape = shape
        self.grid = grid_of(shape)
        self.heading = page.text()
        zoom = _MAP_ZOOM if len(shape) == 3 else _UNIT_ZOOM
        width = max(60, self.grid.shape[1] * zoom)
        self.picture = Picture(page.library.cache, _file_name(name), max_width=width)
        self.root = column(self.heading, self.picture.root, sizing_mode="stretch_width")

    def show(self, data: np.ndarray, key: Hashable, details: dict[str, Any]) -> None:
        """Show the layer's data, uint8 `(maps, height, width)` or `(units,)`."""
        about = f"{_size(self.shape)}. {_range(data, details)}"
        html = f'<h2 class="heading">{escape(self.name)}</h2><p class="quiet">{escape(about)}</p>'
        if html != self.heading.text:
            self.heading.text = html
        self.picture.show(lay_out(data, self.grid), key, f"Activations of {self.name}: {about}")


def layer_details(stage: Stage) -> dict[str, dict[str, Any]]:
    """What the stage says of each layer, by its name; scripts may write anything there."""
    layers = stage.details.get("layers")
    if not isinstance(layers, list):
        return {}
    return {layer["name"]: layer for layer in layers if isinstance(layer, dict) and isinstance(layer.get("name"), str)}


def _left_out(stage: Stage) -> str:
    layers = stage.details.get("left_out")
    lines = [
        f"<li>{escape(str(layer.get('name', '?')))}: {escape(str(layer.get('why', 'no reason given')))}</li>"
        for layer in (layers if isinstance(layers, list) else [])
        if isinstance(layer, dict)
    ]
    return f'<h2 class="heading">Layers left out</h2><ul>{"".join(lines)}</ul>' if lines else ""


def _size(shape: tuple[int, ...]) -> str:
    if len(shape) == 1:
        return "1 unit" if shape[0] == 1 else f"{shape[0]} units, a pixel each"
    maps = "1 map" if shape[0] == 1 else f"{shape[0]} maps"
    return f"{maps} of {shape[1]} × {shape[2]}"


def _range(data: np.ndarray, details: dict[str, Any]) -> str:
    low, high = details.get("low"), details.get("high")
    if not all(isinstance(value, int | float) for value in (low, high)):
        return "All dark." if not data.any() else ""
    if low == high:
        return f"Everything is {low:.4g}."
    return f"Black is {low:.4g}, white is {high:.4g}."


def _file_name(name: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in name)
