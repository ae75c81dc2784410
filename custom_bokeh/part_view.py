"""Shows a part: its heading, its picture, what it is compared with, and one of its maps large."""
from html import escape

import numpy as np
from bokeh.events import Tap
from bokeh.layouts import column, row
from bokeh.models import ColumnDataSource, Range1d

from custom_bokeh.component import Component
from custom_bokeh.part import Difference, Part
from custom_bokeh.picture import Picture
from custom_bokeh.theme import DIFFERENCES

# CSS pixels that one pixel of a map gets at most, one unit of a dense layer, and a map that is shown large.
WHOLE = 480  # width of a map of the whole input, beside the input image of the same width
_MAP_ZOOM = 8
_UNIT_ZOOM = 24
_LARGE = 420
CARD = 168


class PartView:
    """One part of a page.

    Attributes:
        root: the layout.
        picture: the part at the stage that is shown.
        other: the same at the stage or for the image that it is compared with, None without comparison.
        difference: what changed between both.
        large: one map of a layer, full size, None until somebody clicks one.

    Args:
        page: the component that it belongs to.
        part: the first one to show.
        card: small, as one of many side by side.
        ranges: those of pictures that it is linked with.
    """

    def __init__(
        self, page: Component, part: Part, card: bool = False, ranges: tuple[Range1d, Range1d] | None = None
    ):
        self._page = page
        self._card = card
        self._part: Part | None = None
        self._against: Part | None = None
        self._index: int | None = None
        self._shown: tuple = ()
        self.heading = page.text(width=CARD, sizing_mode=None) if card else page.text()
        self.picture = self._new_picture(part, ranges)
        self.other: Picture | None = None
        self.difference: Picture | None = None
        self.difference_text = page.text(visible=False)
        self.large: Picture | None = None
        self.large_text = page.text(visible=False)
        self._marks = self._add_marks()
        self._pictures = column(self.picture.root, sizing_mode=self._sizing)
        parts = [self.heading, self._pictures, self.difference_text, self.large_text]
        self.root = column(*parts, sizing_mode=self._sizing, name=part.name)
        self.picture.root.on_event(Tap, self._on_tap)
        self.picture.reserve(part.shape)

    @property
    def _sizing(self) -> str | None:
        return None if self._card else "stretch_width"

    def _new_picture(self, part: Part, ranges=None, **options) -> Picture:
        zoom = _UNIT_ZOOM if part.grid and part.grid.height == 1 else _MAP_ZOOM
        width = CARD if self._card else min(2400, max(60, part.shape[1] * zoom))
        if part.grid is None and not self._card:
            width = WHOLE
        name = file_name(part.title)
        return Picture(self._page.library.cache, name, ranges, width, fixed=self._card, **options)

    def show(self, part: Part, against: Part | None, narrow: bool = False) -> bool:
        """Show the part, and beside it what it is compared with; returns whether that is new."""
        new = (part.key, against and against.key, narrow, part.about, part.marked)
        if new == self._shown:
            return False
        self._shown = new
        self._part, self._against = part, against
        self._write_heading(part)
        self.picture.show(part.make, part.shape, part.key, f"{part.title}. {part.about}")
        self._compare(part, against, narrow)
        self._mark(part)
        self._show_large()
        return True

    def _write_heading(self, part: Part) -> None:
        level = 3 if self._card else 2
        html = f'<h{level} class="heading">{escape(part.title)}</h{level}><p class="quiet">{escape(part.about)}</p>'
        if html != self.heading.text:
            self.heading.text = html

    def fit_screen(self, width: int) -> None:
        """Send no more pixels than the screen has."""
        for picture in (self.picture, self.other, self.difference):
            if picture:
                picture.fit_screen(width)

    # Comparison

    def _compare(self, part: Part, against: Part | None, narrow: bool) -> None:
        if against is None or against.shape != part.shape:
            self._arrange([self.picture], narrow)
            text = "" if against is None else "This cannot be compared: its size is another one there."
        else:
            self._make_comparison(part)
            difference = Difference(part, against)
            self._arrange([self.picture, self.other, self.difference], narrow)
            self.other.show(against.make, against.shape, against.key, f"{part.title}, compared with. {against.about}")
            label = f"Difference of {part.title}. {difference.about}"
            self.difference.show(difference.make, part.shape, difference.key, label)
            text = difference.about
        if self._card and text:
            text = ""
        self.difference_text.update(text=f'<p class="quiet">{escape(text)}</p>', visible=bool(text))

    def _make_comparison(self, part: Part) -> None:
        if self.other is None:
            self.other = self._new_picture(part, self.picture.ranges)
            self.difference = self._new_picture(part, self.picture.ranges, palette=DIFFERENCES)
            for picture in (self.other, self.difference):
                picture.screen_width = self.picture.screen_width

    def _arrange(self, pictures: list[Picture], narrow: bool) -> None:
        figures = [picture.root for picture in pictures]
        shown = self._pictures.children
        if len(figures) > 1 and not narrow and not self._card:
            figures = [row(*figures, sizing_mode="stretch_width", spacing=8)]
            if shown and getattr(shown[0], "children", None) == figures[0].children:
                return
        if shown != figures:
            # A model cannot have two parents, so the old row must be gone first.
            self._pictures.children = []
            self._pictures.children = figures

    # Dead maps

    def _add_marks(self) -> ColumnDataSource:
        source = ColumnDataSource({"left": [], "right": [], "top": [], "bottom": []})
        colour = self._page.colours.mark
        self.picture.root.quad(
            "left", "right", "top", "bottom", source=source, fill_alpha=0, line_color=colour, line_width=1.5,
            hatch_pattern="/", hatch_color=colour, hatch_alpha=0.35, hatch_scale=10,
        )  # fmt: skip
        return source

    def _mark(self, part: Part) -> None:
        grid, marked = part.grid, part.marked
        corners = np.array([grid.corner(index) for index in marked] if grid else [], float).reshape(-1, 2)
        if len(corners) == len(self._marks.data["left"]) and np.array_equal(corners[:, 1], self._marks.data["left"]):
            return
        high, wide = (grid.height, grid.width) if grid else (0, 0)
        self._marks.data = {
            "left": corners[:, 1], "right": corners[:, 1] + wide,
            "top": corners[:, 0], "bottom": corners[:, 0] + high,
        }  # fmt: skip

    # One map, large

    def _on_tap(self, event: Tap) -> None:
        grid = self._part.grid if self._part else None
        if grid is None or event.x is None:
            return
        index = grid.index(event.x, event.y)
        self._index = None if index == self._index else index
        self._show_large()

    def _show_large(self) -> None:
        index, part = self._index, self._part
        if index is None or part is None or part.grid is None or index >= part.grid.count:
            self.large_text.visible = False
            if self.large:
                self.large.root.visible = False
            return
        kind = "Unit" if part.raw.ndim == 1 else "Map"
        title = f"{kind} {index} of {part.title}"
        dead = " It is dead: dark wherever it was looked at." if index in part.marked else ""
        about = f"{_value_of(part, index)}{dead} Click it again to close it."
        html = f'<h3 class="heading">{escape(title)}</h3><p class="quiet">{escape(about)}</p>'
        self.large_text.update(text=html, visible=True)
        if kind == "Map":
            self._draw_large(part, index, title)

    def _draw_large(self, part: Part, index: int, title: str) -> None:
        grid = part.grid
        if self.large is None:
            self.large = Picture(self._page.library.cache, "map", max_width=_LARGE)
            self.root.children = [*self.root.children, self.large.root]
        self.large.root.visible = True
        top, left = grid.corner(index)

        def make() -> np.ndarray:
            whole = self._page.library.cache.get(("whole", part.key), part.make)
            return whole[top : top + grid.height, left : left + grid.width]

        self.large.show(make, (grid.height, grid.width), (part.key, "map", index), title)


def _value_of(part: Part, index: int) -> str:
    array = part.raw[index]
    if part.values is None:
        return "It is all dark." if not array.any() else ""
    black, white = part.values
    low, high = (black + int(level) / 255 * (white - black) for level in (array.min(), array.max()))
    return f"Its value is {high:.4g}." if array.ndim == 0 else f"Its values go from {low:.4g} to {high:.4g}."


def file_name(title: str) -> str:
    """A title as a file name without ending."""
    return "_".join("".join(letter if letter.isalnum() else " " for letter in title).split()) or "picture"
