"""What each layer of a network gives for an image."""
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from keras import ops

from custom_keras import backend
from custom_keras.techniques.layer_calls import LayerCall
from custom_keras.techniques.network import Network
from custom_keras.techniques.pictures import range_and_finite, scale_from_zero

EXCLUDE_LAYERS = (keras.layers.InputLayer, keras.layers.Dropout, keras.layers.Flatten)


@dataclass(frozen=True)
class LayerActivation:
    """One layer's activations for one image.

    Attributes:
        label: `Layer 1: conv2d_1`.
        array: float32, `(maps, height, width)` for feature maps and `(units,)` for vectors.
        low: smallest value.
        high: largest value.
    """

    label: str
    array: np.ndarray
    low: float
    high: float


@dataclass(frozen=True)
class ActivationsOfImage:
    """The activations of all layers for one image, and what is to be said about them.

    Attributes:
        layers: the layers that have a picture, in the order of their calls.
        details: `ranges` `{label: [low, high]}`, `dead_maps` `{label: how many maps are zero everywhere}`,
            `left_out` `{label: why}`, and `zero_inputs`, the other inputs that were given zeros.
    """

    layers: list[LayerActivation]
    details: dict[str, Any] = field(default_factory=dict)

    def pictures(self) -> list[tuple[str, np.ndarray]]:
        """`[(label, uint8 array), ...]`, the content of `layer_activations.pickle`."""
        return [
            (layer.label, scale_from_zero(layer.array, (layer.low, layer.high))[0]) for layer in self.layers
        ]


class LayerActivations:
    """Activations of every layer, in one forward pass (section 2.3.2 of the thesis).

    Args:
        model: the network, or a `Network` that was made of it.
        exclude_layers: layer classes, numbers or names to leave out.
        **options: `image_input`, `other_inputs` and `input_shape` of `Network`.

    Raises:
        ValueError: if a layer to exclude is not there, or if no layer is left.
    """

    def __init__(self, model: keras.Model | Network, exclude_layers=EXCLUDE_LAYERS, **options: Any):
        self.network = Network.of(model, **options)
        excluded = tuple(entry for entry in exclude_layers if isinstance(entry, type))
        named = {self.network.layer(e).step.path for e in exclude_layers if not isinstance(e, type)}
        included = [
            call for call in self.network.layers
            if not isinstance(call.layer, excluded) and call.step.path not in named
        ]
        self.left_out = {call.label: why for call in included if (why := _why_not(call))}
        self.calls = [call for call in included if call.label not in self.left_out]
        if not self.calls:
            raise ValueError(
                "No layer is left to draw. Expected a network with a layer that is not excluded. "
                f"Received: exclude_layers={exclude_layers}"
            )
        self._run = backend.compiled(self._forward, self.network.model.variables)

    def draw(self, images: np.ndarray) -> list[ActivationsOfImage]:
        """Activations for a batch.

        Args:
            images: `(N, ...)` in the network's own shape and values.

        Returns:
            One result per image.

        Raises:
            ValueError: if the images do not fit the network.
        """
        batches = self._run(self.network.check_images(images))
        batches = [self._in_order(call, batch) for call, batch in zip(self.calls, batches, strict=True)]
        return [self._of_image([batch[n] for batch in batches]) for n in range(len(images))]

    def _forward(self, images):
        slots = [call.slot for call in self.calls]
        return [ops.cast(x, "float32") for x in self.network.graph.run(self.network.feed(images), slots)]

    def _in_order(self, call: LayerCall, batch: np.ndarray) -> np.ndarray:
        if batch.ndim == 3:
            return batch[:, None]
        return self.network.as_maps(batch) if batch.ndim == 4 else batch

    def _of_image(self, arrays: list[np.ndarray]) -> ActivationsOfImage:
        layers, not_finite = [], []
        for call, array in zip(self.calls, arrays, strict=True):
            value_range, is_finite = range_and_finite(array)
            layers.append(LayerActivation(call.label, array, *value_range))
            if not is_finite:
                not_finite.append(call.label)
        details = {"ranges": {layer.label: [layer.low, layer.high] for layer in layers}}
        details["dead_maps"] = {layer.label: dead for layer in layers if (dead := _dead_maps(layer.array))}
        details["not_finite"] = not_finite
        details["left_out"] = self.left_out
        details["zero_inputs"] = self.network.zero_inputs
        return ActivationsOfImage(layers, {name: value for name, value in details.items() if value})


def _why_not(call: LayerCall) -> str | None:
    """Why a layer's output is no picture."""
    if len(call.slots) > 1:
        return f"It gives {len(call.slots)} arrays, not one."
    if len(call.shape) not in (2, 3, 4):
        return f"Its output has {len(call.shape) - 1} axes; a picture has one to three."
    return None


def _dead_maps(array: np.ndarray) -> int:
    if array.ndim != 3:
        return 0
    dead, rows, top = np.arange(len(array)), 1, 0
    # Ever more rows of ever fewer maps: most are not zero in their first rows.
    while dead.size and top < array.shape[1]:
        dead = dead[~array[dead, top : top + rows].any(axis=(1, 2))]
        top, rows = top + rows, rows * 2
    return len(dead)
