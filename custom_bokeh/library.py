"""What all open pages share: each file of a run is read once for everybody who looks at it."""
from collections.abc import Callable
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
from PIL import Image

from custom_bokeh.cache import Cache
from custom_bokeh.dead_maps import DeadMaps
from custom_bokeh.progress_feed import ProgressFeed
from custom_bokeh.stage_feed import StageFeed, file_state
from visualization_files.layout import BadFileError, ScriptFolder

# Bytes of parsed files and of prepared pictures that are kept for the next page or stage.
CACHE_BYTES = 256 * 1024 * 1024
MAX_IMAGE_PIXELS = 100_000_000
# Pixels of the longer side of an input image on a page.
MAX_IMAGE_SIDE = 2048


class Library:
    """Hands out the feeds of runs. A feed lives as long as a page holds it.

    Args:
        cache_bytes: memory for what was read and prepared.
    """

    def __init__(self, cache_bytes: int = CACHE_BYTES):
        self.cache = Cache(cache_bytes)
        self._feeds: WeakValueDictionary = WeakValueDictionary()

    def progress(self, folder: ScriptFolder) -> ProgressFeed:
        """The progress of a run."""
        return self._feed((folder.path, "training_progress"), lambda: ProgressFeed(folder))

    def stages(self, folder: ScriptFolder, technique: str, image: str | None = None) -> StageFeed:
        """The stages of a technique for an input image; None is the first one."""
        return self._feed(
            (folder.path, technique, image), lambda: StageFeed(folder, technique, image, self.cache)
        )

    def dead_maps(self, folder: ScriptFolder) -> DeadMaps:
        """Which maps of a run's layers are dead; known after the next `refresh`."""

        def feeds() -> list[StageFeed]:
            images = [None, *(path.name for path in folder.image_paths()[1:])]
            return [self.stages(folder, "layer_activations", image) for image in images]

        return self._feed((folder.path, "dead_maps"), lambda: DeadMaps(folder, feeds), refresh=False)

    def _feed(self, key: tuple, make: Callable[[], Any], refresh: bool = True) -> Any:
        feed = self._feeds.get(key)
        if feed is None:
            feed = make()
            if refresh:
                feed.refresh()
            self._feeds[key] = feed
        return feed

    def refresh(self, folder: Path) -> bool:
        """Let the feeds of a folder look at their files again; returns whether anything changed."""
        feeds = [feed for feed in list(self._feeds.values()) if feed.folder.path == folder]
        feeds.sort(key=lambda feed: isinstance(feed, DeadMaps))  # it looks at what the others have read
        changed = [feed.refresh() for feed in feeds]  # all of them, so no generator
        return any(changed)

    def image(self, folder: ScriptFolder, name: str | None = None) -> np.ndarray | None:
        """An input image as uint8 array (height, width) or (height, width, 3); None where there is none.

        Raises:
            BadFileError: if it cannot be shown.
        """
        path = next((p for p in folder.image_paths() if name in (None, p.name)), None)
        if path is None:
            return None
        return self.cache.get((path, file_state(path)), lambda: _read_image(folder, path))


def _read_image(folder: ScriptFolder, path: Path) -> np.ndarray:
    try:
        with folder.open(path) as file, Image.open(file, formats=("PNG", "JPEG")) as image:
            if image.width * image.height > MAX_IMAGE_PIXELS:
                raise BadFileError("The input image has too many pixels to be shown.")
            grey = image.mode in ("L", "1", "I;16", "I", "LA")
            image.thumbnail((MAX_IMAGE_SIDE, MAX_IMAGE_SIDE))
            return np.asarray(image.convert("L" if grey else "RGB"))
    except BadFileError:
        raise
    except Exception as error:  # a damaged image can make Pillow raise nearly anything
        raise BadFileError("The input image cannot be read.") from error
