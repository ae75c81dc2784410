"""Which addresses are our own, as the browser sees them."""

from urllib.parse import urlsplit

from flask import current_app, request


def bokeh_url() -> str:
    """Where the browser that asks reaches the Bokeh server: by the name under which it reached this page."""
    if url := current_app.config["BOKEH_URL"]:
        return url.rstrip("/")
    host = request.host if request.host.endswith("]") else request.host.rsplit(":", 1)[0]
    return f"{request.scheme}://{host}:{current_app.config['BOKEH_PORT']}"


def is_own_page(target: str) -> bool:
    """Whether a redirect to it stays on this site: a path of our own, without host or scheme."""
    path = target.replace("\\", "/")
    return path.startswith("/") and not path.startswith("//") and path.isprintable() and not urlsplit(path).netloc
