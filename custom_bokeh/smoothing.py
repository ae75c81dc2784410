"""Smooths a curve by the mean over the last batches."""
import numpy as np

# Batches that one can choose to take the mean over; 1 leaves the curve as it is.
WINDOWS = (1, 5, 10, 20, 50, 100, 200, 500, 1000)


def smoothed(values: np.ndarray, start: int, stop: int, window: int) -> np.ndarray:
    """The mean of each value and those before it.

    Args:
        values: float (n,); what is not finite counts as missing.
        start: the first value to smooth.
        stop: the one after the last.
        window: how many values a mean is over, fewer at the beginning of the curve.

    Returns:
        float (stop - start,), `nan` where the whole window is missing.
    """
    if window <= 1:
        return values[start:stop]
    low = max(0, start - window + 1)
    part = values[low:stop]
    known = np.isfinite(part)
    sums = np.concatenate([[0.0], np.cumsum(np.where(known, part, 0.0))])
    counts = np.concatenate([[0], np.cumsum(known)])
    last = np.arange(start, stop) - low + 1
    first = np.maximum(0, last - window)
    count = counts[last] - counts[first]
    with np.errstate(invalid="ignore"):
        return np.where(count > 0, (sums[last] - sums[first]) / np.maximum(count, 1), np.nan)
