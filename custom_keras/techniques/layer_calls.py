"""The layers of a network by number, name and path."""
import numbers
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras

from custom_keras.techniques.graph import Graph, NestedCall, Step


@dataclass(frozen=True)
class LayerCall:
    """A layer at its place in the network.

    Attributes:
        number: index in `model.layers`, the input counted: `3`, in a nested model `3.2`.
        name: the layer's name.
        step: its call.
        slots: where its outputs lie in the graph.
        shape: shape of its (first) output with the batch axis.
        repeat: which of its calls, for a layer that the network calls more than once; else 0.
    """

    number: str
    name: str
    step: Step | NestedCall
    slots: tuple[int, ...]
    shape: tuple[int | None, ...]
    repeat: int = 0

    @property
    def layer(self) -> Any:
        return self.step.operation

    @property
    def slot(self) -> int:
        return self.slots[0]

    @property
    def label(self) -> str:
        """As people read it: `Layer 1: conv2d_1`."""
        call = f" (call {self.repeat + 1})" if self.repeat else ""
        return f"Layer {self.number}: {self.name}{call}"


def layer_calls(model: keras.Model, graph: Graph) -> list[LayerCall]:
    """The layers of a network in the order of their calls, nested ones unrolled."""
    known, calls, seen = _numbers(model), [], {}
    for step in graph.steps:
        if step.is_layer:
            repeat = seen[step.path] = seen.get(step.path, -1) + 1
            calls.append(_layer_call(step, graph, known, repeat))
    return calls


def nested_calls(model: keras.Model, graph: Graph) -> list[LayerCall]:
    """The nested models of a network, each as if it were a layer."""
    known = _numbers(model)
    return [_layer_call(call, graph, known) for call in graph.nested]


def find_layer(calls: Sequence[LayerCall], number_or_name: int | str, network: str) -> LayerCall:
    """Find a layer by its number, its name, or its path.

    Raises:
        ValueError: if there is none, or if a name fits layers of several nested models.
    """
    found = [call for call in calls if _is_meant(call, number_or_name)]
    if len({call.step.path for call in found}) > 1:
        paths = ", ".join(call.step.path for call in found)
        raise ValueError(f"Several layers have this name. Expected one of {paths}. Received: {number_or_name!r}")
    if not found:
        known = ", ".join(f"{call.number} {call.step.path}" for call in calls)
        raise ValueError(
            f"The network {network!r} has no such layer. Expected a number or name of these: {known}."
            f" Received: {number_or_name!r}"
        )
    return found[0]


def _layer_call(step: Step | NestedCall, graph: Graph, known: dict[str, str], repeat: int = 0) -> LayerCall:
    number = known.get(step.path, "?")
    return LayerCall(number, step.operation.name, step, step.outputs, graph.shape(step.outputs[0]), repeat)


def _is_meant(call: LayerCall, number_or_name: int | str) -> bool:
    if isinstance(number_or_name, str):
        return number_or_name in (call.step.path, call.name)
    is_number = isinstance(number_or_name, numbers.Integral) and not isinstance(number_or_name, bool)
    return is_number and call.number == str(number_or_name)


def _numbers(model: keras.Model, number: str = "", path: str = "") -> dict[str, str]:
    """Numbers of all layers by path. Sequential and subclassed networks do not list their input; it counts."""
    first = 0 if any(isinstance(layer, keras.layers.InputLayer) for layer in model.layers) else 1
    found = {}
    for index, layer in enumerate(model.layers, first):
        found[path + layer.name] = f"{number}{index}"
        if isinstance(layer, keras.Model):
            found |= _numbers(layer, f"{number}{index}.", f"{path}{layer.name}/")
    return found
