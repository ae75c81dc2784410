"""The Bokeh server: its settings, its start and its end."""
import asyncio
import signal
from dataclasses import dataclass, field
from pathlib import Path

from bokeh.core.validation import silence
from bokeh.core.validation.warnings import EMPTY_LAYOUT
from bokeh.server.server import Server

from custom_bokeh.document import applications
from custom_bokeh.pages import Pages

# Milliseconds after which the session of a closed page is freed, and between two looks for such.
UNUSED_LIFETIME = 15_000
CHECK_UNUSED = 5_000
# Bytes of a message from a browser; those from the server have no such limit.
MAX_MESSAGE = 1024 * 1024
# Bytes of a request, which never needs a body, and seconds in which that has to come.
MAX_BODY = 10_000
MAX_HEADERS = 65_536
BODY_SECONDS = 10


@dataclass(frozen=True)
class Settings:
    """How the server is started.

    Attributes:
        storage: the user storage.
        key: the key that it shares with the web server.
        address: it listens on.
        port: it listens on; 0 takes a free one.
        origins: `host:port` of the pages that may embed it.
        prefix: path in front of all addresses, behind a reverse proxy.
    """

    storage: Path
    key: str
    address: str = "127.0.0.1"
    port: int = 5006
    origins: list[str] = field(default_factory=list)
    prefix: str = ""


def make_server(settings: Settings, pages: Pages) -> Server:
    """A server that answers only to signed sessions; not started."""
    # Galleries are empty until there is a stage; the log is for what is wrong.
    silence(EMPTY_LAYOUT)
    return Server(
        applications(settings.storage, settings.key, pages),
        address=settings.address,
        port=settings.port,
        prefix=settings.prefix,
        allow_websocket_origin=settings.origins,
        secret_key=settings.key.encode(),
        sign_sessions=True,
        generate_session_ids=False,
        use_index=False,
        use_xheaders=True,
        include_cookies=[],
        unused_session_lifetime_milliseconds=UNUSED_LIFETIME,
        check_unused_sessions_milliseconds=CHECK_UNUSED,
        websocket_max_message_size=MAX_MESSAGE,
        http_server_kwargs={"max_body_size": MAX_BODY, "max_header_size": MAX_HEADERS, "body_timeout": BODY_SECONDS},
    )


async def serve(settings: Settings) -> None:
    """Serve until the process is told to end by SIGTERM or SIGINT."""
    ended = asyncio.Event()
    _on_end(ended.set)
    pages = Pages()
    server = make_server(settings, pages)
    pages.watcher.start()
    server.start()
    host = f"[{settings.address}]" if ":" in settings.address else settings.address
    print(f"The Bokeh server is ready on http://{host}:{server.port}{server.prefix}", flush=True)
    await ended.wait()
    await pages.watcher.stop()
    server.stop()


def _on_end(end) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, end)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(end))
