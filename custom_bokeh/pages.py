"""The open pages: which document shows what, and who is told when files change."""
import asyncio
import logging
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from weakref import WeakSet, ref

from bokeh.document import Document

from custom_bokeh.component import Component
from custom_bokeh.library import Library
from custom_bokeh.watcher import Watcher

log = logging.getLogger(__name__)


class Page:
    """One open page. Only its document holds its component, so that a closed page is freed.

    Args:
        document: the document of one browser tab.
        component: what it shows.
    """

    def __init__(self, document: Document, component: Component):
        self.folders = {component.visit.folder.path}
        self.component = component
        self._document = ref(document)
        self._waits = False

    def changed(self) -> None:
        """Update it soon. While the last update still waits to be sent, a further one adds nothing."""
        document = self._document()
        if document is None or document.session_context is None or self._waits:
            return
        self._waits = True
        document.add_next_tick_callback(self._update)

    def _update(self) -> None:
        self._waits = False
        try:
            self.component.update()
        except Exception:
            log.exception("A page could not be brought up to date")


class Pages:
    """All open pages of the process, with the one library and the one watcher that they share."""

    def __init__(self, library: Library | None = None, watcher: Watcher | None = None):
        self.library = library or Library()
        self.watcher = watcher or Watcher(self.files_changed)
        self._open: WeakSet[Page] = WeakSet()
        self._tasks: set[asyncio.Task] = set()

    def __len__(self) -> int:
        return len(self._open)

    def open(self, document: Document, component: Component) -> None:
        """Keep a page up to date until its document's session ends."""
        page = Page(document, component)
        self._open.add(page)
        self.watcher.add(component.visit.folder.path)
        component.follow = partial(self._follow, ref(page))
        document.on_session_destroyed(lambda context: self._close(page))
        # What takes longer to find out comes when the page stands.
        self._soon(self.files_changed(component.visit.folder.path))

    def _follow(self, page: Callable[[], Page | None], folder: Path) -> None:
        """Tell a page of changes in a further folder, too."""
        if (page := page()) in self._open and folder not in page.folders:
            page.folders.add(folder)
            self.watcher.add(folder)

    def _soon(self, work: Coroutine) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _close(self, page: Page) -> None:
        if page in self._open:
            self._open.discard(page)
            for folder in page.folders:
                self.watcher.remove(folder)
            if not self._open:
                # Nobody looks: what was prepared is not worth its memory until somebody does.
                self.library.cache.clear()

    async def files_changed(self, folder: Path) -> None:
        """Read what changed in a folder, once and beside the event loop, then tell the pages that show it."""
        if await asyncio.to_thread(self.library.refresh, folder):
            for page in [page for page in self._open if folder in page.folders]:
                page.changed()
