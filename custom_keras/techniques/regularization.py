"""What keeps deep visualization away from extreme, structured images."""
import numbers
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from keras import ops
from scipy.ndimage import gaussian_filter1d

_PERCENTILES = ("value_percentile", "norm_percentile", "contribution_percentile", "abs_contribution_percentile")


@dataclass(frozen=True)
class Regularization:
    """The regularizers of section 2.3.5 of the thesis, in the order in which they are applied after each step.

    Percentiles are those of each image by itself; what lies below is set to zero. The contribution of a pixel is
    minus the image times the gradient of this step, summed over channels.

    Args:
        l2_decay: part of the image that is taken away, 0 to 1.
        blur_interval: blur after every so many steps; 0 for never.
        blur_std: standard deviation of the Gaussian blur in pixels; 0 for none.
        value_percentile: clip values by their size, 0 to 100, each channel by itself.
        norm_percentile: clip pixels by their norm over the channels.
        contribution_percentile: clip pixels by their contribution.
        abs_contribution_percentile: clip pixels by the size of their contribution.

    Raises:
        ValueError: if a number is out of its range.
    """

    l2_decay: float = 0
    blur_interval: int = 0
    blur_std: float = 0
    value_percentile: float = 0
    norm_percentile: float = 0
    contribution_percentile: float = 0
    abs_contribution_percentile: float = 0

    def __post_init__(self):
        limits = {"l2_decay": 1, "blur_interval": float("inf"), "blur_std": float("inf")}
        limits |= dict.fromkeys(_PERCENTILES, 100)
        for name, value in asdict(self).items():
            if not isinstance(value, numbers.Real) or not 0 <= value <= limits[name] or value == float("inf"):
                raise ValueError(f"{name} is out of range. Expected 0 to {limits[name]}. Received: {name}={value!r}")
        if self.blur_interval != int(self.blur_interval):
            raise ValueError("blur_interval is no number of steps. Expected a whole number. "
                             f"Received: blur_interval={self.blur_interval!r}")

    def compiled_for(self, image_shape: tuple[int, ...], channels_first: bool) -> Callable[..., Any]:
        """A function `(images, gradient, step from 1)` for use inside of a compiled loop.

        Args:
            image_shape: shape of one image as the network takes it.
            channels_first: whether its channels are in front.
        """
        channel_axis = None if len(image_shape) == 2 else 1 if channels_first else 3
        rows, columns = image_shape[-2:] if channel_axis in (None, 1) else image_shape[:2]
        blur = self._blur(rows, columns, channel_axis)

        def apply(images, gradient, step):
            if self.l2_decay:
                images = images * (1 - self.l2_decay)
            if blur:
                due = ops.equal(step % int(self.blur_interval), 0)
                images = ops.cond(due, lambda: blur(images), lambda: images)
            return self._clip(images, gradient, channel_axis)

        return apply

    def _blur(self, rows: int, columns: int, channel_axis: int | None) -> Callable | None:
        """Blur as two matrix products, one along each axis.

        The matrices hold scipy's own Gaussian filter with mirrored borders, applied to the unit vectors: the numbers
        are its numbers, also where the filter is wider than the image, and no backend needs a convolution for it.
        """
        if not (self.blur_interval and self.blur_std):
            return None
        down, along = (
            gaussian_filter1d(np.eye(size), self.blur_std, axis=0).astype("float32") for size in (rows, columns)
        )
        if channel_axis == 3:
            return lambda images: ops.einsum(
                "xj,nyjc->nyxc", along, ops.einsum("yi,nixc->nyxc", down, images)
            )
        return lambda images: ops.matmul(ops.matmul(down, images), along.T)

    def _clip(self, images, gradient, channel_axis):
        def total(values):
            return values if channel_axis is None else ops.sum(values, axis=channel_axis, keepdims=True)

        if self.value_percentile:
            images = _keep_high(images, ops.abs(images), self.value_percentile)
        if self.norm_percentile:
            images = _keep_high(images, ops.sqrt(total(ops.square(images))), self.norm_percentile)
        if self.contribution_percentile:
            images = _keep_high(images, total(-images * gradient), self.contribution_percentile)
        if self.abs_contribution_percentile:
            images = _keep_high(images, ops.abs(total(-images * gradient)), self.abs_contribution_percentile)
        return images


def _keep_high(images, measure, percentile: float):
    """Set to zero where the measure is below its percentile within its image."""
    flat = ops.reshape(measure, (ops.shape(measure)[0], -1))
    limit = ops.reshape(_percentile(flat, percentile), (-1, *(1,) * (len(measure.shape) - 1)))
    return ops.where(measure >= limit, images, ops.zeros_like(images))


def _percentile(values, percentile: float):
    """Percentile of each row, as numpy's: between two entries it is interpolated.

    `ops.quantile` sorts everything, which mostly takes longer, and computes the place in float32, where rounding can
    push the limit beyond the entry that it falls on.
    """
    count = values.shape[1]
    if count == 1:
        return values[:, 0]
    place = percentile / 100 * (count - 1)
    below = min(int(place), count - 2)
    part = place - below
    if below >= count / 2:
        largest = ops.top_k(values, count - below)[0]
        low, high = largest[:, -1], largest[:, -2]
    else:
        smallest = -ops.top_k(-values, below + 2)[0]
        low, high = smallest[:, -2], smallest[:, -1]
    return low * (1 - part) + high * part if part else low
