"""Finds the images of a set that activate feature maps most, while training or afterwards."""
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from custom_keras.callbacks.image_folder import ImageFolder, image_paths
from custom_keras.callbacks.visualization import VisualizationCallback
from custom_keras.techniques import max_activating_images
from custom_keras.techniques.deconvolutional_network import check_choice
from custom_keras.techniques.image_sets import ImageArray, ImageSet, image_set
from custom_keras.techniques.max_activating_images import MaxActivatingResult
from custom_keras.techniques.network import Network

# Where the output is a file, such as a run's, a line of the progress bar comes every so many seconds.
_SECONDS_BETWEEN_LINES = 10


class MaxActivatingImages(VisualizationCallback):
    """Writes `max_activating_images.pickle`: for feature maps of a layer the images of a set that activate them most,
    each with its deconvolution, cropped to what the feature map sees.

    The whole set is gone through for each drawing, so it is drawn once at the end of the training, unless
    `epochs` says otherwise. They are shown on the page of the deconvolutional network.

    Args:
        file_folder: the folder of the script, `os.path.dirname(__file__)`.
        images: a folder, whose images go through `custom_preprocess`; or an array `(N, ...)`, or batches of such
            arrays like a `tf.data.Dataset`, in the values that the network takes. Not the shuffled data set that
            the training goes through: going through it in between changes its next order.
        feat_map_layer_no: number or name of the layer.
        feat_map_amount: how many feature maps, those that the set activates most first; -1 for all.
        feat_map_nos: or the numbers of the feature maps. Exactly one of the two must be given.
        custom_preprocess: from an image `(H, W, C)` in 0..255 to what the network takes.
        custom_postprocess: from a picture in the network's values to `(H, W, C)` in 0..255. Without it, the images
            are scaled from the range of the set, and each deconvolution from its own.
        epochs: also draw after every so many epochs; None for only at the end.
        k: how many images of each feature map.
        batch_size: images per forward pass, for sets that do not come in batches.
        verbose: whether to show a progress bar.
        reversible_layers: layer classes of one's own to go back through by their gradient.
        **options: keyword-only options of `VisualizationCallback`: `budget`, `stage_limit`, `image_input`,
            `other_inputs`, `input_shape`.

    Example:
        model.fit(x, y, callbacks=[MaxActivatingImages(os.path.dirname(__file__), x_test, "conv2d_2", 16)])
    """

    technique = "max_activating_images"

    def __init__(
        self,
        file_folder: str | os.PathLike,
        images: Any,
        feat_map_layer_no: int | str,
        feat_map_amount: int | None = None,
        feat_map_nos: Sequence[int] | None = None,
        custom_preprocess: Callable | None = None,
        custom_postprocess: Callable | None = None,
        *,
        epochs: int | None = None,
        k: int = 9,
        batch_size: int = 32,
        verbose: bool = True,
        reversible_layers: Sequence[type] = (),
        **options: Any,
    ):
        super().__init__(file_folder, custom_preprocess, custom_postprocess, None, **options)
        check_choice(feat_map_amount, feat_map_nos)
        max_activating_images.check_counts(k, batch_size)
        _check_epochs(epochs)
        image_paths(images) if is_folder(images) else image_set(images)  # for their errors
        self.images = images
        self.epochs = epochs
        self.verbose = verbose
        self._choice = (feat_map_layer_no, feat_map_amount, feat_map_nos)
        self._further = {"k": k, "batch_size": batch_size, "reversible_layers": reversible_layers}
        self._set: ImageSet | None = None

    def on_epoch_end(self, epoch, logs=None):
        super().on_epoch_end(epoch, logs)
        if self.epochs and self._clock.epoch % self.epochs == 0:
            self.draw_now()

    def make(self, network: Network) -> max_activating_images.MaxActivatingImages:
        technique = max_activating_images.MaxActivatingImages(
            network, *self._choice, postprocess=self.custom_postprocess, **self._further
        )
        self._set = _open(self.images, network, self.custom_preprocess)
        return technique

    def draw(
        self, technique: max_activating_images.MaxActivatingImages, images: None
    ) -> list[tuple[list, dict[str, Any]]]:
        result = technique.draw(self._set, _progress_bar(self.technique) if self.verbose else None)
        return [(result.pictures(), result.details)]


def find_max_activating_images(
    model: keras.Model | Network,
    images: Any,
    feat_map_layer_no: int | str,
    feat_map_amount: int | None = None,
    feat_map_nos: Sequence[int] | None = None,
    *,
    custom_preprocess: Callable | None = None,
    custom_postprocess: Callable | None = None,
    k: int = 9,
    batch_size: int = 32,
    verbose: bool = True,
    **options: Any,
) -> MaxActivatingResult:
    """Find the images of a set that activate feature maps most, without a training.

    Args:
        model: the network.
        images, feat_map_layer_no, feat_map_amount, feat_map_nos, custom_preprocess, custom_postprocess, k,
            batch_size, verbose: see `MaxActivatingImages`.
        **options: `reversible_layers`, `image_input`, `other_inputs`, `input_shape`.

    Example:
        result = find_max_activating_images(model, "photos", "conv2d_2", 16)
        for found in result.images:
            print(found.feat_map_no, found.name, found.activation)
    """
    technique = max_activating_images.MaxActivatingImages(
        model, feat_map_layer_no, feat_map_amount, feat_map_nos, k=k, batch_size=batch_size,
        postprocess=custom_postprocess, **options,
    )  # fmt: skip
    images = _open(images, technique.network, custom_preprocess)
    return technique.draw(images, _progress_bar("max_activating_images") if verbose else None)


def is_folder(images: Any) -> bool:
    return isinstance(images, str | os.PathLike)


def _open(images: Any, network: Network, custom_preprocess: Callable | None) -> ImageSet:
    if is_folder(images):
        return ImageFolder(images, network, custom_preprocess)
    images = image_set(images, network.graph.tensors[network.image_slot].name)
    if isinstance(images, ImageArray):
        network.check_images(np.asarray(images.images[:1]))
    return images


def _progress_bar(name: str) -> Callable[[int, int], None]:
    """Keras' own progress bar, begun when there is something to show."""
    bar = None

    def update(done: int, total: int) -> None:
        nonlocal bar
        if bar is None:
            print(f"\n{name}: images")
            seconds = 0.1 if sys.stdout.isatty() else _SECONDS_BETWEEN_LINES
            bar = keras.utils.Progbar(total or None, unit_name="image", interval=seconds)
        bar.update(done, finalize=done == total)

    return update


def _check_epochs(epochs: int | None) -> None:
    if epochs is not None and (isinstance(epochs, bool) or not isinstance(epochs, int | np.integer) or epochs < 1):
        raise ValueError(f"This is no number of epochs. Expected 1 or more, or None. Received: epochs={epochs!r}")
