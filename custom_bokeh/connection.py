"""Says on the page when the server is gone, and opens the page anew once it is back."""
from bokeh.document import Document
from bokeh.events import ConnectionLost

from custom_bokeh.screen import script


def announce_connection(document: Document) -> None:
    """Recover by loading the page again: that brings a new grant, which a mere reconnection would not."""
    document.config.update(reconnect_session=False, notify_connection_status=False)
    document.js_on_event(ConnectionLost, script("connection_lost"))
