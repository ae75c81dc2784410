"""Writes accuracy and loss of each batch, and the validation's of each epoch (thesis, appendices C and D)."""
import math
import os
import sys

import keras

from custom_keras.callbacks.batch_metrics import BatchMetrics
from custom_keras.callbacks.clock import TrainingClock
from custom_keras.callbacks.errors import ErrorReport, training_goes_on
from custom_keras.callbacks.folder import callback_folder
from custom_keras.callbacks.learning_rate import LearningRate
from custom_keras.callbacks.progress_file import ProgressFile

_ACCURACIES = ("accuracy", "acc", "binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy")


class TrainingProgress(keras.callbacks.Callback):
    """Writes `results/training_progress.txt` and, where there is validation, `training_progress_val.txt`.

    A row has the progress in epochs after the batch, and the batch's OWN accuracy and loss, not the means of
    the epoch so far that Keras shows. Each row can be seen at once. Further columns: every other metric, loss
    and accuracy of each output where there are several, and the learning rate.

    - Without accuracy, its column is `nan`. Where only single outputs have one, it is the first of them.
    - A metric that cannot be split into batches, such as the area under a curve, is called `running_<name>`
      and is Keras' value for the epoch so far.
    - The learning rate is read in an epoch's first batch and every sixteenth after it.
    - With several steps per execution there is a row for each execution, over all of its batches.
    - In the first epoch of a data set of unknown length, progress is a guess that is set right at its end.

    A second `fit` with the same callback goes on where the first ended. A new callback starts anew, unless
    `fit` is given an `initial_epoch`: then the rows before that epoch stay.

    Args:
        file_folder: the folder of the script, `os.path.dirname(__file__)`.

    Example:
        model.fit(x, y, callbacks=[TrainingProgress(os.path.dirname(__file__))])
    """

    def __init__(self, file_folder: str | os.PathLike):
        super().__init__()
        results = callback_folder(file_folder).results
        self.errors = ErrorReport("training_progress", [results / "training_progress.error.txt"])
        self._training = ProgressFile(results / "training_progress.txt")
        self._validation = ProgressFile(results / "training_progress_val.txt")
        self._clock = TrainingClock()
        self._metrics: BatchMetrics | None = None
        self._outputs: list[str] = []
        self._learning_rate: LearningRate | None = None
        self._used = False

    @training_goes_on
    def on_train_begin(self, logs=None):
        self._metrics = None
        self._clock.begin_fit(self.params.get("steps"))

    @training_goes_on
    def on_epoch_begin(self, epoch, logs=None):
        if not self._used:
            self._used = True
            self._training.start(keep_up_to=epoch)
            self._validation.start(keep_up_to=epoch)
        self._clock.begin_epoch(epoch)
        if self._metrics:
            self._metrics.begin_epoch()

    @training_goes_on
    def on_train_batch_end(self, batch, logs=None):
        logs = logs or {}
        self._clock.advance(batch + 1)
        if self._metrics is None:
            self._begin_rows(logs)
        values = _placed(self._metrics.values(logs), self._places)
        self._training.row([self._clock.progress, *values, self._learning_rate.read(batch)])
        self.errors.clear()

    def _begin_rows(self, logs: dict[str, float]) -> None:
        """Find the columns: which metrics there are is known after the first batch only."""
        model = self.model  # with JAX, this brings the network's variables up to date
        self._metrics = BatchMetrics(model, logs)
        if self._learning_rate is None or self._learning_rate.optimizer is not model.optimizer:
            self._learning_rate = LearningRate(model)
        self._outputs = list(getattr(model, "output_names", None) or [])
        columns, self._places = arrange(self._metrics.names, self._outputs)
        self._training.open([*columns, "learning_rate"])
        if self._places[1] is None:
            reported = ", ".join(logs) or "nothing"
            print(f"\ntraining_progress: no `loss` is reported by the training, only: {reported}", file=sys.stderr)

    @training_goes_on
    def on_epoch_end(self, epoch, logs=None):
        batches = self._clock.in_epoch
        self._clock.end_epoch()
        if not self._clock.length_known and batches:
            self._training.spread(self._clock.epoch - 1, batches)
        self._write_validation(logs or {})

    def _write_validation(self, logs: dict[str, float]) -> None:
        values = {name[4:]: value for name, value in logs.items() if name.startswith("val_")}
        if not values:
            return
        columns, places = arrange(list(values), self._outputs)
        self._validation.open(columns)
        self._validation.row([self._clock.progress, *_placed(list(values.values()), places)])

    @training_goes_on
    def on_train_end(self, logs=None):
        self._training.close()
        self._validation.close()


def arrange(names: list[str], outputs: list[str]) -> tuple[list[str], list[int | None]]:
    """The columns for these metrics, and at which place of theirs each column after the first is found.

    Args:
        names: the metrics, which Keras sorts by the alphabet.
        outputs: names of the network's outputs, in its own order.

    Returns:
        columns, beginning with `progress accuracy loss`, and for all but `progress` the place in `names`,
        None where there is no such metric.
    """
    accuracies = [name for name in names if _is_accuracy(name)]
    accuracy = min(accuracies, key=lambda name: _place_of_output(name, outputs), default=None)
    taken = {"loss", accuracy} if accuracy in _ACCURACIES else {"loss"}
    others = [name for name in names if name not in taken]
    places = [names.index(accuracy) if accuracy else None, names.index("loss") if "loss" in names else None]
    return ["progress", "accuracy", "loss", *others], places + [names.index(name) for name in others]


def _place_of_output(name: str, outputs: list[str]) -> int:
    """Which output an accuracy is of; that of the whole network comes before the first."""
    if name in _ACCURACIES:
        return -1
    own = (place for place, output in enumerate(outputs) if name.removeprefix(f"{output}_") in _ACCURACIES)
    return next(own, len(outputs))


def _is_accuracy(name: str) -> bool:
    """Whether a metric is an accuracy, of the network or of one of its outputs."""
    if "top_k" in name or name.startswith("running_"):
        return False
    return name in _ACCURACIES or name.endswith(tuple(f"_{accuracy}" for accuracy in _ACCURACIES))


def _placed(values: list[float], places: list[int | None]) -> list[float]:
    return [math.nan if place is None else values[place] for place in places]
