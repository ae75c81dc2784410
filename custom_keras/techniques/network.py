"""What the techniques ask of a network: its layers by number or name, its image input, its class scores."""
import numbers
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops, tree

from custom_keras.techniques.activation import activation_of, identity, is_bare_activation, with_activation
from custom_keras.techniques.graph import Step
from custom_keras.techniques.layer_calls import LayerCall, find_layer, layer_calls, nested_calls
from custom_keras.techniques.tracing import trace

# Steps behind a softmax that leave its values as they are.
_TRANSPARENT = ("Flatten", "Reshape", "Permute", "Identity", "Dropout", "Cast", "Squeeze")


class Network:
    """A user's network, which stays as it is.

    Args:
        model: Sequential, functional, nested or (where Keras can trace it) subclassed network.
        image_input: name of the input that takes the image; by default the only one of rank 4, else of rank 3.
        other_inputs: values of the other inputs for one example, by input name; zeros by default.
        input_shape: shape of the input with its batch axis, only for subclassed networks that do not know it.

    Attributes:
        model: the user's network.
        graph: its calls.
        layers: its layers in the order of their calls, nested ones unrolled.
        channels_first: whether images and feature maps have their channels before height and width.
        image_shape: shape of one image as the network takes it; None where a size is free.
        image_slot: where the image goes in the graph.

    Raises:
        UntraceableError: if the network was never built or cannot be traced.
        ValueError: if the image input cannot be told.
    """

    def __init__(
        self,
        model: keras.Model,
        *,
        image_input: str | None = None,
        other_inputs: dict[str, np.ndarray] | None = None,
        input_shape: tuple[int | None, ...] | None = None,
    ):
        self.model = model
        self.graph = trace(model, input_shape)
        self.image_slot = self._find_image_input(image_input)
        self.image_shape = self.graph.shape(self.image_slot)[1:]
        self.channels_first = self._data_format() == "channels_first"
        self._other_inputs = self._read_other_inputs(other_inputs or {})
        self.layers = layer_calls(model, self.graph)
        self._nested = nested_calls(model, self.graph)

    @classmethod
    def of(cls, model: "keras.Model | Network", **options: Any) -> "Network":
        """The network itself where it is one already."""
        return model if isinstance(model, cls) else cls(model, **options)

    @property
    def zero_inputs(self) -> list[str]:
        """Names of the inputs that get zeros, because they take no image and no value was given for them."""
        return [self._name(slot) for slot, value in self._other_inputs.items() if value is None]

    def layer(self, number_or_name: int | str) -> LayerCall:
        """Find a layer.

        Args:
            number_or_name: its number, its name, or for a layer of a nested model its path `model/layer`.

        Raises:
            ValueError: if there is none, or if a name fits layers of several nested models.
        """
        return find_layer([*self.layers, *self._nested], number_or_name, self.model.name)

    def scores(self, output: str | int | None = None) -> tuple[int, dict[Step, Callable], str]:
        """The class scores before softmax.

        Args:
            output: name or index of the output; by default the first that classifies: that ends with softmax,
                else that has several units, else the first.

        Returns:
            Slot of the scores, what to replace so that it holds them, and name of the output.

        Raises:
            ValueError: if there is no such output, or if it does not have the shape `(N, classes)`.
        """
        slot, name = self._find_output(output)
        if len(self.graph.shape(slot)) != 2:
            raise ValueError(
                f"The output {name!r} gives no class scores. Expected an output of shape (N, classes). "
                f"Received: shape={self.graph.shape(slot)}"
            )
        return (*self.without_softmax(slot), name)

    def without_softmax(self, slot: int) -> tuple[int, dict[Step, Callable]]:
        """A slot, and what to replace so that it holds its values before softmax, where there is one."""
        step = self._softmax_behind(slot)
        return slot, {step: with_activation(step, identity)} if step else {}

    def feed(self, images: Any) -> dict[int, Any]:
        """All inputs by slot, for a batch of images given as a tensor."""
        inputs = {self.image_slot: images}
        count = ops.shape(images)[0]
        for slot, value in self._other_inputs.items():
            tensor = self.graph.tensors[slot]
            example = np.zeros([size or 1 for size in tensor.shape[1:]]) if value is None else value
            example = ops.convert_to_tensor(example, dtype=tensor.dtype)
            inputs[slot] = ops.repeat(ops.expand_dims(example, 0), count, axis=0)
        return inputs

    def check_images(self, images: np.ndarray) -> np.ndarray:
        """The batch as float32.

        Raises:
            ValueError: if its shape is not `(N, ...)` with the network's image shape.
        """
        images = np.asarray(images, "float32")
        fits = images.ndim == len(self.image_shape) + 1 and all(
            size in (None, got) for size, got in zip(self.image_shape, images.shape[1:], strict=True)
        )
        if not fits or not len(images):
            expected = ("N", *self.image_shape)
            raise ValueError(
                f"The images do not fit the network. Expected shape {expected}. Received: shape={images.shape}"
            )
        return images

    def as_pictures(self, images: np.ndarray) -> np.ndarray:
        """A batch in the network's order as `(N, height, width, channels)`."""
        if images.ndim == 3:
            return images[..., None]
        return np.moveaxis(images, 1, -1) if self.channels_first else images

    def as_maps(self, features: np.ndarray) -> np.ndarray:
        """Feature maps of a batch in the network's order as `(N, maps, height, width)`."""
        return features if self.channels_first else np.moveaxis(features, -1, 1)

    def _softmax_behind(self, slot: int) -> Step | None:
        step = self.graph.producer(slot)
        while step and step.inputs and activation_of(step) != "softmax" and _is_transparent(step):
            step = self.graph.producer(step.inputs[0])
        return step if step and activation_of(step) == "softmax" else None

    def _name(self, slot: int) -> str:
        return self.graph.tensors[slot].name

    def _find_image_input(self, name: str | None) -> int:
        slots = self.graph.inputs
        for rank in (4, 3):
            found = [slot for slot in slots if len(self.graph.shape(slot)) == rank]
            found = [slot for slot in found if name in (None, self._name(slot))]
            if len(found) == 1:
                return found[0]
            if found:
                break
        inputs = ", ".join(f"{self._name(slot)} {self.graph.shape(slot)}" for slot in slots)
        raise ValueError(
            "The input that takes the image cannot be told. Expected one input of rank 4 or 3, or its name as "
            f"image_input. Received: image_input={name!r}, and a network with the inputs {inputs}"
        )

    def _read_other_inputs(self, values: dict[str, np.ndarray]) -> dict[int, np.ndarray | None]:
        slots = [slot for slot in self.graph.inputs if slot != self.image_slot]
        unknown = set(values).difference(self._name(slot) for slot in slots)
        if unknown:
            raise ValueError(
                f"The network has no such other inputs. Expected names of {[self._name(s) for s in slots]}. "
                f"Received: other_inputs with {sorted(unknown)}"
            )
        return {slot: values.get(self._name(slot)) for slot in slots}

    def _data_format(self) -> str:
        """Order of the axes: that of the first layer which has one."""
        formats = (getattr(step.operation, "data_format", None) for step in self.graph.steps)
        return next(filter(None, formats), keras.config.image_data_format())

    def _find_output(self, output: str | int | None) -> tuple[int, str]:
        slots, names = self.graph.outputs, self._output_names()
        if output is None:
            ranked = [slot for slot in slots if self._softmax_behind(slot)]
            ranked += [slot for slot in slots if len(self.graph.shape(slot)) == 2 and self.graph.shape(slot)[1] > 1]
            index = slots.index((ranked or slots)[0])
        elif output in names:
            index = names.index(output)
        elif isinstance(output, numbers.Integral) and 0 <= output < len(slots):
            index = int(output)
        else:
            raise ValueError(f"There is no such output. Expected one of {names}. Received: output={output!r}")
        return slots[index], names[index]

    def _output_names(self) -> list[str]:
        named = getattr(self.model, "output", None) if getattr(self.model, "inputs", None) else None
        if isinstance(named, dict):  # as in the losses given to `compile`, and in the order of Keras' flat list
            names = tree.flatten({key: key for key in named})
        else:
            names = getattr(self.model, "output_names", None)
        if names and len(names) == len(self.graph.outputs):
            return list(names)
        producers = [self.graph.producer(slot) for slot in self.graph.outputs]
        return [step.path if step else self._name(slot) for step, slot in
                zip(producers, self.graph.outputs, strict=True)]


def _is_transparent(step: Step) -> bool:
    linear = is_bare_activation(step) and activation_of(step) == "linear"
    return linear or type(step.operation).__name__ in _TRANSPARENT
