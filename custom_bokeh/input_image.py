"""The input image above the pictures that were made from it."""
from html import escape

from bokeh.layouts import column

from custom_bokeh.component import Component, sentence
from custom_bokeh.picture import Picture
from custom_bokeh.stage_feed import file_state
from visualization_files.layout import BadFileError


class InputImage:
    """The input image and its name.

    Attributes:
        root: the layout.
        picture: the image's picture.
    """

    def __init__(self, page: Component, name: str | None = None, max_width: int | None = 280):
        self._page = page
        self.name = name
        self.caption = page.text()
        self.picture = Picture(page, "input_image", max_width=max_width)
        self.root = column(self.caption, self.picture.root, sizing_mode="stretch_width")

    def update(self, extent: tuple[int, int] | None = None) -> None:
        """Show the image that is there now, `extent` high and wide where others are linked with it."""
        folder = self._page.visit.folder
        path = next((p for p in folder.image_paths() if self.name in (None, p.name)), None)
        try:
            image, problem = self._page.library.image(folder, path.name if path else None), ""
        except (BadFileError, OSError) as error:
            image, problem = None, sentence(str(error) if isinstance(error, BadFileError) else "", error=True)
        title = f"Input image: {path.name}" if path else "Input image"
        size = "" if image is None else f'<p class="quiet">{image.shape[0]} × {image.shape[1]} pixels.</p>'
        self.caption.text = f'<h2 class="heading part">{escape(title)}</h2>{size}{problem}'
        if image is None:
            self.picture.clear()
        else:
            key = ("image", path, file_state(path))
            self.picture.show(lambda: image, image.shape[:2], key, title, extent)
        self.picture.root.visible = image is not None
        self.root.visible = image is not None or bool(problem)
