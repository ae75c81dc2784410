"""Shows a part: its heading, its picture, what it is compared with, and one of its maps large."""
from html import escape

from bokeh.events import Tap
from bokeh.layouts import column, row
from bokeh.models import Div, LayoutDOM, Range1d

from custom_bokeh.component import Component
from custom_bokeh.dead_marks import DeadMarks
from custom_bokeh.large_map import LargeMap
from custom_bokeh.part import Difference, Part
from custom_bokeh.picture import Picture
from custom_bokeh.words import file_name

# CSS pixels that one pixel of a map gets at most, one unit of a dense layer, and the width of a card.
WHOLE = 480  # width of a map of the whole input, beside the input image of the same width
_MAP_ZOOM = 8
_UNIT_ZOOM = 24
CARD = 168


class PartView:
    """One part of a page.

    Attributes:
        root: the layout.
        picture: the part at the stage that is shown.
        other: the same at the stage or for the image that it is compared with, None without comparison.
        difference: what changed between both.
        large: one map of a layer, full size, None before somebody clicked one.
        difference_text: what the colours of the difference mean, None before there was one.

    Args:
        page: the component that it belongs to.
        slot: its place, by which the browser says that it is in view.
        part: the first one to show.
        card: small, as one of many side by side.
        ranges: those of pictures that it is linked with.
    """

    def __init__(
        self, page: Component, slot: str, part: Part, card: bool = False, ranges: tuple[Range1d, Range1d] | None = None
    ):
        self._page = page
        self._card = card
        self._shown: tuple = ()
        self.heading = page.text(width=CARD, sizing_mode=None) if card else page.text()
        self.picture = self._new_picture(part, ranges)
        self.other: Picture | None = None
        self.difference: Picture | None = None
        self.difference_text: Div | None = None
        self.large: LargeMap | None = None
        self._part: Part | None = None
        self._marks = DeadMarks(self.picture.root, page.colours.mark)
        self._pictures = column(self.picture.root, sizing_mode=self._sizing)
        self.root = column(self.heading, self._pictures, sizing_mode=self._sizing, name=slot)
        if part.grid is not None:
            self.picture.root.on_event(Tap, self.on_tap)
        self.picture.reserve(part.shape)

    @property
    def _sizing(self) -> str | None:
        return None if self._card else "stretch_width"

    def _new_picture(self, part: Part, ranges=None, **options) -> Picture:
        zoom = _UNIT_ZOOM if part.grid and part.grid.height == 1 else _MAP_ZOOM
        width = CARD if self._card else min(2400, max(60, part.shape[1] * zoom))
        if part.grid is None and not self._card:
            width = WHOLE
        name = file_name(part.title)
        return Picture(self._page, name, ranges, width, fixed=self._card, **options)

    def show(self, part: Part, against: Part | None, narrow: bool = False) -> bool:
        """Show the part, and beside it what it is compared with; returns whether that is new."""
        new = (part.key, against and against.key, narrow, part.about, part.marked)
        if new == self._shown:
            return False
        self._shown = new
        self._part = part
        self._write_heading(part)
        self.picture.name = file_name(part.title)
        self.picture.show(part.make, part.shape, part.key, f"{part.title}. {part.about}")
        self._compare(part, against, narrow)
        self._marks.show(part.grid, part.marked)
        if self.large:
            self.large.show(part)
        return True

    def _write_heading(self, part: Part) -> None:
        level, about = 3 if self._card else 2, escape(part.about)
        html = f'<h{level} class="heading part">{escape(part.title)}</h{level}><p class="quiet">{about}</p>'
        if html != self.heading.text:
            self.heading.text = html

    def fit_screen(self, width: int) -> None:
        """Send no more pixels than the screen has."""
        for picture in (self.picture, self.other, self.difference):
            if picture:
                picture.fit_screen(width)

    def _compare(self, part: Part, against: Part | None, narrow: bool) -> None:
        if against is None or against.shape != part.shape:
            self._arrange([self.picture], narrow)
            text = "" if against is None else "This cannot be compared: its size is another one there."
        else:
            self._make_comparison(part)
            difference = Difference(part, against)
            self._arrange([self.picture, self.other, self.difference], narrow)
            self.other.show(against.make, against.shape, against.key, f"{part.title}, compared with. {against.about}")
            label = f"Difference of {part.title}. {difference.about}"
            self.difference.show(difference.make, part.shape, difference.key, label)
            text = difference.about
        if not self._card:
            self._explain(text)

    def _explain(self, text: str) -> None:
        if self.difference_text is None:
            if not text:
                return
            self.difference_text = self._page.text()
            self._add(self.difference_text)
        if text or self.difference_text.visible:
            self.difference_text.update(text=f'<p class="quiet">{escape(text)}</p>', visible=bool(text))

    def _add(self, model: LayoutDOM) -> None:
        self.root.children = [*self.root.children, model]

    def on_tap(self, event: Tap) -> None:
        """Show the map that was clicked large, or close it if it is shown already."""
        if self._part is None or self._part.grid is None or event.x is None:
            return
        if self.large is None:
            self.large = LargeMap(self._page)
            self.large.show(self._part)
            self._add(self.large.root)
        self.large.choose(self._part.grid.index(event.x, event.y))

    def _make_comparison(self, part: Part) -> None:
        if self.other is None:
            self.other = self._new_picture(part, self.picture.ranges)
            self.difference = self._new_picture(part, self.picture.ranges, palette="differences")
            for picture in (self.other, self.difference):
                picture.screen_width = self.picture.screen_width

    def _arrange(self, pictures: list[Picture], narrow: bool) -> None:
        figures = [picture.root for picture in pictures]
        shown = self._pictures.children
        if len(figures) > 1 and not narrow and not self._card:
            figures = [row(*figures, sizing_mode="stretch_width", spacing=8)]
            if shown and getattr(shown[0], "children", None) == figures[0].children:
                return
        if shown != figures:
            # A model cannot have two parents, so the old row must be gone first.
            self._pictures.children = []
            self._pictures.children = figures
