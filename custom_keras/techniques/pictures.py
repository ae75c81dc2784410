"""From the techniques' float arrays to the uint8 pictures of the visualization files.

The scaling loses the range, so each function also gives the range that became 0..255.
"""
from collections.abc import Callable

import numpy as np

WHITE = 255
_CACHE_ENTRIES = 16384
Range = tuple[float, float]


def range_of(array: np.ndarray) -> Range:
    """Smallest and largest finite value; 0 and 0 where there is none."""
    return range_and_finite(array)[0]


def range_and_finite(array: np.ndarray) -> tuple[Range, bool]:
    """Smallest and largest finite value, 0 and 0 where there is none, and whether all values are finite."""
    if not array.size:
        return (0.0, 0.0), True
    low, high = float(array.min()), float(array.max())
    if np.isfinite(low) and np.isfinite(high):
        return (low, high), True
    finite = array[np.isfinite(array)]
    return ((float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)), False


def scale(array: np.ndarray, low: float, high: float) -> np.ndarray:
    """Make `low` to `high` 0 to 255, rounded, as uint8 of the same shape; what lies outside is clipped.

    Where the range is empty, and for values that are no number, the picture is black.
    """
    if not high > low:
        return np.zeros(array.shape, "uint8")
    factor = WHITE / (float(high) - float(low))
    constants = np.float32(factor), np.float32(0.5 - low * factor)
    interleaved = np.moveaxis(array, 0, -1)
    if array.ndim == 3 and interleaved.flags.c_contiguous and array.size > _CACHE_ENTRIES:
        return _scale_interleaved(interleaved, *constants)
    return _scale(array, *constants).astype("uint8")


def _scale(array: np.ndarray, factor: np.float32, offset: np.float32) -> np.ndarray:
    # Halves are added and cut off instead of rounded: one pass less over arrays that may be large.
    scaled = np.multiply(array, factor, dtype="float32")
    scaled += offset
    if not np.isfinite(scaled.sum(dtype="float32")):
        scaled = np.nan_to_num(scaled, nan=0.0, posinf=WHITE, neginf=0.0)
    return np.clip(scaled, 0, WHITE, out=scaled)


def _scale_interleaved(array: np.ndarray, *constants: np.float32) -> np.ndarray:
    """Feature maps `(height, width, maps)` to `(maps, height, width)`, some pixels at a time.

    What fits into the processor's cache is turned around there; all at once, each map would fetch the whole array from
    memory again.
    """
    height, width, maps = array.shape
    pixels = array.reshape(-1, maps)
    scaled = np.empty((maps, len(pixels)), "uint8")
    count = max(128, _CACHE_ENTRIES // maps)
    for first in range(0, len(pixels), count):
        scaled[:, first : first + count] = _scale(pixels[first : first + count], *constants).astype("uint8").T
    return scaled.reshape(maps, height, width)


def scale_from_zero(array: np.ndarray, value_range: Range | None = None) -> tuple[np.ndarray, Range]:
    """Activations and saliency: from 0, or the smallest value where that is negative, to the largest.

    Args:
        array: any shape.
        value_range: its smallest and largest value, where they are known already.

    Returns:
        uint8 of the same shape in C order, and the range that became 0..255.
    """
    low, high = value_range or range_of(array)
    low = min(low, 0.0)
    return np.ascontiguousarray(scale(array, low, high)), (low, high)


def reconstruction(array: np.ndarray, postprocess: Callable | None = None) -> tuple[np.ndarray, Range]:
    """What an image in the network's own values looks like.

    Args:
        array: `(height, width, channels)` in the values that the network takes.
        postprocess: the user's function from such an array to 0..255; its result is clipped to that. Without
            one the picture is scaled from its own range.

    Returns:
        uint8 `(height, width, channels)`, and the array's range.

    Raises:
        ValueError: if `postprocess` does not return a picture.
    """
    value_range = range_of(array)
    if postprocess is None:
        return np.ascontiguousarray(scale(array, *value_range)), value_range
    picture = np.asarray(postprocess(array.copy()))
    if picture.ndim == 2:
        picture = picture[..., None]
    if picture.ndim != 3 or picture.dtype.kind not in "buif":
        raise ValueError(
            "custom_postprocess does not return a picture. Expected numbers of shape (height, width, channels). "
            f"Received: shape={picture.shape}, dtype={picture.dtype}"
        )
    clipped = np.clip(np.nan_to_num(picture.astype("float64")), 0, WHITE)
    return np.rint(clipped).astype("uint8"), value_range
