"""The drawings of one technique for one input image, read once for all pages that show them."""
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

from custom_bokeh.cache import Cache
from visualization_files.layout import BadFileError, ScriptFolder, is_safe_name
from visualization_files.names import TECHNIQUES
from visualization_files.reader import read_visualization
from visualization_files.stages import STAGES_FILE, Stage, history_file, read_stages

_MAX_ERROR = 2000
_MAX_VARIANTS = 20


@dataclass(frozen=True)
class FileState:
    """Which content of a file is meant: another one at the same place has another state."""

    inode: int
    size: int
    modified: int


class StageFeed:
    """All stages of a technique for one input image.

    Attributes:
        stages: those that can be shown, oldest first.
        error: why the newest drawing could not be made, in words for the user, else None.
        version: goes up with each change.
    """

    def __init__(self, folder: ScriptFolder, technique: str, image: str | None, cache: Cache):
        self.folder = folder
        self.technique = technique
        self.image = image
        self.results = folder.results_of(image)
        self.stages: Sequence[Stage] = ()
        self.error: str | None = None
        self.version = 0
        self._cache = cache
        self._seen: tuple = ()
        self._lock = Lock()

    def refresh(self) -> bool:
        """Look at the files again; returns whether anything changed."""
        with self._lock:
            seen = self._states()
            if seen == self._seen:
                return False
            self._seen = seen
            self.stages = self._read_stages()
            self.error = self._read_error()
            self.version += 1
            return True

    def data(self, stage: Stage) -> Any:
        """A stage's data, in the form of `read_visualization`.

        Raises:
            FileNotFoundError: if it was thinned out or deleted meanwhile.
            BadFileError: if it cannot be shown.
        """
        path = self.path(stage)
        key = (path, self.state(stage))
        return self._cache.get(key, lambda: read_visualization(self.technique, path, self.folder.root))

    def variants(self, stage: Stage) -> dict[str, Any]:
        """Further arrays of the same form that a stage has beside its main one, by their name.

        Raises:
            BadFileError: if one cannot be shown.
        """
        names = stage.details.get("variants")
        names = names if isinstance(names, list) and stage.file else []
        found = {}
        for name in names[1 : 1 + _MAX_VARIANTS]:
            if not isinstance(name, str) or not is_safe_name(name):
                continue
            path = self.results / history_file(self.technique, stage.batch, name)
            key = (path, file_state(path))
            with suppress(FileNotFoundError):  # none was stored, or it was thinned out meanwhile
                found[name] = self._cache.get(key, partial(read_visualization, self.technique, path, self.folder.root))
        return found

    def path(self, stage: Stage) -> Path:
        """Where a stage's data lies."""
        return self.results / (stage.file or TECHNIQUES[self.technique].file)

    def state(self, stage: Stage) -> FileState | None:
        """Which content a stage's file has now: part of the key of whatever is prepared from it."""
        return file_state(self.path(stage))

    def _states(self) -> tuple:
        names = (STAGES_FILE, TECHNIQUES[self.technique].file, f"{self.technique}.error.txt")
        # The history is thinned without a new drawing, so its folder counts as well.
        return tuple(file_state(self.results / name) for name in (*names, f"history/{self.technique}"))

    def _read_stages(self) -> Sequence[Stage]:
        stages = read_stages(self.results, self.technique, self.folder.root)
        newest = file_state(self.results / TECHNIQUES[self.technique].file)
        if stages or newest is None:
            return tuple(stages)
        # Written by something else in the thesis' format: a picture without a history.
        return (Stage(self.technique, 0, 0.0, 0.0, newest.modified / 1e9, None),)

    def _read_error(self) -> str | None:
        path = self.results / f"{self.technique}.error.txt"
        try:
            with self.folder.open(path) as file:
                return file.read(_MAX_ERROR).decode(errors="replace").strip() or None
        except (OSError, BadFileError):
            return None


def file_state(path: Path) -> FileState | None:
    try:
        stat = os.stat(path, follow_symlinks=False)
    except OSError:
        return None
    return FileState(stat.st_ino, stat.st_size, stat.st_mtime_ns)
