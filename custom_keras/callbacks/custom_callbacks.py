"""The wrapper that makes and lists the callbacks of a script (thesis, appendix C)."""
import os
from collections.abc import Callable

import keras

from custom_keras.callbacks.network_saver import NetworkSaver
from custom_keras.callbacks.training_progress import TrainingProgress


class CustomCallbacks:
    """Makes callbacks that share their folder, functions and interval.

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
        self.file_folder = file_folder
        self.custom_preprocess = custom_preprocess
        self.custom_postprocess = custom_postprocess
        self.base_interval = base_interval
        self._callbacks: list[keras.callbacks.Callback] = []

    def get_list(self) -> list[keras.callbacks.Callback]:
        """The registered callbacks, for `fit`."""
        return self._callbacks

    def register_network_saver(self) -> None:
        """Save the whole network after each epoch. See `NetworkSaver`."""
        self._callbacks.append(NetworkSaver(self.file_folder))

    def register_training_progress(self) -> None:
        """Write accuracy and loss of each batch. See `TrainingProgress`."""
        self._callbacks.append(TrainingProgress(self.file_folder))
