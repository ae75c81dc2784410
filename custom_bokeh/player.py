"""Plays through the stages like a film, as fast as the browser can draw but not faster than one can see."""
import time

from custom_bokeh.stage_bar import StageBar

# Seconds that a stage is shown at least.
PAUSE = 0.25


class Player:
    """Steps to the next stage each time the browser has drawn the last one.

    Args:
        bar: whose stages are played, by its button.
    """

    def __init__(self, bar: StageBar):
        self.bar = bar
        self._last = 0.0
        bar.play.on_change("active", lambda attr, old, new: self._toggle(new))

    def _toggle(self, on: bool) -> None:
        self.bar.play.label = "Pause" if on else "Play"
        if on:
            self._last = time.monotonic()
            if self.bar.stage is None or self.bar.stage == self.bar.stages[-1]:
                self.bar.rewind()
            else:
                self.bar.step()

    def drawn(self) -> None:
        """The browser has drawn the picture that was sent last."""
        document = self.bar.root.document
        if not self.bar.play.active or document is None:
            return
        wait = max(0.001, PAUSE - (time.monotonic() - self._last))
        document.add_timeout_callback(self._next, round(1000 * wait) or 1)

    def _next(self) -> None:
        if not self.bar.play.active:
            return
        self._last = time.monotonic()
        if not self.bar.step():
            self.bar.play.active = False
