"""Ends a training at the end of an epoch, when the page asks for it."""
import os

import keras

from custom_keras.callbacks.errors import ErrorReport, training_goes_on
from custom_keras.callbacks.folder import callback_folder

# The two files by which the supervisor of a run and this callback understand each other, and the variable by
# which a script knows that it has a supervisor.
READY, REQUEST, SUPERVISED = "stop.ready", "stop.request", "TRAINING_RUN"


def is_supervised() -> bool:
    """Whether this script was started by the page, so that somebody can ask it to stop."""
    return SUPERVISED in os.environ


class GentleStop(keras.callbacks.Callback):
    """Ends the training after the epoch in which somebody pressed Stop after this epoch.

    `CustomCallbacks` brings it along in scripts that the page has started. While a training runs, it leaves the
    file `stop.ready` in the script's folder, by which the supervisor knows that a request is noticed.

    Args:
        file_folder: the folder of the script, `os.path.dirname(__file__)`.

    Example:
        model.fit(x, y, callbacks=[GentleStop(os.path.dirname(__file__))])
    """

    def __init__(self, file_folder: str | os.PathLike):
        super().__init__()
        folder = callback_folder(file_folder).path
        self.errors = ErrorReport("gentle_stop", [])
        self._ready, self._request = folder / READY, folder / REQUEST

    @training_goes_on
    def on_train_begin(self, logs=None):
        # Written anew: its time tells when the training began.
        self._ready.unlink(missing_ok=True)
        self._ready.touch()

    @training_goes_on
    def on_epoch_end(self, epoch, logs=None):
        if self._request.exists():
            print("\nThe training ends after this epoch, as was asked for.")
            self.model.stop_training = True

    @training_goes_on
    def on_train_end(self, logs=None):
        self._ready.unlink(missing_ok=True)
