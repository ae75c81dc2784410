"""Finds feature maps and units that are dark at every stage and for every input image."""
from collections.abc import Callable, Sequence
from threading import Lock

import numpy as np

from custom_bokeh.stage_feed import StageFeed
from visualization_files.layout import BadFileError, ScriptFolder
from visualization_files.stages import Stage

# Stages that are looked at for each input image; of more an even choice.
MAX_STAGES = 40
# Fewer drawings say nothing yet: before training a map may be dark by chance.
MIN_DRAWINGS = 2


class DeadMaps:
    """What has been alive so far in one run; shared by all pages that show it.

    Attributes:
        folder: the run's folder.
        version: goes up with each change.

    Args:
        feeds: gives the feed of each input image.
    """

    def __init__(self, folder: ScriptFolder, feeds: Callable[[], Sequence[StageFeed]]):
        self.folder = folder
        self.version = 0
        self._find_feeds = feeds
        self._feeds: Sequence[StageFeed] = ()
        self._lock = Lock()
        self._forget()

    def _forget(self) -> None:
        self._alive: dict[tuple[str, int], np.ndarray] = {}
        self._looked: set[tuple] = set()
        self._first: tuple = ()

    def refresh(self) -> bool:
        """Look at the drawings that were not looked at yet; returns whether there were any."""
        with self._lock:
            self._feeds = self._find_feeds()
            first = tuple((feed.image, feed.state(feed.stages[0])) for feed in self._feeds if feed.stages)
            if self._first != first[: len(self._first)]:
                self._forget()  # another run writes here now
            self._first = first
            looked = len(self._looked)
            for feed in self._feeds:
                for stage in _choice(feed.stages):
                    self._look(feed, stage)
            changed = len(self._looked) != looked
            self.version += changed
            return changed

    def _look(self, feed: StageFeed, stage: Stage) -> None:
        key = (feed.image, stage.batch)
        if key in self._looked:
            return
        try:
            data = feed.data(stage)
        except (BadFileError, FileNotFoundError):
            return
        self._looked.add(key)
        for name, array in data:
            alive = array.reshape(len(array), -1).any(axis=1)
            before = self._alive.get((name, len(array)))
            self._alive[name, len(array)] = alive if before is None else alive | before

    def marked(self, name: str, array: np.ndarray) -> tuple[int, ...]:
        """Numbers of the maps or units of a layer that were dark wherever they were looked at."""
        alive = self._alive.get((name, len(array)))
        if alive is None or len(self._looked) < MIN_DRAWINGS:
            return ()
        dead = ~alive & ~array.reshape(len(array), -1).any(axis=1)
        return tuple(np.flatnonzero(dead).tolist())

    def about(self, marked: Sequence[int], array: np.ndarray) -> str:
        """How many of a layer are dead, in words; nothing where all are alive."""
        if not marked:
            return ""
        kind = "units" if array.ndim == 1 else "maps"
        drawings = f"in all {len(self._looked)} drawings that were looked at"
        images = f", of {len(self._feeds)} input images" if len(self._feeds) > 1 else ""
        return f"{len(marked)} of {len(array)} {kind} are dead: dark {drawings}{images}."


def _choice(stages: Sequence[Stage]) -> list[Stage]:
    """All stages, or an even choice of them with the newest."""
    if len(stages) <= MAX_STAGES:
        return list(stages)
    # A power of two as step, so that a longer run looks mostly at stages that were looked at before.
    step = 1 << (len(stages) // MAX_STAGES).bit_length()
    return [*stages[:-1:step], stages[-1]]
