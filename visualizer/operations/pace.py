"""How long a run still takes, from the epochs that Keras prints."""

import os
import re
import time
from datetime import UTC
from typing import BinaryIO

from flask import current_app

from visualization_files.layout import BadFileError
from visualizer import storage
from visualizer.launcher.gentle import READY
from visualizer.models import Run

_EPOCH = re.compile(rb"Epoch (\d{1,9})/(\d{1,9})")
_STEP = re.compile(rb"(\d{1,12})/(\d{1,12})")
_HEAD_BYTES = 100_000  # of the output, in which the first epoch is looked for


def seconds_left(run: Run) -> float | None:
    """Seconds until the training that runs ends, as fast as it went until now; None where nobody knows."""
    if run.started is None:
        return None
    folder = storage.folder_of(run.file)
    try:
        with folder.open(folder.output) as output:
            epochs = read_epochs(*_ends(output))
    except (OSError, BadFileError):
        return None
    if epochs is None:
        return None
    first, done, total = epochs
    begun = run.started.replace(tzinfo=UTC).timestamp()
    try:
        # The callbacks write it when the training begins, after all the imports.
        with folder.open(folder.path / READY) as ready:
            begun = max(begun, os.fstat(ready.fileno()).st_mtime)
    except (OSError, BadFileError):
        pass
    trained = done - max(first, run.continued_after or 0)  # the output begins with the run that it goes on with
    return max(0.0, (time.time() - begun) * (total - done) / trained) if trained > 0 else None


def read_epochs(head: bytes, tail: bytes) -> tuple[float, float, int] | None:
    """From which epoch a training began, how many are done, and how many there are.

    Args:
        head: the beginning of the output.
        tail: its end.

    Returns:
        None where no epoch is told. Parts of an epoch count, where its steps are told.
    """
    found = list(_EPOCH.finditer(tail))
    if not found:
        return None
    epoch, total = (int(number) for number in found[-1].groups())
    first = next((int(one[1]) for one in _EPOCH.finditer(head) if int(one[2]) == total), epoch)
    steps = _STEP.findall(tail, found[-1].end())
    step, length = (int(number) for number in steps[-1]) if steps else (0, 1)
    part = min(1.0, step / length) if length else 0.0
    return min(first, epoch) - 1, epoch - 1 + part, total


def _ends(file: BinaryIO) -> tuple[bytes, bytes]:
    most = current_app.config["OUTPUT_BYTES"]
    head = file.read(_HEAD_BYTES)
    file.seek(max(0, file.seek(0, os.SEEK_END) - most))
    return head, file.read(most)
