"""What every application's component has in common."""
from html import escape
from pathlib import Path
from typing import Any

from bokeh.models import CustomJS, Div, InlineStyleSheet, LinearColorMapper

from custom_bokeh.access import Visit
from custom_bokeh.library import Library
from custom_bokeh.theme import COLOURS, PALETTES, style_sheet


class Component:
    """The content of one page. It needs no server: tests build it, call `update` and look at its models.

    Attributes:
        root: the layout, which a document takes as its root.

    Args:
        visit: whose run is shown, and how.
        library: what all pages share.
    """

    root: Any

    def __init__(self, visit: Visit, library: Library):
        self.visit = visit
        self.library = library
        self.colours = COLOURS[visit.theme]
        # One for all texts and controls, and one mapper for all pictures of a palette: a page has many of both.
        self.sheet = InlineStyleSheet(css=style_sheet(visit.theme))
        self._mappers: dict[str, LinearColorMapper] = {}

    def update(self) -> None:
        """Bring the page up to date. Nothing is sent where nothing changed."""
        raise NotImplementedError

    def follow(self, folder: Path) -> None:
        """Be told of changes in a further folder, too; whoever opens the page says how."""

    def started(self) -> list[CustomJS]:
        """Scripts that run in the browser once the page stands."""
        return []

    def text(self, html: str = "", **options) -> Div:
        """A text on the page; what comes from users must have gone through `escape`."""
        options = {"sizing_mode": "stretch_width", **options}
        return Div(text=html, stylesheets=[self.sheet], **options)

    def mapper(self, palette: str) -> LinearColorMapper:
        """From the bytes of a picture to one of the `PALETTES`."""
        if palette not in self._mappers:
            self._mappers[palette] = LinearColorMapper(palette=PALETTES[palette], low=0, high=255)
        return self._mappers[palette]


def sentence(text: str, error: bool = False) -> str:
    """A sentence for the user as HTML; the text is escaped."""
    kind = "sentence error" if error else "sentence"
    return f'<p class="{kind}" role="status">{escape(text)}</p>'
