"""A picture on a figure of its own: upright, crisp, in the resolution that its place on the screen needs."""
import math
from collections.abc import Callable, Hashable

import numpy as np
from bokeh.events import RangesUpdate
from bokeh.models import (
    BoxZoomTool,
    ColumnDataSource,
    GlyphRenderer,
    Image,
    ImageRGBA,
    PanTool,
    Plot,
    Range1d,
    ResetTool,
    SaveTool,
    Toolbar,
    WheelZoomTool,
)

from custom_bokeh.arrays import packed, reduced
from custom_bokeh.component import Component

_NOTHING = {"image": [], "x": [], "y": [], "dw": [], "dh": []}


class Picture:
    """One picture with zoom, pan, save and reset.

    Attributes:
        root: the figure.
        grey: source of a picture of one byte a pixel, None before there was one.
        colour: source of a picture of three channels, None before there was one.

    Args:
        page: the component that it belongs to.
        name: file name of a saved picture, without ending.
        ranges: those of another picture to be linked with.
        max_width: of the figure on the screen, in CSS pixels.
        fixed: the figure always has its `max_width`, also where there is more or less room.
        palette: one of the theme's `PALETTES`, for pictures of one byte a pixel.
    """

    def __init__(
        self,
        page: Component,
        name: str,
        ranges: tuple[Range1d, Range1d] | None = None,
        max_width: int | None = None,
        palette: str = "greys",
        fixed: bool = False,
    ):
        self._cache = page.library.cache
        self._make: Callable[[], np.ndarray] | None = None
        self._shape: tuple[int, int] = (0, 0)
        self._extent: tuple[int, int] = (0, 0)
        self._key: Hashable = None
        self._sent: tuple = ()
        self._own_ranges = ranges is None
        self._fixed = max_width if fixed else None
        self._view: tuple[float, float, float, float] | None = None
        # Pixels of the screen that the picture gets at most; the page tells better once it is open.
        self.screen_width = 1600
        x_range, y_range = ranges or (Range1d(0, 1), Range1d(1, 0))
        self.root = _plot(x_range, y_range, name, max_width, fixed)
        self._save = self.root.select_one(SaveTool)
        self._mapper = page.mapper(palette)
        self.grey: ColumnDataSource | None = None
        self.colour: ColumnDataSource | None = None
        self.root.on_event(RangesUpdate, self._on_ranges)

    @property
    def name(self) -> str:
        """File name of a saved picture, without ending."""
        return self._save.filename

    @name.setter
    def name(self, name: str) -> None:
        if name != self._save.filename:
            self._save.filename = name

    @property
    def ranges(self) -> tuple[Range1d, Range1d]:
        return self.root.x_range, self.root.y_range

    def reserve(self, shape: tuple[int, int]) -> None:
        """Take the room that a picture of this height and width will need."""
        if shape == self._extent:
            return
        self._extent = shape
        self._view = None
        height, width = shape
        if self._fixed:
            self.root.height = max(12, round(self._fixed * height / width))
        else:
            self.root.aspect_ratio = width / height
        if self._own_ranges:
            for span, (start, end) in zip(self.ranges, ((0, width), (height, 0)), strict=True):
                span.update(start=start, end=end, reset_start=start, reset_end=end)

    def show(
        self,
        make: Callable[[], np.ndarray],
        shape: tuple[int, int],
        key: Hashable,
        label: str,
        extent: tuple[int, int] | None = None,
    ) -> None:
        """Show a picture.

        Args:
            make: makes it, uint8 `(height, width)` or `(height, width, 3)`, if no page has needed it yet.
            shape: its height and width.
            key: what it is: pictures with the same key are the same, for every page of the process.
            label: what a screen reader says.
            extent: height and width in the coordinates that linked pictures share; `shape` by default.
        """
        if label != self.root.html_attributes.get("aria-label"):
            self.root.html_attributes = {"role": "figure", "aria-label": label}
        if key == self._key and extent in (None, self._extent):
            return
        self.reserve(extent or shape)
        self._make, self._shape, self._key = make, shape, key
        self._send()

    def clear(self) -> None:
        """Show nothing."""
        if self._key is not None:
            self._make, self._key, self._sent = None, None, ()
            for source in filter(None, (self.grey, self.colour)):
                source.data = dict(_NOTHING)

    def fit_screen(self, width: int) -> None:
        """Send no more than this many pixels of the screen can show."""
        if width != self.screen_width:
            self.screen_width = width
            if self._make:
                self._send()

    def _on_ranges(self, event: RangesUpdate) -> None:
        self._view = (event.x0, event.x1, event.y0, event.y1)
        if self._make:
            self._send()

    def _send(self) -> None:
        """Send what is in view, as fine as the screen can show it."""
        top, bottom, left, right = self._crop()
        factor = max(1, (right - left) // self.screen_width)
        sent = (self._key, top, bottom, left, right, factor)
        if sent == self._sent:
            return
        self._sent = sent
        pixels = self._cache.get(sent, lambda: self._pixels(top, bottom, left, right, factor))
        high, wide = self._extent[0] / self._shape[0], self._extent[1] / self._shape[1]
        data = {
            "image": [pixels], "x": [left * wide], "y": [top * high],
            "dw": [(right - left) * wide], "dh": [(bottom - top) * high],
        }  # fmt: skip
        if pixels.dtype == np.uint32:
            self.colour = self.colour or self._draw(ImageRGBA())
            filled, empty = self.colour, self.grey
        else:
            self.grey = self.grey or self._draw(Image(color_mapper=self._mapper))
            filled, empty = self.grey, self.colour
        filled.data = data
        if empty and empty.data["image"]:
            empty.data = dict(_NOTHING)

    def _draw(self, glyph: Image | ImageRGBA) -> ColumnDataSource:
        source = ColumnDataSource(dict(_NOTHING))
        glyph.update(image="image", x="x", y="y", dw="dw", dh="dh")
        # Below whatever marks something on the picture.
        self.root.renderers = [GlyphRenderer(data_source=source, glyph=glyph), *self.root.renderers]
        return source

    def _pixels(self, top: int, bottom: int, left: int, right: int, factor: int) -> np.ndarray:
        whole = self._cache.get(("whole", self._key), self._make)
        pixels = reduced(whole[top:bottom, left:right], factor)
        return packed(pixels) if pixels.ndim == 3 else np.ascontiguousarray(pixels)

    def _crop(self) -> tuple[int, int, int, int]:
        """The part to send: everything, or what is in view with half of it on each side for panning."""
        height, width = self._shape
        if self._view is None:
            return 0, height, 0, width
        x0, x1, y0, y1 = self._view
        left, right = _widened(x0 * width / self._extent[1], x1 * width / self._extent[1], width)
        top, bottom = _widened(y0 * height / self._extent[0], y1 * height / self._extent[0], height)
        if right <= left or bottom <= top:
            return 0, height, 0, width
        return top, bottom, left, right


def _widened(start: float, end: float, limit: int) -> tuple[int, int]:
    low, high = min(start, end), max(start, end)
    margin = (high - low) / 2
    # In steps of 16 pixels, so that viewers with nearly the same view share what is prepared.
    first = math.floor((low - margin) / 16) * 16
    last = math.ceil((high + margin) / 16) * 16
    return max(0, min(limit, first)), max(0, min(limit, last))


def _plot(x_range: Range1d, y_range: Range1d, name: str, max_width: int | None, fixed: bool) -> Plot:
    """A bare plot: a figure with its axes, grids and tickers costs several times as much, which many layers feel."""
    size = {"sizing_mode": "scale_width", "aspect_ratio": 1, "max_width": max_width}
    if fixed:
        size = {"sizing_mode": "fixed", "width": max_width, "height": max_width}
    # The wheel alone scrolls the page; with a key held down it zooms.
    wheel = WheelZoomTool(modifiers="ctrl", description="Zoom: wheel with Ctrl")
    box = BoxZoomTool(match_aspect=True)
    tools = [PanTool(), box, wheel, SaveTool(filename=name), ResetTool()]
    return Plot(
        x_range=x_range, y_range=y_range, min_border=0, toolbar_location="above", toolbar_inner=True,
        toolbar=Toolbar(tools=tools, active_drag=box, autohide=True, logo=None),
        # A white or black pixel at the edge must not run into the page.
        styles={"outline": "1px solid #80808080"}, **size,
    )  # fmt: skip
