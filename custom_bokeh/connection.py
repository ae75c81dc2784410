"""Says on the page when the server is gone, and opens the page anew once it is back."""
from pathlib import Path

from bokeh.document import Document
from bokeh.events import ConnectionLost
from bokeh.models import CustomJS

SCRIPTS = Path(__file__).parent / "scripts"


def script(name: str, **arguments) -> CustomJS:
    """One of the scripts that run in the browser; its arguments are its variables."""
    return CustomJS(code=(SCRIPTS / f"{name}.js").read_text(encoding="utf-8"), args=arguments)


def announce_connection(document: Document) -> None:
    """Recover by loading the page again: that brings a new grant, which a mere reconnection would not."""
    document.config.update(reconnect_session=False, notify_connection_status=False)
    document.js_on_event(ConnectionLost, script("connection_lost"))
