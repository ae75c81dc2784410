"""Hands files to the browser. They travel through the page's own session, so they need no address of their own."""
import asyncio
from collections.abc import Callable

from bokeh.document import Document

from custom_bokeh.screen import Screen, script


class Downloads:
    """Makes a file beside the event loop and hands it to the browser.

    Args:
        screen: takes the file.
    """

    def __init__(self, screen: Screen):
        self._screen = screen
        self._busy = False

    def connect(self) -> None:
        """Let the browser take what the screen holds."""
        self._screen.js_on_change("download", script("download", screen=self._screen))
        self._screen.on_change("downloads", lambda attr, old, new: self._taken())

    def start(self, make: Callable[[], bytes], name: str, media_type: str, document: Document | None) -> None:
        """Make a file; one at a time for each page.

        Args:
            make: makes its content.
            name: file name.
            media_type: of its content.
            document: of the page; None where there is no browser.
        """
        if self._busy:
            return
        self._busy = True
        if document is None or document.session_context is None:
            self._hand_over(make(), name, media_type)
            return

        async def work() -> None:
            try:
                content = await asyncio.to_thread(make)
                self._hand_over(content, name, media_type)
            finally:
                self._busy = False

        document.add_next_tick_callback(work)

    def _hand_over(self, content: bytes, name: str, media_type: str) -> None:
        self._screen.update(download_name=name, download_type=media_type)
        self._screen.download = content
        self._busy = False

    def _taken(self) -> None:
        """The browser has it now; nothing needs to keep it here."""
        self._screen.download = None
