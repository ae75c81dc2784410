"""The input image above the pictures that were made from it."""
from html import escape

from bokeh.layouts import column

from custom_bokeh.component import Component, sentence
from custom_bokeh.picture import Picture
from visualization_files.layout import BadFileError


class InputImage:
    """The input image and its name.

    Attributes:
        root: the layout.
        picture: the image's picture.
    """

    def __init__(self, page: Component, name: str | None = None):
        self._page = page
        self.name = name
        self.caption = page.text()
        self.picture = Picture(page.library.cache, "input_image", max_width=280)
        self.root = column(self.caption, self.picture.root, sizing_mode="stretch_width")

    def update(self) -> None:
        """Show the image that is there now."""
        folder = self._page.visit.folder
        path = next((p for p in folder.image_paths() if self.name in (None, p.name)), None)
        try:
            image, problem = self._page.library.image(folder, path.name if path else None), ""
        except (BadFileError, OSError) as error:
            image, problem = None, sentence(str(error) if isinstance(error, BadFileError) else "", error=True)
        title = f"Input image: {path.name}" if path else "Input image"
        self.caption.text = f'<h2 class="heading">{escape(title)}</h2>{problem}'
        self.picture.show(image, ("image", path, id(image)), title)
        self.picture.root.visible = image is not None
        self.root.visible = image is not None or bool(problem)
