"""The input images of a script: read from its folder, and made into what the network takes."""
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from custom_keras.callbacks.errors import ExpectedError
from custom_keras.techniques.network import Network

# How Pillow's modes become grey or coloured pictures in 0..255. Sixteen bits are brought down to eight.
_GREY_MODES = ("1", "L", "LA", "La")
_DEEP_MODES = ("I", "F")


def read_image(path: Path) -> np.ndarray:
    """Read an image as it is looked at: turned upright, transparent parts on white.

    Args:
        path: a png or jpeg file.

    Returns:
        float32 `(height, width, channels)` in 0..255, with one channel for grey images and three for others.

    Raises:
        ExpectedError: if it cannot be read.
    """
    try:
        with Image.open(path) as file:
            image = ImageOps.exif_transpose(file)
            array = np.asarray(_plain(image), "float32")
    except Exception as error:  # Pillow raises many kinds for damaged files
        raise ExpectedError(f"The input image {path.name} cannot be read. Choose another png or jpeg.") from error
    return array[..., None] if array.ndim == 2 else array


def _plain(image: Image.Image) -> Image.Image | np.ndarray:
    if image.mode.startswith(_DEEP_MODES):
        return np.asarray(image, "float32") / (257 if np.asarray(image).max() > 255 else 1)
    grey = image.mode in _GREY_MODES
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image.convert("L" if grey else "RGB")


def prepare(image: np.ndarray, network: Network, custom_preprocess: Callable | None) -> tuple[np.ndarray, str]:
    """Make an image into what the network takes.

    Args:
        image: float32 `(height, width, channels)` in 0..255.
        network: tells the shape of its input.
        custom_preprocess: the user's function; without it the image is resized and its channels are matched.

    Returns:
        float32 in the network's own shape and order, without batch axis, and a sentence about what was done
        where nobody asked for it, empty where nothing was.

    Raises:
        ValueError: if the function does not return what the network takes.
        ExpectedError: if the channels cannot be matched.
    """
    if custom_preprocess is None:
        return _fit(image, network)
    try:
        made = np.asarray(custom_preprocess(image.copy()))
    except Exception as error:
        raise ValueError(
            f"custom_preprocess fails for an image of shape {image.shape}, values 0 to 255. Expected a function "
            f"that returns what the network takes. Received: {type(error).__name__}: {error}"
        ) from error
    _check(made, network.image_shape)
    return made.astype("float32"), ""


def _check(made: np.ndarray, shape: tuple[int | None, ...]) -> None:
    fits = made.ndim == len(shape) and all(
        expected in (None, got) for expected, got in zip(shape, made.shape, strict=True)
    )
    if not fits or made.dtype.kind not in "buif":
        raise ValueError(
            f"custom_preprocess does not return what the network takes. Expected numbers of shape {shape}. "
            f"Received: shape={made.shape}, dtype={made.dtype}"
        )


def _fit(image: np.ndarray, network: Network) -> tuple[np.ndarray, str]:
    shape = network.image_shape
    if len(shape) == 2:
        height, width, channels = *shape, 1
    elif network.channels_first:
        channels, height, width = shape
    else:
        height, width, channels = shape
    done = []
    fitted = _match_channels(image, channels, done)
    fitted = _resize(fitted, height, width, done)
    sentence = f"The input image was {' and '.join(done)} to fit the network." if done else ""
    if len(shape) == 2:
        return fitted[..., 0], sentence
    return (np.moveaxis(fitted, -1, 0) if network.channels_first else fitted), sentence


def _match_channels(image: np.ndarray, channels: int | None, done: list[str]) -> np.ndarray:
    have = image.shape[-1]
    if channels in (None, have):
        return image
    if channels == 3:
        done.append("given three equal channels")
        return np.repeat(image, 3, axis=-1)
    if channels == 1:
        done.append("turned grey")
        return (image @ np.array([0.299, 0.587, 0.114], "float32"))[..., None]
    raise ExpectedError(
        f"The network takes images of {channels} channels, and the input image has {have}. "
        "Give a custom_preprocess to CustomCallbacks that makes the one into the other."
    )


def _resize(image: np.ndarray, height: int | None, width: int | None, done: list[str]) -> np.ndarray:
    size = (height or image.shape[0], width or image.shape[1])
    if size == image.shape[:2]:
        return image
    done.append(f"resized from {image.shape[1]}x{image.shape[0]} to {size[1]}x{size[0]} pixels")
    planes: list[Any] = [
        Image.fromarray(np.ascontiguousarray(plane), "F").resize(size[::-1], Image.Resampling.BILINEAR)
        for plane in np.moveaxis(image, -1, 0)
    ]
    return np.stack([np.asarray(plane) for plane in planes], axis=-1)
