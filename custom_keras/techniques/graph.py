"""A network as a plain list of calls, which can be run again in part and with single calls replaced.

Nested models are unrolled into their layers and subclassed ones are traced, so that the techniques see one
flat network. Running it shares the network's variables, makes no new layers and changes none.
"""
import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
from keras import tree

Call = Callable[..., Any]


@dataclass(frozen=True, eq=False)
class Step:
    """One call of a layer or of a `keras.ops` operation.

    Attributes:
        operation: what is called; the user's own layer.
        node: Keras' record of the call, from which its arguments are filled in.
        slots: where each input tensor's value lies, by the id of the symbolic tensor.
        outputs: where its results go.
        path: names of the nested models around it and its own: `vgg16/block1_conv1`.
    """

    operation: Any
    node: Any
    slots: dict[int, int]
    outputs: tuple[int, ...]
    path: str

    @property
    def is_layer(self) -> bool:
        return isinstance(self.operation, keras.layers.Layer)

    @property
    def inputs(self) -> tuple[int, ...]:
        return tuple(self.slots.values())

    def call(self, values: dict[int, Any], function: Call | None = None) -> list[Any]:
        """Call the operation, or `function` in its place, in inference mode on the values of its inputs."""
        args, kwargs = self.node.arguments.fill_in({key: values[slot] for key, slot in self.slots.items()})
        if self.is_layer and _takes_training(self.operation):
            kwargs["training"] = False
        return tree.flatten((function or self.operation)(*args, **kwargs))


@dataclass(frozen=True, eq=False)
class NestedCall:
    """One call of a nested model, whose layers are steps of their own."""

    operation: Any
    outputs: tuple[int, ...]
    path: str


@dataclass(eq=False)
class Graph:
    """The steps of a network in the order of their calls.

    Attributes:
        steps: every call, nested models unrolled.
        nested: the calls of nested models.
        inputs: slots of the network's inputs.
        outputs: slots of the network's outputs.
        tensors: the symbolic tensor in each slot, for shapes and dtypes.
    """

    steps: list[Step] = field(default_factory=list)
    nested: list[NestedCall] = field(default_factory=list)
    inputs: list[int] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)
    tensors: list[Any] = field(default_factory=list)

    def shape(self, slot: int) -> tuple[int | None, ...]:
        return tuple(self.tensors[slot].shape)

    def producer(self, slot: int) -> Step | None:
        """The step that computes a slot; None for an input."""
        return next((step for step in self.steps if slot in step.outputs), None)

    def needed(self, targets: Iterable[int], given: Iterable[int] = ()) -> list[Step]:
        """The steps that lead to the target slots, in order.

        Args:
            targets: slots wanted.
            given: slots whose values are known, behind which nothing is needed.
        """
        wanted, steps = set(targets), []
        for step in reversed(self.steps):
            if wanted.intersection(step.outputs):
                wanted.difference_update(step.outputs)
                wanted.update(set(step.inputs).difference(given))
                steps.append(step)
        return steps[::-1]

    def run(self, inputs: dict[int, Any], targets: Sequence[int], replaced: dict[Step, Call] | None = None):
        """Compute the target slots.

        Args:
            inputs: tensors by slot.
            targets: slots wanted.
            replaced: functions to call in place of the operations of some steps.

        Returns:
            List of tensors, one per target.
        """
        values = dict(inputs)
        for step in self.needed(targets, inputs):
            results = step.call(values, (replaced or {}).get(step))
            values.update(zip(step.outputs, results, strict=True))
        return [values[slot] for slot in targets]


def _takes_training(layer: keras.layers.Layer) -> bool:
    return "training" in inspect.signature(layer.call).parameters
