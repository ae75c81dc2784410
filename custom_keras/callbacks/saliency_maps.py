"""Draws which pixels of the input image the winning class depends on (thesis, appendix C)."""
import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from custom_keras.callbacks.visualization import VisualizationCallback
from custom_keras.techniques import saliency_maps
from custom_keras.techniques.network import Network
from custom_keras.techniques.pictures import reconstruction


class SaliencyMaps(VisualizationCallback):
    """Writes `saliency_maps.pickle`: how much each pixel of the input image matters for the score of its class.

    Args:
        file_folder: the folder of the script, `os.path.dirname(__file__)`.
        custom_preprocess: from an image `(H, W, C)` in 0..255 to what the network takes.
        custom_postprocess: from the map, float `(H, W, 1)` from 0, to `(H, W)` or `(H, W, 1)` in 0..255. Without
            it, the largest value becomes white.
        interval: batches from one drawing to the next.
        variant: `absolute`, `positive`, `negative` or `guided`, or several of them; the first goes to the file, the
            page shows all. See the technique.
        class_index: the class; by default the winning one of each drawing.
        output: name or index of the network's output; by default the first that classifies.
        **options: keyword-only options of `VisualizationCallback`: `budget`, `stage_limit`, `image_input`,
            `other_inputs`, `input_shape`.

    Example:
        model.fit(x, y, callbacks=[SaliencyMaps(os.path.dirname(__file__), variant="guided")])
    """

    technique = "saliency_maps"

    def __init__(
        self,
        file_folder: str | os.PathLike,
        custom_preprocess: Callable | None = None,
        custom_postprocess: Callable | None = None,
        interval: int = 10,
        *,
        variant: str | Sequence[str] = "absolute",
        class_index: int | None = None,
        output: str | int | None = None,
        **options: Any,
    ):
        super().__init__(file_folder, custom_preprocess, custom_postprocess, interval, **options)
        variants = (variant,) if isinstance(variant, str) else tuple(variant)
        if not variants or not set(variants) <= set(saliency_maps.VARIANTS):
            raise ValueError(
                f"There is no such saliency map. Expected one or several of {saliency_maps.VARIANTS}. "
                f"Received: {variant=}"
            )
        self._choice = {"variant": variant, "class_index": class_index, "output": output}

    def make(self, network: Network) -> saliency_maps.SaliencyMaps:
        return saliency_maps.SaliencyMaps(network, **self._choice)

    def draw(self, technique: saliency_maps.SaliencyMaps, images: np.ndarray) -> list[tuple]:
        drawn = []
        for result in technique.draw(images):
            (_, first), *others = self._pictures(result).items()
            drawn.append((first, result.details, dict(others)))
        return drawn

    def _pictures(self, result: saliency_maps.SaliencyOfImage) -> dict[str, np.ndarray]:
        if self.custom_postprocess is None:
            return result.pictures()
        return {name: reconstruction(array, self.custom_postprocess)[0] for name, array in result.maps.items()}
