"""Draws what units look for (thesis, appendix C)."""
import os
from collections.abc import Callable, Sequence
from typing import Any

from custom_keras.callbacks.errors import training_goes_on
from custom_keras.callbacks.visualization import VisualizationCallback
from custom_keras.techniques import deep_visualization
from custom_keras.techniques.deep_visualization import UnitIndex
from custom_keras.techniques.network import Network
from custom_keras.techniques.regularization import Regularization
from visualization_files.writer import replace_json


class DeepVisualization(VisualizationCallback):
    """Writes `deep_visualization.pickle`: for each unit an image made to activate it, and
    `deep_visualization.json`: what the images were made with.

    Args:
        file_folder: the folder of the script, `os.path.dirname(__file__)`.
        units_to_visualize: `[(layer, unit_index), ...]`; the layer by number or name, the index a whole number for
            dense layers, and a tuple of three for feature maps.
        learning_rate: factor of the gradient in each step.
        no_of_iterations: how many steps.
        l2_decay: part of the image that is taken away in each step, 0 to 1.
        blur_interval: blur after every so many steps; 0 for never.
        blur_std: standard deviation of the Gaussian blur in pixels; 0 for none.
        value_percentile: below it, values are set to zero, 0 to 100.
        norm_percentile: below it, pixels are set to zero by their norm.
        contribution_percentile: the same by their contribution to the activation.
        abs_contribution_percentile: the same by the size of their contribution.
        custom_postprocess: from a picture in the network's values to `(H, W, C)` in 0..255. Without it, each
            picture is scaled from its own range.
        interval: batches from one drawing to the next.
        seed: repeats the pictures.
        **options: keyword-only options of `VisualizationCallback`: `budget`, `stage_limit`, `image_input`,
            `other_inputs`, `input_shape`.

    Example:
        units = [("dense_2", number) for number in range(10)]
        model.fit(x, y, callbacks=[DeepVisualization(
            os.path.dirname(__file__), units, 500, 100, **DEEP_VISUALIZATION_PRESETS["low_frequency"], interval=500
        )])
    """

    technique = "deep_visualization"

    def __init__(
        self,
        file_folder: str | os.PathLike,
        units_to_visualize: Sequence[tuple[int | str, UnitIndex]],
        learning_rate: float,
        no_of_iterations: int,
        l2_decay: float = 0,
        blur_interval: int = 0,
        blur_std: float = 0,
        value_percentile: float = 0,
        norm_percentile: float = 0,
        contribution_percentile: float = 0,
        abs_contribution_percentile: float = 0,
        custom_postprocess: Callable | None = None,
        interval: int = 10,
        *,
        seed: int | None = None,
        **options: Any,
    ):
        super().__init__(file_folder, None, custom_postprocess, interval, **options)
        regularizers = (
            l2_decay, blur_interval, blur_std, value_percentile, norm_percentile, contribution_percentile,
            abs_contribution_percentile,
        )  # fmt: skip
        Regularization(*regularizers)
        deep_visualization.check_ascent(learning_rate, no_of_iterations, seed)
        deep_visualization.check_form(units_to_visualize)
        self._arguments = (units_to_visualize, learning_rate, no_of_iterations, *regularizers)
        self.seed = seed

    def make(self, network: Network) -> deep_visualization.DeepVisualization:
        technique = deep_visualization.DeepVisualization(network, *self._arguments, seed=self.seed)
        self._write_settings(technique)
        return technique

    @training_goes_on
    def _write_settings(self, technique: deep_visualization.DeepVisualization) -> None:
        units = [[call.label, index] for call, index in technique.units]
        settings = {"units_to_visualize": units, **technique.settings, "seed": self.seed}
        replace_json(self.folder.results / "deep_visualization.json", settings)

    def draw(self, technique: deep_visualization.DeepVisualization, images: None) -> list[tuple[list, dict]]:
        result = technique.draw()
        return [(result.pictures(self.custom_postprocess), result.details)]
