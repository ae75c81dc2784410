"""What every application's component has in common."""
from html import escape
from pathlib import Path
from typing import Any

from bokeh.models import CustomJS, Div

from custom_bokeh.access import Visit
from custom_bokeh.library import Library
from custom_bokeh.theme import COLOURS, style_sheet


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
        return Div(text=html, stylesheets=[style_sheet(self.visit.theme)], **options)


def sentence(text: str, error: bool = False) -> str:
    """A sentence for the user as HTML; the text is escaped."""
    kind = "sentence error" if error else "sentence"
    return f'<p class="{kind}" role="status">{escape(text)}</p>'
