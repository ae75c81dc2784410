"""The images of a set that activate feature maps most, below their reconstructions."""
from html import escape
from itertools import groupby

from bokeh.layouts import column, row
from bokeh.models import Row

from custom_bokeh.arrays import plain
from custom_bokeh.component import Component, sentence
from custom_bokeh.part_view import CARD
from custom_bokeh.picture import Picture
from custom_bokeh.sheets import SHEET
from custom_bokeh.words import figure, file_name
from visualization_files.layout import BadFileError
from visualization_files.stages import Stage

TECHNIQUE = "max_activating_images"


class MaxActivatingImages:
    """A card for each image: the part that the feature map sees, and its reconstruction where there is one.

    Attributes:
        root: the layout, invisible where nothing was computed.
        feed: where they are read.

    Args:
        page: the component that it belongs to.
    """

    def __init__(self, page: Component):
        self._page = page
        self.feed = page.library.stages(page.visit.folder, TECHNIQUE)
        self.heading = page.text()
        self.cards = column(sizing_mode="stretch_width")
        self._made: list[_Card] = []
        self._rows: list[Row] = []
        self.root = column(self.heading, self.cards, sizing_mode="stretch_width", visible=False)

    def update(self, shown: Stage) -> None:
        """Show those of the last stage that is not later than the one that is shown."""
        stages = [stage for stage in self.feed.stages if stage.batch <= shown.batch] or self.feed.stages[:1]
        entries, problem = [], ""
        if stages:
            try:
                entries = self.feed.data(stages[-1])[:SHEET]
            except (BadFileError, FileNotFoundError) as error:
                problem = sentence(str(error) if isinstance(error, BadFileError) else "They are gone.", error=True)
        if entries or problem:
            self._write(stages[-1], problem)
        for index, entry in enumerate(entries):
            if index == len(self._made):
                self._made.append(_Card(self._page))
            self._made[index].show(entry, (self.feed.path(stages[-1]), self.feed.state(stages[-1]), index))
        self._arrange(entries)
        if self.root.visible != bool(entries or problem):
            self.root.visible = bool(entries or problem)

    def _arrange(self, entries: list[tuple]) -> None:
        """Begin a new line with each feature map."""
        rows, made = [], iter(self._made)
        for _, group in groupby(entries, key=lambda entry: entry[2:4]):
            cards = [next(made).root for _ in group]
            if len(rows) == len(self._rows):
                self._rows.append(row(sizing_mode="stretch_width", styles={"flex-wrap": "wrap"}))
            rows.append(self._rows[len(rows)])
            if rows[-1].children != cards:
                rows[-1].children = cards
        if self.cards.children != rows:
            self.cards.children = rows

    def _write(self, stage: Stage, problem: str) -> None:
        looked = stage.details.get("images")
        of = f" of {looked:,} that were looked at" if isinstance(looked, int) else ""
        text = f"The parts of images{of} that activate each feature map most, and what it answers to in them."
        html = f'<h2 class="heading part">Max-activating images</h2><p class="quiet">{escape(text)}</p>{problem}'
        if html != self.heading.text:
            self.heading.text = html


class _Card:
    def __init__(self, page: Component):
        self._text = page.text(width=CARD, sizing_mode=None)
        self._pictures = [Picture(page, "image", max_width=CARD, fixed=True) for _ in range(2)]
        self.root = column(self._text, *(picture.root for picture in self._pictures))

    def show(self, entry: tuple, key: tuple) -> None:
        """Show an entry of the file."""
        image, deconvolution, layer, map_no, name, activation = entry
        title = f"#{map_no} in {layer}"
        about = f"{name}: activation {figure(float(activation))}."
        html = f'<h3 class="heading part">{escape(title)}</h3><p class="quiet">{escape(about)}</p>'
        if html != self._text.text:
            self._text.text = html
        shown = {"image": image, "reconstruction": deconvolution}
        for (kind, array), picture in zip(shown.items(), self._pictures, strict=True):
            if picture.root.visible != (array is not None):
                picture.root.visible = array is not None
            if array is not None:
                picture.name = file_name(f"{title} {kind}")
                pixels = plain(array)
                label = f"{title}, {kind}. {about}"
                picture.show(lambda pixels=pixels: pixels, pixels.shape[:2], (*key, kind), label)
