"""One map of a layer, large, after somebody has clicked it or given its number."""
from html import escape

import numpy as np
from bokeh.layouts import column

from custom_bokeh.component import Component
from custom_bokeh.part import Part
from custom_bokeh.picture import Picture
from custom_bokeh.words import figure

# CSS pixels of its width.
_LARGE = 420


class LargeMap:
    """Below a layer's picture: the map that was clicked, its number and its values.

    Attributes:
        root: the layout.
        text: the map's number and values.
        picture: the map; None before the first one was clicked.
    """

    def __init__(self, page: Component):
        self._page = page
        self._part: Part | None = None
        self._index: int | None = None
        self.text = page.text(visible=False)
        self.picture: Picture | None = None
        self.root = column(self.text, sizing_mode="stretch_width")

    def choose(self, index: int | None) -> None:
        """Show a map by its number; the one that is shown already closes."""
        self._index = None if index == self._index else index
        if self._part is not None:
            self.show(self._part)

    def show(self, part: Part) -> None:
        """Show the chosen map as it is in this part."""
        self._part = part
        index = self._index
        if index is None or part.grid is None or index >= part.grid.count:
            if self.text.visible:
                self.text.visible = False
            if self.picture and self.picture.root.visible:
                self.picture.root.visible = False
            return
        kind = "Unit" if part.raw.ndim == 1 else "Map"
        title = f"{kind} {index} of {part.title}"
        dead = " It is dead: dark wherever it was looked at." if index in part.marked else ""
        about = f"{_value_of(part, index)}{dead} Click it again to close it."
        html = f'<h3 class="heading">{escape(title)}</h3><p class="quiet">{escape(about)}</p>'
        self.text.update(text=html, visible=True)
        if kind == "Map":
            self._draw(part, index, f"{title}. {about}")

    def _draw(self, part: Part, index: int, label: str) -> None:
        grid, cache = part.grid, self._page.library.cache
        if self.picture is None:
            self.picture = Picture(self._page, "map", max_width=_LARGE)
            self.root.children = [self.text, self.picture.root]
        self.picture.root.visible = True
        top, left = grid.corner(index)

        def make() -> np.ndarray:
            whole = cache.get(("whole", part.key), part.make)
            return whole[top : top + grid.height, left : left + grid.width]

        self.picture.show(make, (grid.height, grid.width), (part.key, "map", index), label)


def _value_of(part: Part, index: int) -> str:
    array = part.raw[index]
    if part.values is None:
        return "It is all dark." if not array.any() else ""
    black, white = part.values
    low, high = (black + int(level) / 255 * (white - black) for level in (array.min(), array.max()))
    if array.ndim == 0:
        return f"Its value is {figure(high)}."
    return f"Its values go from {figure(low)} to {figure(high)}."
