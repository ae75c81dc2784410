"""What all pages share: texts for errors, how times and states are written."""

from datetime import datetime

from flask import Flask, flash, redirect, render_template, request
from flask_wtf.csrf import CSRFError
from markupsafe import Markup
from werkzeug.exceptions import HTTPException

from visualization_files.names import VISUALIZATIONS
from visualizer.live import in_words

_SENTENCES = {
    400: "The server did not understand this request.",
    403: "You may not see this page.",
    404: "There is no such page, or it is not yours.",
    405: "This address cannot be used like that.",
    413: "What you sent is too large.",
    429: "Too many attempts. Wait a minute and try again.",
    500: "Something went wrong on the server. It was written to its log.",
}


def init_app(app: Flask) -> None:
    """Register error pages, filters and what every template knows."""
    app.register_error_handler(CSRFError, _page_too_old)
    app.register_error_handler(HTTPException, _error_page)
    app.add_template_filter(time_tag)
    app.add_template_filter(in_words)
    app.context_processor(lambda: {"VISUALIZATIONS": VISUALIZATIONS, "config": app.config})


def time_tag(moment: datetime | None) -> Markup:
    """A time as HTML; the page's script turns it into the reader's own time zone."""
    if moment is None:
        return Markup("–")
    return Markup('<time datetime="{}Z">{} UTC</time>').format(
        moment.isoformat(timespec="seconds"), moment.strftime("%Y-%m-%d %H:%M")
    )


def _page_too_old(_error: CSRFError):
    flash("This page was open for too long, or your session has ended. Please try again.", "warning")
    return redirect(request.path if request.method == "GET" else "/"), 303


def _error_page(error: HTTPException):
    sentence = _SENTENCES.get(error.code, error.name)
    return render_template("error.html", code=error.code, sentence=sentence), error.code
