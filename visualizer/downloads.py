"""Sending a stored file to be saved, with its size, so that the browser can show how far it is."""
import os
from pathlib import Path

from flask import Response, send_file
from werkzeug.wsgi import LimitedStream

from visualization_files.layout import BadFileError, ScriptFolder


def send_network(folder: ScriptFolder, name: str) -> Response | None:
    """The saved network to be saved under a name; None where there is none."""
    return _send(folder, folder.network, name, "application/octet-stream")


def send_output(folder: ScriptFolder, name: str) -> Response | None:
    """The whole output to be saved under a name; None where there is none."""
    return _send(folder, folder.output, name, "text/plain")


def _send(folder: ScriptFolder, path: Path, name: str, mimetype: str) -> Response | None:
    """An answer that a browser saves under a name: the bytes that the file has now, sent piece by piece.

    What is added to the file meanwhile is left out, because the size has been told by then.

    Args:
        folder: whose file it is.
        path: the file.
        name: the name that the browser proposes.
        mimetype: never one that a browser would show.
    """
    try:
        file = folder.open(path)
    except (OSError, BadFileError):
        return None
    size = os.fstat(file.fileno()).st_size
    answer = send_file(LimitedStream(file, size), mimetype=mimetype, as_attachment=True, download_name=name)
    answer.content_length = size
    # Otherwise the server takes the stream itself, and nobody closes the file.
    answer.direct_passthrough = False
    answer.call_on_close(file.close)
    return answer
