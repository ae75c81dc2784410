"""Saves the whole network after each epoch (thesis, appendix C)."""
import os

import keras

from custom_keras.callbacks.errors import ErrorReport, training_goes_on
from custom_keras.callbacks.folder import callback_folder
from visualization_files.writer import move


class NetworkSaver(keras.callbacks.Callback):
    """Saves the network, its optimizer included, as `networks/<script>.keras`.

    It is saved before the first batch and after each epoch. The file is replaced as a whole once the disk has
    all of the new one, so a download during a save, a killed process or a power cut never leave half a file.

    Args:
        file_folder: the folder of the script, `os.path.dirname(__file__)`.

    Example:
        model.fit(x, y, callbacks=[NetworkSaver(os.path.dirname(__file__))])
    """

    def __init__(self, file_folder: str | os.PathLike):
        super().__init__()
        folder = callback_folder(file_folder)
        self.errors = ErrorReport("network_saver", [])
        self.path = folder.network

    @training_goes_on
    def on_train_begin(self, logs=None):
        # A network whose input nobody knows yet has no weights to save.
        if self.model.built:
            self._save()

    @training_goes_on
    def on_epoch_end(self, epoch, logs=None):
        self._save()

    def _save(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # Keras insists on the ending.
        temporary = self.path.with_name(f".{self.path.stem}.{os.getpid()}.tmp.keras")
        try:
            self.model.save(temporary)
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            move(temporary, self.path)
        finally:
            temporary.unlink(missing_ok=True)
        self.errors.clear()
