"""Brings images of any size to squares of one size."""

from pathlib import Path

import numpy as np
from PIL import Image

# The thesis' size, after the mean of the database's images, 102x129.
SIZE = 130


def square(image: Image.Image, size: int = SIZE) -> Image.Image:
    """Pad an image with black to a square and scale it.

    Args:
        image: an image of any size and mode.
        size: width and height of the result, in pixels.

    Returns:
        RGB image; the given one is in its middle.
    """
    image = image.convert("RGB")
    side = max(image.size)
    padded = Image.new("RGB", (side, side))
    padded.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
    return padded.resize((size, size), Image.Resampling.BICUBIC)


def read_pixels(path: Path, size: tuple[int, int], mirrored: bool = False, grey: bool = False) -> np.ndarray:
    """Read an image for a network.

    Args:
        path: the image.
        size: height and width that the network takes.
        mirrored: swap left and right.
        grey: one channel instead of three.

    Returns:
        float32 array (height, width, 3 or 1) with values 0 to 255, RGB.
    """
    with Image.open(path) as file:
        image = file.convert("L" if grey else "RGB")
    height, width = size
    if image.size != (width, height):
        image = image.resize((width, height), Image.Resampling.BILINEAR)
    pixels = np.asarray(image, np.float32).reshape(height, width, -1)
    return np.ascontiguousarray(pixels[:, ::-1]) if mirrored else pixels
