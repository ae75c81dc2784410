"""Saves the whole network after each epoch (thesis, appendix C)."""
import os

import keras

from custom_keras.callbacks.clock import TrainingClock
from custom_keras.callbacks.errors import ErrorReport, training_goes_on
from custom_keras.callbacks.folder import callback_folder
from custom_keras.callbacks.resuming import earlier_batches, is_resumable, read_seeds
from visualization_files.resume_point import ResumePoint, write_point
from visualization_files.writer import move


class NetworkSaver(keras.callbacks.Callback):
    """Saves the network, its optimizer included, as `networks/<script>.keras`.

    It is saved before the first batch and after each epoch. The file is replaced as a whole once the disk has
    all of the new one, so a download during a save, a killed process or a power cut never leave half a file.
    How many epochs were trained is kept in the same file, so that `resume` can go on with it.

    Put it last among the callbacks: what others do at the end of an epoch, such as a lower learning rate, is saved
    then.

    Args:
        file_folder: the folder of the script, `os.path.dirname(__file__)`.

    Example:
        model.fit(x, y, callbacks=[NetworkSaver(os.path.dirname(__file__))])
    """

    # Batches are only counted, which may happen in another thread: JAX and PyTorch need not wait for each.
    async_safe = True

    def __init__(self, file_folder: str | os.PathLike):
        super().__init__()
        self._folder = callback_folder(file_folder)
        self.errors = ErrorReport("network_saver", [])
        self.path = self._folder.network
        self._clock = TrainingClock()
        self._trained = 0  # batches of the epoch
        self._used = self._begun = False

    @training_goes_on
    def on_train_begin(self, logs=None):
        self._clock.begin_fit(self.params.get("steps"))
        self._begun = False

    @training_goes_on
    def on_epoch_begin(self, epoch, logs=None):
        if not self._used and epoch > 0:
            self._clock.resume(earlier_batches(self._folder, epoch))
        if not self._used:
            # Each process that was killed while it saved has left one, and who goes on clears nothing.
            for left in self.path.parent.glob(f".{self.path.stem}.*.tmp.keras"):
                left.unlink(missing_ok=True)
        self._used = True
        self._clock.begin_epoch(epoch)
        self._trained = 0
        # A network whose input nobody knows yet has no weights to save.
        if not self._begun and self.model.built:
            self._save()
        self._begun = True

    def on_train_batch_end(self, batch, logs=None):
        self._trained = max(self._trained, batch + 1)

    @training_goes_on
    def on_epoch_end(self, epoch, logs=None):
        self._clock.advance(self._trained)
        self._clock.end_epoch()
        self._save()

    def _save(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # Keras insists on the ending.
        temporary = self.path.with_name(f".{self.path.stem}.{os.getpid()}.tmp.keras")
        model = self.model
        point = ResumePoint(self._clock.epoch, self._clock.batches, is_resumable(self.path), read_seeds(model))
        try:
            model.save(temporary)
            write_point(temporary, point)
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            move(temporary, self.path)
        finally:
            temporary.unlink(missing_ok=True)
        self.errors.clear()
