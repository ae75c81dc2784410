"""The input image with a map laid over it."""
import numpy as np
from bokeh.layouts import column
from bokeh.models import ColumnDataSource, Image, LinearColorMapper

from custom_bokeh.component import Component
from custom_bokeh.input_image import InputImage
from custom_bokeh.part import Part
from custom_bokeh.part_view import WHOLE

# From nothing to full orange: the map's strength is its opacity.
_PALETTE = [f"#ff7f00{value:02x}" for value in range(256)]


class Overlay:
    """The input image; a map over it appears when `glyph.global_alpha` is raised.

    Attributes:
        root: the layout.
        picture: the input image's picture, whose ranges the maps are linked with.
        glyph: the map over it.
    """

    def __init__(self, page: Component):
        self._image = InputImage(page, max_width=WHOLE)
        self.picture = self._image.picture
        self.source = ColumnDataSource({"image": [], "x": [], "y": [], "dw": [], "dh": []})
        mapper = LinearColorMapper(palette=_PALETTE, low=0, high=255)
        self.glyph = Image(image="image", x="x", y="y", dw="dw", dh="dh", color_mapper=mapper, global_alpha=0)
        self.picture.root.add_glyph(self.source, self.glyph)
        self._key = None
        self.root = column(self._image.root, sizing_mode="stretch_width")

    def update(self, part: Part) -> None:
        """Lay this map over the image."""
        self._image.update(extent=part.shape)
        if part.key == self._key:
            return
        self._key = part.key
        height, width = part.shape
        pixels = np.ascontiguousarray(part.make())
        self.source.data = {"image": [pixels], "x": [0], "y": [0], "dw": [width], "dh": [height]}
