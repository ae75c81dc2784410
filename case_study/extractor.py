"""Feature extractors: VGG-Face, or any saved Keras network."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from case_study import vggface

# What a network expects of its images, which come as RGB with values 0 to 255.
PREPROCESSING: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "none": lambda pixels: pixels,
    "unit": lambda pixels: pixels / np.float32(255),
    "vggface": vggface.preprocess,
}


@dataclass(frozen=True)
class Extractor:
    """A network whose output are features, and how its images are made.

    Attributes:
        model: from images (N, height, width, channels) to features (N, F).
        preprocess: what is done to the pixels of each image.
    """

    model: keras.Model
    preprocess: Callable[[np.ndarray], np.ndarray]

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of its images."""
        return tuple(self.model.input_shape[1:3])

    @property
    def grey(self) -> bool:
        """Whether it takes images of one channel."""
        return self.model.input_shape[3] == 1

    @property
    def length(self) -> int:
        """How many features it computes for an image."""
        return self.model.output_shape[1]


def vggface_extractor(weights: str | Path | None) -> Extractor:
    """VGG-Face up to fc7, with the weights of the given file. See `vggface.load_weights` for errors."""
    vggface.check_weights(weights)
    model = vggface.build_vggface(classifier=False)
    vggface.load_weights(model, weights)
    return Extractor(model, vggface.preprocess)


def saved_extractor(path: str | Path, layer: str | None = None, preprocessing: str = "none") -> Extractor:
    """Any saved Keras network.

    Args:
        path: the saved network.
        layer: name of the layer whose output are the features; by default what its last dense layer takes in.
            Feature maps are averaged over their places.
        preprocessing: a key of `PREPROCESSING`.

    Raises:
        ValueError: if it is no network for images, or has no such layer.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"The network is not there. Expected a saved Keras network. Received: {path}")
    saved = keras.saving.load_model(path, compile=False)
    if not saved.built or len(saved.inputs) != 1 or len(saved.input_shape) != 4:
        shapes = [tuple(tensor.shape) for tensor in saved.inputs] if saved.built else "not built"
        raise ValueError(
            f"This network does not take images. Expected one input (height, width, channels). Received: {shapes}"
        )
    if None in saved.input_shape[1:]:
        raise ValueError(f"This network takes images of any size. Expected one size. Received: {path}")
    output = _features(saved, layer)
    if len(output.shape) == 4:
        output = keras.layers.GlobalAveragePooling2D()(output)
    if len(output.shape) != 2:
        raise ValueError(
            f"The output of this layer cannot be features. Expected shape (N, F). Received: {output.shape}"
        )
    return Extractor(keras.Model(saved.inputs[0], output), PREPROCESSING[preprocessing])


def _features(model: keras.Model, layer: str | None) -> keras.KerasTensor:
    if layer is not None:
        if layer not in {one.name for one in model.layers}:
            names = ", ".join(one.name for one in model.layers)
            raise ValueError(f"The network has no such layer. Expected one of {names}. Received: {layer!r}")
        return model.get_layer(layer).output
    dense = [one for one in model.layers if isinstance(one, keras.layers.Dense)]
    return dense[-1].input if dense else model.outputs[0]
