"""What a page is compared with: another stage, or the same stage of another input image."""
from typing import TYPE_CHECKING

from custom_bokeh.part import Part
from custom_bokeh.stage_feed import StageFeed
from visualization_files.names import VISUALIZATIONS

if TYPE_CHECKING:
    from custom_bokeh.staged import StagedComponent


class Comparison:
    """Finds the parts to show beside those of a page's stage.

    Args:
        page: whose controls say what to compare with.
    """

    def __init__(self, page: "StagedComponent"):
        self._page = page
        self._feeds: dict[str, StageFeed] = {}

    @property
    def active(self) -> bool:
        """Whether there is something to compare with."""
        return self._page.bar.against is not None or self._page.bar.against_image is not None

    def images(self) -> list[str]:
        """The input images that the shown one can be compared with."""
        if not VISUALIZATIONS[self._page.technique].needs_image:
            return []
        return [path.name for path in self._page.visit.folder.image_paths()[1:]]

    def parts(self) -> dict[str, Part] | None:
        """The parts to compare with, by their name; None where nothing was chosen or there is none.

        Raises:
            BadFileError: if they cannot be shown.
            FileNotFoundError: if they are gone.
        """
        bar, feed, stage = self._page.bar, self._page.feed, self._page.bar.against
        if name := bar.against_image:
            feed = self._feed(name)
            earlier = [s for s in feed.stages if s.batch <= bar.stage.batch] or feed.stages[:1]
            stage = earlier[-1] if earlier else None
        if stage is None:
            return None
        return {part.name: part for part in self._page.read(feed, stage)}

    def _feed(self, image: str) -> StageFeed:
        if image not in self._feeds:
            page = self._page
            self._feeds[image] = page.library.stages(page.visit.folder, page.technique, image)
            page.shares(self._feeds[image])
        return self._feeds[image]
