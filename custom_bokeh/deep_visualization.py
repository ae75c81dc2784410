"""A picture for each chosen unit: what it looks for, made from noise."""
import json
from functools import partial
from html import escape
from typing import Any

import numpy as np
from bokeh.layouts import row

from custom_bokeh.arrays import plain
from custom_bokeh.part import Part
from custom_bokeh.part_view import PartView
from custom_bokeh.stage_feed import StageFeed
from custom_bokeh.staged import StagedComponent
from custom_bokeh.words import figure
from visualization_files.layout import BadFileError
from visualization_files.stages import Stage

_MAX_BYTES = 100_000
_MAX_SHOWN = 30


class DeepVisualization(StagedComponent):
    """A card for each unit, and the hyper-parameters that made them."""

    technique = "deep_visualization"
    cards = True
    first_parts = 30

    def parts(self, feed: StageFeed, stage: Stage, data: list[tuple]) -> list[Part]:
        key = (feed.path(stage), feed.state(stage))
        parts, seen = [], {}
        for index, (array, layer, unit, activation) in enumerate(data):
            label = f"Unit {_unit(unit)} in {layer}"
            seen[label] = seen.get(label, 0) + 1
            title = label if seen[label] == 1 else f"{label} ({seen[label]})"
            make = partial(np.asarray, plain(array))
            about = f"Activation {figure(float(activation))}."
            if not array.any():
                about += " It is all dark."
            parts.append(Part(name=title, title=title, about=about, shape=array.shape[:2], key=(*key, index),
                              make=make, stored=make, raw=plain(array)))  # fmt: skip
        return parts

    def arrange(self, views: list[PartView]) -> list[Any]:
        return [row(*(view.root for view in views), styles={"flex-wrap": "wrap"}, sizing_mode="stretch_width")]

    def about(self, stage: Stage) -> str:
        told = stage.details.get("parameters")
        parameters = told if isinstance(told, dict) else self._parameters()
        pairs = [f"{escape(name.replace('_', ' '))} {escape(_value(value))}" for name, value in parameters.items()
                 if value and name != "units_to_visualize"]  # fmt: skip
        return f'<p class="quiet">Made with {", ".join(pairs[:_MAX_SHOWN])}.</p>' if pairs else ""

    def _parameters(self) -> dict[str, Any]:
        """The hyper-parameters that the callback wrote beside its pictures."""
        try:
            with self.visit.folder.open(self.feed.results / "deep_visualization.json") as file:
                found = json.loads(file.read(_MAX_BYTES))
        except (OSError, BadFileError, ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}


def _unit(unit: int | tuple) -> str:
    return f"({', '.join(map(str, unit))})" if isinstance(unit, tuple) else str(unit)


def _value(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)[:60]
