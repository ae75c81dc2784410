"""Sending a stored file to be saved, with its size, so that the browser can show how far it is."""
import os
from typing import BinaryIO

from flask import Response, send_file
from werkzeug.wsgi import LimitedStream


def send_download(file: BinaryIO, name: str, mimetype: str) -> Response:
    """An answer that a browser saves under a name: the bytes that the file has now, sent piece by piece.

    What is added to the file meanwhile is left out, because the size has been told by then.

    Args:
        file: a regular file, open for reading; closed when the answer is sent or broken off.
        name: the name that the browser proposes.
        mimetype: never one that a browser would show.
    """
    size = os.fstat(file.fileno()).st_size
    answer = send_file(LimitedStream(file, size), mimetype=mimetype, as_attachment=True, download_name=name)
    answer.content_length = size
    # Otherwise the server takes the stream itself, and nobody closes the file.
    answer.direct_passthrough = False
    answer.call_on_close(file.close)
    return answer
