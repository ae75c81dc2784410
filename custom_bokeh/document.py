"""Fills the document of a page that a browser opened."""
from functools import partial
from pathlib import Path

from bokeh.application import Application
from bokeh.application.handlers import FunctionHandler
from bokeh.document import Document
from bokeh.events import DocumentReady
from bokeh.models import Div

from custom_bokeh.access import admit
from custom_bokeh.apps import APPS
from custom_bokeh.component import sentence
from custom_bokeh.connection import announce_connection
from custom_bokeh.pages import Pages
from custom_bokeh.theme import THEMES
from visualization_files.grants import BadGrantError

REFUSED = "This page may not be shown, or it was opened too long ago. Reload it."


def fill(document: Document, name: str, storage: Path, key: str, pages: Pages) -> None:
    """Show a visualization to whom a signed grant allows it, and nothing to anybody else."""
    try:
        visit = admit(storage, key, document.session_context.request.headers, name)
    except BadGrantError:
        document.add_root(Div(text=sentence(REFUSED, error=True)))
        announce_connection(document)
        return
    document.theme = THEMES[visit.theme]
    component = APPS[name](visit, pages.library)
    component.update()
    document.add_root(component.root)
    announce_connection(document)
    document.js_on_event(DocumentReady, *component.started())
    pages.open(document, component)


def applications(storage: Path, key: str, pages: Pages) -> dict[str, Application]:
    """A Bokeh application for each visualization, by its address."""
    return {
        f"/{name}": Application(FunctionHandler(partial(fill, name=name, storage=storage, key=key, pages=pages)))
        for name in APPS
    }
