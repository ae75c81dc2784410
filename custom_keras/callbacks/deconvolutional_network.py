"""Draws what feature maps see in the input image (thesis, appendix C)."""
import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from custom_keras.callbacks.visualization import VisualizationCallback
from custom_keras.techniques import deconvolutional_network
from custom_keras.techniques.network import Network


class DeconvolutionalNetwork(VisualizationCallback):
    """Writes `deconvolutional_network.pickle`: feature maps of a layer, projected back to pixels.

    Args:
        file_folder: the folder of the script, `os.path.dirname(__file__)`.
        feat_map_layer_no: number or name of the layer.
        feat_map_amount: how many feature maps, those with the largest activation first; -1 for all.
        feat_map_nos: or the numbers of the feature maps. Exactly one of the two must be given.
        custom_preprocess: from an image `(H, W, C)` in 0..255 to what the network takes.
        custom_postprocess: from a picture in the network's values to `(H, W, C)` in 0..255. Without it, each
            picture is scaled from its own range.
        custom_keras_model_info: a deconvolutional model of one's own, a dictionary from layer numbers to its
            layer numbers, and an update function, see the technique.
        interval: batches from one drawing to the next.
        reversible_layers: layer classes of one's own to go back through by their gradient.
        **options: keyword-only options of `VisualizationCallback`: `budget`, `stage_limit`, `image_input`,
            `other_inputs`, `input_shape`.

    Example:
        model.fit(x, y, callbacks=[DeconvolutionalNetwork(os.path.dirname(__file__), 3, 16)])
    """

    technique = "deconvolutional_network"

    def __init__(
        self,
        file_folder: str | os.PathLike,
        feat_map_layer_no: int | str,
        feat_map_amount: int | None = None,
        feat_map_nos: Sequence[int] | None = None,
        custom_preprocess: Callable | None = None,
        custom_postprocess: Callable | None = None,
        custom_keras_model_info: tuple | None = None,
        interval: int = 10,
        *,
        reversible_layers: Sequence[type] = (),
        **options: Any,
    ):
        super().__init__(file_folder, custom_preprocess, custom_postprocess, interval, **options)
        deconvolutional_network.check_choice(feat_map_amount, feat_map_nos)
        self._choice = (feat_map_layer_no, feat_map_amount, feat_map_nos, custom_keras_model_info)
        self._reversible_layers = reversible_layers

    def make(self, network: Network) -> deconvolutional_network.DeconvolutionalNetwork:
        return deconvolutional_network.DeconvolutionalNetwork(
            network, *self._choice, reversible_layers=self._reversible_layers
        )

    def draw(
        self, technique: deconvolutional_network.DeconvolutionalNetwork, images: np.ndarray
    ) -> list[tuple[list, dict]]:
        return [(result.pictures(self.custom_postprocess), result.details) for result in technique.draw(images)]
