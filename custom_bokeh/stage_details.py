"""What a stage's details say, whatever a script wrote there."""
import math
from typing import Any

from visualization_files.stages import Stage


def ranges(stage: Stage) -> dict[str, tuple[float, float]]:
    """The true values of black and white of each layer or variant, by its name.

    Black is zero, or the smallest value where that is negative; white is the largest.
    """
    found = stage.details.get("ranges")
    pairs = dict(found.items()) if isinstance(found, dict) else {}
    for layer in _dicts(stage.details.get("layers")):
        pairs[layer.get("name")] = (layer.get("low"), layer.get("high"))
    return {name: (min(0.0, pair[0]), max(0.0, pair[1])) for name, pair in pairs.items() if _is_range(pair)}


def left_out(stage: Stage) -> dict[str, str]:
    """Which layers have no picture, and why."""
    found = stage.details.get("left_out")
    if isinstance(found, dict):
        return {str(name): str(why) for name, why in found.items()}
    return {str(entry.get("name", "?")): str(entry.get("why", "no reason given")) for entry in _dicts(found)}


def feature_maps(stage: Stage) -> dict[int, dict[str, Any]]:
    """What is known of each feature map of a deconvolution, by its number."""
    maps = _dicts(stage.details.get("feature_maps"))
    return {entry["feat_map_no"]: entry for entry in maps if isinstance(entry.get("feat_map_no"), int)}


def number(value: Any) -> float | None:
    """A finite number, else None."""
    sound = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if sound else None


def _dicts(value: Any) -> list[dict]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _is_range(pair: Any) -> bool:
    return isinstance(pair, list | tuple) and len(pair) == 2 and None not in (number(pair[0]), number(pair[1]))
