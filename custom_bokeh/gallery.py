"""The pictures of a page: which there are, where they lie, and which of them are sent."""
from typing import TYPE_CHECKING

from bokeh.layouts import column

from custom_bokeh.part import Part
from custom_bokeh.part_view import PartView

if TYPE_CHECKING:
    from custom_bokeh.staged import StagedComponent


class Gallery:
    """A view for each part of the stage that is shown.

    Attributes:
        root: the layout.
        views: a `PartView` for each part, by its name or, among cards, its place.

    Args:
        page: the component, which makes views and says how they lie.
    """

    def __init__(self, page: "StagedComponent"):
        self._page = page
        self.root = column(sizing_mode="stretch_width")
        self.views: dict[str, PartView] = {}
        self._parts: dict[str, tuple[Part, Part | None]] = {}
        self._layout: tuple = ()

    @property
    def parts(self) -> list[Part]:
        """The parts that are shown."""
        return [part for part, _ in self._parts.values()]

    def place(self, parts: list[Part], against: dict[str, Part] | None, compares: bool) -> None:
        """Show these parts, and beside each what it is compared with.

        Args:
            parts: of the stage.
            against: the parts to compare with, by their name.
            compares: whether the pictures need room for a comparison.
        """
        page = self._page
        self._parts = {
            # A card shows whatever comes at its place; anything else is one thing through all stages.
            f"card {index}" if page.cards else part.name: (part, against and against.get(part.name))
            for index, part in enumerate(parts)
        }
        layout = (*self._parts, compares)
        if layout != self._layout:
            self._layout = layout
            before, self.views = self.views, {}
            for slot, (part, _) in self._parts.items():
                self.views[slot] = before.get(slot) or page.view(slot, part)
            # A model cannot have two parents, so the old rows must be gone first.
            self.root.children = []
            self.root.children = page.arrange(list(self.views.values()))
            self.fit()
        self.fill()

    def fill(self) -> None:
        """Send the parts that are in view; the others wait until they are."""
        screen, names = self._page.screen, self._page.screen.in_view
        sent = False
        for index, (slot, (part, against)) in enumerate(self._parts.items()):
            in_view = index < self._page.first_parts if names is None else slot in names
            if in_view or self._page.alone:
                sent |= self.views[slot].show(part, against, bool(screen.narrow))
        if sent:
            screen.frame += 1

    def fit(self) -> None:
        """Send no more pixels than the screen has."""
        if width := self._page.screen.width:
            for view in self.views.values():
                view.fit_screen(width)
