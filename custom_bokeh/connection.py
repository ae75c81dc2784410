"""Tells the page around when the plots stand, and when their connection is lost."""
from bokeh.document import Document
from bokeh.events import ConnectionLost, DocumentReady

from custom_bokeh.screen import script


def announce_connection(document: Document) -> None:
    """Leave it to the page around to load again: that brings a new grant, which a mere reconnection would not."""
    document.config.update(reconnect_session=False, notify_connection_status=False)
    document.js_on_event(DocumentReady, script("ready"))
    document.js_on_event(ConnectionLost, script("connection_lost"))
