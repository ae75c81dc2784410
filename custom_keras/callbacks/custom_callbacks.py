"""The wrapper that makes and lists the callbacks of a script (thesis, appendix C)."""
import os
from collections.abc import Callable, Sequence
from typing import Any

import keras

from custom_keras.callbacks.arguments import check_functions, check_interval
from custom_keras.callbacks.deconvolutional_network import DeconvolutionalNetwork
from custom_keras.callbacks.deep_visualization import DeepVisualization
from custom_keras.callbacks.gentle_stop import GentleStop, is_supervised
from custom_keras.callbacks.layer_activations import LayerActivations
from custom_keras.callbacks.max_activating_images import MaxActivatingImages
from custom_keras.callbacks.network_saver import NetworkSaver
from custom_keras.callbacks.resuming import resume
from custom_keras.callbacks.saliency_maps import SaliencyMaps
from custom_keras.callbacks.training_progress import TrainingProgress
from custom_keras.techniques.deep_visualization import UnitIndex
from custom_keras.techniques.layer_activations import EXCLUDE_LAYERS


class CustomCallbacks:
    """Makes callbacks that share their folder, functions and interval.

    Every method that registers a picture also takes the keyword-only options of its callback, such as `budget`.

    Args:
        file_folder: the folder of the script, `os.path.dirname(__file__)`.
        custom_preprocess: gets the input image, float `(H, W, C)` in 0..255, and returns what the network
            takes. Without it the image is resized to the network's input and its channels are matched.
        custom_postprocess: gets a picture as the network sees it, float `(H, W, C)`, and returns it in 0..255.
        base_interval: after how many batches pictures are drawn again, unless a callback has its own.

    Example:
        callbacks = CustomCallbacks(os.path.dirname(__file__))
        callbacks.register_training_progress()
        model.fit(x, y, callbacks=callbacks.get_list())
    """

    def __init__(
        self,
        file_folder: str | os.PathLike,
        custom_preprocess: Callable | None = None,
        custom_postprocess: Callable | None = None,
        base_interval: int = 10,
    ):
        check_interval(base_interval, "base_interval")
        check_functions(custom_preprocess=custom_preprocess, custom_postprocess=custom_postprocess)
        self.file_folder = file_folder
        self.custom_preprocess = custom_preprocess
        self.custom_postprocess = custom_postprocess
        self.base_interval = base_interval
        self._callbacks: list[keras.callbacks.Callback] = [GentleStop(file_folder)] if is_supervised() else []

    def get_list(self) -> list[keras.callbacks.Callback]:
        """The registered callbacks, for `fit`."""
        return self._callbacks

    def resume(self, model: keras.Model) -> int:
        """Load the network that the last run saved, where this run is to go on with it.

        Call it after `compile`, and give what it returns to `fit` as `initial_epoch`. Where nothing is to be
        resumed it returns 0 and changes nothing. See `resume`.
        """
        return resume(model, self.file_folder)

    def register_network_saver(self) -> None:
        """Save the whole network after each epoch. See `NetworkSaver`."""
        self._add(NetworkSaver(self.file_folder))

    def register_training_progress(self) -> None:
        """Write accuracy and loss of each batch. See `TrainingProgress`."""
        self._add(TrainingProgress(self.file_folder))

    def register_layer_activations(
        self, exclude_layers: Sequence[type | int | str] = EXCLUDE_LAYERS, interval: int | None = None, **options: Any
    ) -> None:
        """Draw what each layer gives for the input image. See `LayerActivations`."""
        self._add(
            LayerActivations(
                self.file_folder, exclude_layers, self.custom_preprocess, self._interval(interval), **options
            )
        )

    def register_saliency_maps(self, interval: int | None = None, **options: Any) -> None:
        """Draw which pixels of the input image matter. See `SaliencyMaps`."""
        self._add(
            SaliencyMaps(
                self.file_folder, self.custom_preprocess, self.custom_postprocess, self._interval(interval), **options
            )
        )

    def register_deconvolutional_network(
        self,
        feat_map_layer_no: int | str,
        feat_map_amount: int | None = None,
        feat_map_nos: Sequence[int] | None = None,
        custom_keras_model_info: tuple | None = None,
        interval: int | None = None,
        **options: Any,
    ) -> None:
        """Draw what feature maps see in the input image. See `DeconvolutionalNetwork`."""
        self._add(
            DeconvolutionalNetwork(
                self.file_folder, feat_map_layer_no, feat_map_amount, feat_map_nos, self.custom_preprocess,
                self.custom_postprocess, custom_keras_model_info, self._interval(interval), **options,
            )
        )  # fmt: skip

    def register_deep_visualization(
        self,
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
        interval: int | None = None,
        **options: Any,
    ) -> None:
        """Draw what units look for. See `DeepVisualization`."""
        self._add(
            DeepVisualization(
                self.file_folder, units_to_visualize, learning_rate, no_of_iterations, l2_decay, blur_interval,
                blur_std, value_percentile, norm_percentile, contribution_percentile, abs_contribution_percentile,
                self.custom_postprocess, self._interval(interval), **options,
            )
        )  # fmt: skip

    def register_max_activating_images(
        self,
        images: Any,
        feat_map_layer_no: int | str,
        feat_map_amount: int | None = None,
        feat_map_nos: Sequence[int] | None = None,
        **options: Any,
    ) -> None:
        """Find the images of a set that activate feature maps most, at the end of the training or after every
        `epochs` epochs. See `MaxActivatingImages`.
        """
        self._add(
            MaxActivatingImages(
                self.file_folder, images, feat_map_layer_no, feat_map_amount, feat_map_nos, self.custom_preprocess,
                self.custom_postprocess, **options,
            )
        )  # fmt: skip

    def _add(self, callback: keras.callbacks.Callback) -> None:
        """The network is saved last, when all others have done what they do at the end of an epoch."""
        savers = (place for place, one in enumerate(self._callbacks) if isinstance(one, NetworkSaver))
        self._callbacks.insert(next(savers, len(self._callbacks)), callback)

    def _interval(self, interval: int | None) -> int:
        return self.base_interval if interval is None else interval
