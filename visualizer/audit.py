"""The audit log: who did what, as one line of JSON for each deed, in a file that only the server's owner reads.

Passwords, tokens and what users wrote into forms never come here. JSON escapes line ends, so that no name can
forge a line.
"""

import json
import logging
import os
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, g, has_request_context, request
from flask_login import current_user

# What is written down of requests that change nothing: who saw or took what.
_LOOKS = {
    "files.download_network": "network downloaded",
    "output.download": "output downloaded",
    "visualizations.show": "visualization opened",
    "kept.download_network": "network downloaded",
    "kept.download_output": "output downloaded",
    "kept.visualization": "visualization opened",
}
_DEEDS = {
    "files.upload": "uploaded",
    "files.delete": "deleted",
    "files.change_tags": "tags changed",
    "kept.delete": "kept run deleted",
    "runs.start": "run asked for",
    "runs.stop": "stop asked for",
    "machine.stop": "stop asked for",
    "messages.show": "messages chosen",
}
# Requests that change something, but nothing of interest; accounts write their own lines.
_SILENT = {"runs.announced"}
_MAX_TEXT = 200


class _PrivateFileHandler(RotatingFileHandler):
    """A rotating file that only its owner can read, whatever the umask."""

    def _open(self):
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.chmod(self.baseFilename, 0o600)
        return os.fdopen(descriptor, self.mode, encoding=self.encoding)


def init_app(app: Flask) -> None:
    """Open the log of this application and write down what its requests do."""
    handler = _PrivateFileHandler(
        Path(app.instance_path) / "audit.log",
        maxBytes=app.config["AUDIT_BYTES"],
        backupCount=app.config["AUDIT_FILES"],
        encoding="utf-8",
        delay=True,
    )
    # A logger that only this application knows, so that two applications never share a file.
    logger = logging.Logger("visualizer.audit", logging.INFO)
    logger.addHandler(handler)
    app.extensions["audit"] = logger
    app.after_request(_record_request)


def record(deed: str, user: str | None = None, **facts: Any) -> None:
    """Write a line.

    Args:
        deed: what was done, such as "logged in".
        user: who did it; the one who is logged in where None.
        facts: what it was done to. Never a password, a token, or a name that no user has.
    """
    line = {"time": datetime.now(UTC).isoformat(timespec="seconds"), "deed": deed, "user": user or _who()}
    if has_request_context():
        line["address"] = request.remote_addr
    line |= {name: value[:_MAX_TEXT] if isinstance(value, str) else value for name, value in facts.items()}
    logger = current_app.extensions["audit"]
    logger.info(json.dumps(line))
    # Opened anew for each line, so that it may be moved away by others.
    logger.handlers[0].close()


def _who() -> str | None:
    if not has_request_context():
        return "administrator on this machine"
    return current_user.name if current_user.is_authenticated else None


def _record_request(response: Response) -> Response:
    endpoint, changes = request.endpoint or "", request.method not in ("GET", "HEAD", "OPTIONS")
    deed = _DEEDS.get(endpoint, endpoint) if changes else _LOOKS.get(endpoint)
    if not deed or endpoint in _SILENT or endpoint.startswith("accounts.") or request.method == "HEAD":
        return response
    # Strangers get nowhere, and could drown everything else.
    if not current_user.is_authenticated:
        return response
    facts = dict(request.view_args or {})
    if endpoint in _LOOKS and response.status_code != 200:
        facts["refused"] = True
    record(deed, **facts, **g.get("audit_facts", {}), status=response.status_code)
    return response
