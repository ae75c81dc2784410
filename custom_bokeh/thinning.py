"""Thins a curve to what a screen can show, keeping its extremes."""
import numpy as np


def thin(x: np.ndarray, y: np.ndarray, points: int, start: float = -np.inf, end: float = np.inf) -> np.ndarray:
    """Which points of a curve to draw, so that it looks as if all were drawn.

    The visible range is cut into equally long runs of points; of each its smallest and largest value stay.
    The first and the last point stay, and one point on either side of the range, so that lines enter and
    leave the picture.

    Args:
        x: rising positions, float (n,).
        y: values, float (n,); `nan` where there is none.
        points: about how many to keep.
        start: left end of the visible range.
        end: right end of it.

    Returns:
        rising indices, int (m,), m at most `points` + 4.
    """
    low = max(0, int(np.searchsorted(x, start, "left")) - 1)
    high = min(len(x), int(np.searchsorted(x, end, "right")) + 1)
    count = high - low
    if count <= points:
        return np.arange(low, high)
    # Whole runs of the same length, then a shorter one.
    length = -(-count // max(1, points // 2))
    whole = count // length
    runs = y[low : low + whole * length].reshape(whole, length)
    starts = low + np.arange(whole) * length
    kept = [_extremes(runs) + starts, [low, high - 1]]
    if whole * length < count:
        rest = _extremes(y[None, low + whole * length : high])
        kept.append(rest + low + whole * length)
    return np.unique(np.concatenate([np.ravel(part) for part in kept]).astype(np.int64))


def _extremes(runs: np.ndarray) -> np.ndarray:
    """Indices of the smallest and the largest value of each run, as (2, runs); `nan` counts as neither."""
    missing = np.isnan(runs)
    if not missing.any():
        return np.stack([runs.argmin(axis=1), runs.argmax(axis=1)])
    smallest = np.where(missing, np.inf, runs).argmin(axis=1)
    largest = np.where(missing, -np.inf, runs).argmax(axis=1)
    return np.stack([smallest, largest])
