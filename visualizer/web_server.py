"""The web server around the application: what it takes from strangers, and what it says about itself at its start."""

import copy
import select
import sys
import time
from collections.abc import Mapping
from typing import Any

from flask import Flask
from itsdangerous import BadData
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import TcpWSGIServer, create_server
from waitress.utilities import BadRequest
from werkzeug.http import parse_cookie

from visualizer.security import SMALL_BODY

_LOCAL = ("127.0.0.1", "localhost", "::1")
# Open connections at once, and files that are left for everything else.
_CONNECTIONS = 4000
_OTHER_FILES = 200
# Seconds after which a connection that is silent is closed, and in which a small request has to be complete.
_SILENCE = 60
_SMALL_SECONDS = 30


def make_web_server(app: Flask):
    """A server that is bound to its address, and not yet running.

    Raises:
        OSError: if the address cannot be had.
    """
    config, sockets = app.config, {}
    server = create_server(
        app,
        map=sockets,
        host=config["HOST"],
        port=config["PORT"],
        threads=config["THREADS"],
        ident=None,
        max_request_body_size=config["MAX_CONTENT_LENGTH"] + SMALL_BODY,
        connection_limit=_connections(),
        channel_timeout=_SILENCE,
        asyncore_use_poll=hasattr(select, "poll"),
        # Headers of proxies are believed by the application, and only as many as there are proxies.
        clear_untrusted_proxy_headers=not config["PROXIES"],
    )
    channel = _channel(app)
    for listener in sockets.values():
        if isinstance(listener, TcpWSGIServer):
            listener.channel_class = channel
    return server


def openness(config: Mapping[str, Any]) -> list[str]:
    """Sentences for the start of the servers: what is open to whom. None where only this machine reaches them."""
    bokeh_host = config["BOKEH_HOST"] or config["HOST"]
    wide = [host for host in (config["HOST"], bokeh_host) if host not in _LOCAL]
    if not wide and not config["PROXIES"]:
        return []
    places = f"pages on {config['HOST']}:{config['PORT']}, plots on {bokeh_host}:{config['BOKEH_PORT']}"
    sentences = [f"Open beyond this machine: {places}." if wide else "Open to whom the reverse proxy lets through."]
    if config["REGISTRATION_OPEN"]:
        sentences.append("Anybody who reaches it can make a user and run programs here. To close: REGISTRATION_OPEN.")
    else:
        sentences.append("Everybody sees the log-in; users are made by the command create-user alone.")
    sentences.append("All else asks for a log-in, and shows only what is one's own.")
    if wide:
        sentences.append("There is no encryption: passwords can be read on the way. See docs/security.md.")
    return sentences


def _connections() -> int:
    """As many connections as the system lets this process have."""
    if sys.platform == "win32":
        return _CONNECTIONS
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _CONNECTIONS + _OTHER_FILES
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(100, min(_CONNECTIONS, soft - _OTHER_FILES))


def _channel(app: Flask) -> type[HTTPChannel]:
    """Connections whose requests are bounded before their body is read.

    The server reads a whole body before it asks the application. So whoever is not logged in sends small ones
    only, and may not take his time.
    """
    serializer = app.session_interface.get_signing_serializer(app)
    lifetime = app.permanent_session_lifetime.total_seconds()

    def is_upload(path: str, cookies: str) -> bool:
        path = path.rstrip("/")
        if not path.endswith(("/upload", "/run")):
            return False
        cookie = parse_cookie(cookies).get(app.config["SESSION_COOKIE_NAME"], "")
        try:
            return "_user_id" in serializer.loads(cookie, max_age=int(lifetime))
        except BadData:
            return False

    class Parser(HTTPRequestParser):
        def __init__(self, adj):
            super().__init__(adj)
            self._small = True
            self._begun = time.monotonic()

        def parse_header(self, header_plus: bytes) -> None:
            super().parse_header(header_plus)
            body = self.chunked or self.content_length > SMALL_BODY
            self._small = not (body and is_upload(self.path, self.headers.get("COOKIE", "")))
            if self._small:
                self.adj = copy.copy(self.adj)
                self.adj.max_request_body_size = SMALL_BODY + 1

        def received(self, data: bytes) -> int:
            consumed = super().received(data)
            if self._small and not self.completed and time.monotonic() - self._begun > _SMALL_SECONDS:
                self.error = BadRequest("The request took too long.")
                self.completed = True
            return consumed

    class Channel(HTTPChannel):
        parser_class = Parser

    return Channel
