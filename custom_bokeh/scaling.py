"""What black and white mean in the pictures of a layer."""
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from custom_bokeh.stage_details import ranges
from custom_bokeh.words import figure
from visualization_files.stages import Stage

PER_LAYER, PER_MAP, FIXED = "layer", "map", "fixed"
SCALES = {PER_LAYER: "each layer by itself", PER_MAP: "each map by itself", FIXED: "the same at every stage"}


@dataclass(frozen=True)
class Rule:
    """How one layer's stored values become the picture's.

    Attributes:
        kind: one of `SCALES`.
        values: true values of black and white as stored, None where they are not known.
        target: true values of black and white in the picture.
    """

    kind: str
    values: tuple[float, float] | None
    target: tuple[float, float] | None

    @property
    def key(self) -> Hashable:
        return (self.kind, self.target if self.kind == FIXED else None)

    def apply(self, array: np.ndarray) -> np.ndarray:
        """The picture's values, uint8 like the stored ones."""
        if self.kind == PER_MAP and array.ndim == 3:
            return _stretched(array)
        if self.kind == FIXED and self.values and self.target:
            return _table(self.values, self.target)[array]
        return array

    def about(self, array: np.ndarray) -> str:
        """What black and white are, in words."""
        if not array.any():
            return "It is all dark."
        if self.values is None:
            return ""
        low, high = self.values
        if self.kind == PER_MAP and array.ndim == 3:
            return f"In each map black is {figure(low)}, white its own largest; the layer's largest is {figure(high)}."
        if self.kind == FIXED and self.target:
            black, white = map(figure, self.target)
            return f"Black is {black} and white {white} at every stage; now up to {figure(high)}."
        return f"Black is {figure(low)}, white is {figure(high)}."


class Scale:
    """The scale that somebody chose, over all stages.

    Args:
        kind: one of `SCALES`.
        stages: all stages, whose extremes a fixed scale spans.
    """

    def __init__(self, kind: str, stages: Sequence[Stage]):
        self.kind = kind if kind in SCALES else PER_LAYER
        self._targets: dict[str, tuple[float, float]] = {}
        for stage in stages if self.kind == FIXED else ():
            for name, (low, high) in ranges(stage).items():
                before = self._targets.get(name, (low, high))
                self._targets[name] = (min(low, before[0]), max(high, before[1]))

    def rule(self, name: str, values: tuple[float, float] | None) -> Rule:
        """The rule for a layer with these true values of black and white."""
        return Rule(self.kind, values, self._targets.get(name))


def _stretched(array: np.ndarray) -> np.ndarray:
    """Each map up to its own largest value."""
    largest = array.max(axis=(1, 2), keepdims=True).astype(np.uint16)
    return (array.astype(np.uint16) * 255 // np.maximum(largest, 1)).astype(np.uint8)


def _table(values: tuple[float, float], target: tuple[float, float]) -> np.ndarray:
    """The picture's value for each of the 256 stored ones."""
    true = values[0] + np.arange(256) / 255 * (values[1] - values[0])
    spread = target[1] - target[0] or 1.0
    return np.clip(np.rint(255 * (true - target[0]) / spread), 0, 255).astype(np.uint8)
