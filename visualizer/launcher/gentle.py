"""The gentle stop: two files in the script's folder, by which supervisor and callbacks understand each other.

The callbacks write `stop.ready` when a training begins, to say that they look for requests, and take it away when
it ends. The supervisor writes `stop.request`; the callbacks see it at the end of an epoch, save the network and
end the training. A script that did not write `stop.ready` gets the normal stop.
"""
from contextlib import suppress
from pathlib import Path

from visualizer.launcher import system

READY = "stop.ready"
REQUEST = "stop.request"
STOPPED = "The epoch that ran was completed first."


def clear(folder: int | Path) -> None:
    """Take away what an earlier run left."""
    for name in (READY, REQUEST):
        with suppress(OSError):
            system.remove_in(folder, name)


def request(folder: int | Path | None) -> bool:
    """Ask the callbacks to end the training; False where nobody would notice."""
    if folder is None or not system.is_in(folder, READY):
        return False
    try:
        system.replace_in(folder, REQUEST, b"")
    except OSError:
        return False
    return True
