"""Draws what each layer gives for the input image (thesis, appendix C)."""
import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from custom_keras.callbacks.visualization import VisualizationCallback
from custom_keras.techniques import layer_activations
from custom_keras.techniques.layer_activations import EXCLUDE_LAYERS
from custom_keras.techniques.network import Network


class LayerActivations(VisualizationCallback):
    """Writes `layer_activations.pickle`: the activations of each layer for the input image.

    Args:
        file_folder: the folder of the script, `os.path.dirname(__file__)`.
        exclude_layers: layer classes, numbers or names to leave out.
        custom_preprocess: from an image `(H, W, C)` in 0..255 to what the network takes.
        interval: batches from one drawing to the next.
        **options: keyword-only options of `VisualizationCallback`: `budget`, `stage_limit`, `image_input`,
            `other_inputs`, `input_shape`.

    Example:
        model.fit(x, y, callbacks=[LayerActivations(os.path.dirname(__file__), interval=50)])
    """

    technique = "layer_activations"

    def __init__(
        self,
        file_folder: str | os.PathLike,
        exclude_layers: Sequence[type | int | str] = EXCLUDE_LAYERS,
        custom_preprocess: Callable | None = None,
        interval: int = 10,
        **options: Any,
    ):
        super().__init__(file_folder, custom_preprocess, None, interval, **options)
        self.exclude_layers = tuple(exclude_layers)

    def make(self, network: Network) -> layer_activations.LayerActivations:
        return layer_activations.LayerActivations(network, self.exclude_layers)

    def draw(self, technique: layer_activations.LayerActivations, images: np.ndarray) -> list[tuple[list, dict]]:
        return [(result.pictures(), result.details) for result in technique.draw(images)]
