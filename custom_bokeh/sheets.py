"""Lets one leaf through more pictures than a page can hold."""
from collections.abc import Callable, Sequence
from typing import TypeVar

from bokeh.models import Select

from custom_bokeh.component import Component

# Pictures that a browser draws at once without becoming slow.
SHEET = 60
_Part = TypeVar("_Part")


class Sheets:
    """A choice between the first pictures, the next ones, and so on; invisible where there are few.

    Attributes:
        select: the control.

    Args:
        page: the component that it belongs to.
        changed: called after somebody chose another sheet.
    """

    def __init__(self, page: Component, changed: Callable[[], None]):
        self.select = Select(title="Pictures", value="0", options=[], width=160, visible=False,
                             stylesheets=[page.sheet])  # fmt: skip
        self._changed = changed
        self._ours = False
        self.select.on_change("value", lambda attr, old, new: self._ours or self._changed())

    def of(self, parts: Sequence[_Part]) -> Sequence[_Part]:
        """Those on the chosen sheet."""
        starts = range(0, len(parts), SHEET)
        options = [(str(start), f"{start + 1} to {min(len(parts), start + SHEET)} of {len(parts)}") for start in starts]
        self._offer(options)
        start = int(self.select.value)
        return parts[start : start + SHEET]

    def _offer(self, options: list[tuple[str, str]]) -> None:
        if options == self.select.options:
            return
        self._ours = True
        value = self.select.value if self.select.value in dict(options) else "0"
        self.select.update(options=options, value=value, visible=len(options) > 1)
        self._ours = False
