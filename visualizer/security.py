"""What every request may bring, and what every answer carries for the browser's safety."""

import hmac
import secrets
from datetime import timedelta

from flask import Flask, Response, g, has_request_context, request
from flask.sessions import SecureCookieSessionInterface
from flask_login import current_user
from werkzeug.routing import IntegerConverter

from visualizer.addresses import bokeh_url

# Where files are sent to, and the largest body of all other requests in bytes.
UPLOADS = ("files.upload", "runs.start")
SMALL_BODY = 100_000


class _Number(IntegerConverter):
    """A number in an address, no larger than a database takes."""

    def __init__(self, map, **options):
        super().__init__(map, **{"max": 2**31 - 1, **options})


class _Sessions(SecureCookieSessionInterface):
    """Sessions whose cookie goes over encrypted connections alone where it came over one."""

    def get_cookie_secure(self, app: Flask) -> bool:
        return app.config["SESSION_COOKIE_SECURE"] or (has_request_context() and request.is_secure)


def init_app(app: Flask) -> None:
    """Set up sessions' cookies, limits of requests, and the headers of all answers."""
    app.url_map.converters["int"] = _Number
    app.session_interface = _Sessions()
    app.config.update(
        SESSION_COOKIE_NAME="visualizer_session",
        SESSION_COOKIE_HTTPONLY=True,
        # A session ends so many days after its log-in, however often it is used.
        SESSION_REFRESH_EACH_REQUEST=False,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(days=app.config["SESSION_DAYS"]),
        WTF_CSRF_TIME_LIMIT=None,
    )
    app.before_request(_make_nonce)
    app.before_request(_limit_body)
    app.after_request(_add_headers)


def bokeh_key(secret_key: str) -> str:
    """The key that the Bokeh server shares: whoever learns it there can forge no log-in here."""
    return hmac.new(secret_key.encode(), b"bokeh server", "sha256").hexdigest()


def _limit_body() -> None:
    """Before anything reads the body: only those who are logged in send files, and only to where files go."""
    if request.endpoint not in UPLOADS or not current_user.is_authenticated:
        request.max_content_length = SMALL_BODY


def _make_nonce() -> None:
    g.csp_nonce = secrets.token_urlsafe(16)


def _add_headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", _content_security_policy())
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    if response.mimetype in ("text/html", "application/json"):
        response.headers["Cache-Control"] = "no-store"
    return response


def _content_security_policy() -> str:
    scripts, connect = "'self'", "'self'"
    if g.get("embeds_bokeh"):
        url = bokeh_url()
        # The nonce starts Bokeh's loader, which adds its own scripts; its callbacks are made from texts.
        scripts = f"'nonce-{g.csp_nonce}' 'strict-dynamic' 'unsafe-eval'"
        connect = f"'self' {url} {url.replace('http', 'ws', 1)}"
    rules = {
        "default-src": "'none'",
        "script-src": scripts,
        "style-src": "'self' 'unsafe-inline'" if g.get("embeds_bokeh") else "'self'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": connect,
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())
