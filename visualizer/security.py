"""What every answer carries for the browser's safety."""

import secrets
from datetime import timedelta

from flask import Flask, Response, g

from visualizer.addresses import bokeh_url


def init_app(app: Flask) -> None:
    """Set up sessions' cookies and the headers of all answers."""
    app.config.setdefault("SESSION_COOKIE_NAME", "visualizer_session")
    app.config.update(
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(days=app.config["SESSION_DAYS"]),
        WTF_CSRF_TIME_LIMIT=None,
    )
    app.before_request(_make_nonce)
    app.after_request(_add_headers)


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
