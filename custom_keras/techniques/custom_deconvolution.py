"""A deconvolutional model that the user has built, as section 4.1.10 and appendix C of the thesis have it."""
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from custom_keras import backend
from custom_keras.techniques.layer_calls import LayerCall
from custom_keras.techniques.network import Network


class CustomDeconvolution:
    """Reconstructs images with the user's own deconvolutional model.

    Args:
        info: the deconvolutional model, whose output is an image; a dictionary from layer numbers of the network
            to the numbers of the model's layers that take their feature maps; and a function without arguments,
            called before each drawing, that returns the updated model and dictionary, or None to keep them.
        layer: the layer of the network whose feature maps are reconstructed.

    Raises:
        ValueError: if it is not of this form, if the layer is not in the dictionary, if the model's layer does not
            take its feature maps, or if the model gives no image.
    """

    def __init__(self, info: tuple, layer: LayerCall):
        if not isinstance(info, tuple | list) or len(info) != 3 or not callable(info[2]) or not _fits(info[:2]):
            raise ValueError("custom_keras_model_info has the wrong form. Expected (deconvolutional model, "
                             f"dictionary of layer numbers, update function). Received: {info!r}")
        self.layer = layer
        *self._model_and_map, self.update = info
        self._compile(*self._model_and_map)

    def reconstruct(
        self, maps: np.ndarray, chosen: np.ndarray, values: np.ndarray, positions: np.ndarray, channels_first: bool
    ) -> np.ndarray:
        """Reconstruct from single entries of feature maps.

        Args:
            maps: the layer's output `(N, ...)`, of which only the shape counts.
            chosen: numbers of feature maps `(K, N)`.
            values: their largest entries `(K, N)`.
            positions: row and column of these `(K, N, 2)`.
            channels_first: order of the axes of `maps`.

        Returns:
            `(K, N, ...)` in the order of the model's output.
        """
        updated = self.update()
        if updated is not None:
            if not _fits(updated):
                raise ValueError("The update function of custom_keras_model_info does not return what it should. "
                                 "Expected (deconvolutional model, dictionary of layer numbers) or None. "
                                 f"Received: {updated!r}")
            self._compile(*updated)
        seeds = np.zeros((*chosen.shape, *maps.shape[1:]), "float32")
        for k, n in np.ndindex(*chosen.shape):
            row, column = positions[k, n]
            place = (chosen[k, n], row, column) if channels_first else (row, column, chosen[k, n])
            seeds[(k, n, *place)] = values[k, n]
        images = self._run(seeds.reshape(-1, *maps.shape[1:]))
        return images.reshape(*chosen.shape, *images.shape[1:])

    def _compile(self, model: keras.Model, layer_map: dict[int, int]) -> None:
        """Compile the model from the mapped layer on; once for each model that `update` returns."""
        start = _mapped(layer_map, self.layer.number)
        if getattr(self, "_compiled", None) == (id(model), start):
            return
        self._run = _from_layer(model, start, self.layer)
        self._model_and_map = [model, layer_map]
        self._compiled = (id(model), start)


def _fits(model_and_map: Any) -> bool:
    """Whether it is a model and a dictionary."""
    if not isinstance(model_and_map, tuple | list) or len(model_and_map) != 2:
        return False
    return isinstance(model_and_map[0], keras.Model) and isinstance(model_and_map[1], dict)


def _mapped(layer_map: dict[int, int], number: str) -> int:
    found = {str(key): value for key, value in layer_map.items()}
    if number not in found:
        raise ValueError("The layer is not in the map of custom_keras_model_info. "
                         f"Expected one of {sorted(found)}. Received: layer number {number}")
    return found[number]


def _from_layer(model: keras.Model, start: int, layer: LayerCall) -> Callable[[np.ndarray], np.ndarray]:
    network = Network(model)
    if str(start) == "0":
        slot = network.image_slot
    else:
        slots = network.layer(start).step.inputs
        if len(slots) != 1:
            raise ValueError("The deconvolutional model cannot begin at this layer. Expected a layer with one input. "
                             f"Received: {network.layer(start).label}")
        (slot,) = slots
    _check_shapes(network, slot, layer)

    def forward(features):
        return ops.cast(network.graph.run({slot: features}, network.graph.outputs[:1])[0], "float32")

    return backend.compiled(forward, model.variables)


def _check_shapes(network: Network, slot: int, layer: LayerCall) -> None:
    taken, given = network.graph.shape(slot), network.graph.shape(network.graph.outputs[0])
    sizes = zip(taken[1:], layer.shape[1:], strict=False)
    if len(taken) != len(layer.shape) or not all(a == b or None in (a, b) for a, b in sizes):
        raise ValueError(f"The deconvolutional model does not take the feature maps of {layer.label}. "
                         f"Expected the shape {layer.shape}. Received: {taken}")
    if len(given) not in (3, 4):
        raise ValueError("The deconvolutional model gives no image. Expected an image as its output, of shape "
                         f"(N, height, width, channels). Received: {given}")
