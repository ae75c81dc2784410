"""What all callbacks that draw pictures have in common: when to draw, what of, where to, and what if not."""
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from custom_keras.callbacks.arguments import check_functions, check_interval
from custom_keras.callbacks.budget import Budget
from custom_keras.callbacks.clock import TrainingClock
from custom_keras.callbacks.errors import ErrorReport, ExpectedError, training_goes_on
from custom_keras.callbacks.folder import callback_folder
from custom_keras.callbacks.input_images import prepare, read_image
from custom_keras.callbacks.resuming import earlier_batches
from custom_keras.techniques.network import Network
from custom_keras.techniques.tracing import UntraceableError
from visualization_files.names import TECHNIQUES
from visualization_files.stages import DEFAULT_STAGE_LIMIT, StageWriter

_NEVER = sys.maxsize


class VisualizationCallback(keras.callbacks.Callback):
    """Draws a technique before the first batch, after every `interval` batches, and once at the end.

    An error while drawing is written once, to the output and for the page, and the training goes on. Wrong
    arguments raise a ValueError, at the latest before the first batch.

    A subclass says which `technique` it is, makes it with `make`, and draws it with `draw`.

    Args:
        file_folder: the folder of the script, `os.path.dirname(__file__)`.
        custom_preprocess: from an image `(H, W, C)` in 0..255 to what the network takes.
        custom_postprocess: from a picture in the network's values to `(H, W, C)` in 0..255.
        interval: batches from one drawing to the next, over the whole training; None for one at the end alone.
        budget: the largest share of the training's time that drawing may take; drawings beyond it are skipped,
            which is written down. None for no limit.
        stage_limit: how many stages are kept.
        image_input: name of the network's input that takes the image, where that is not clear.
        other_inputs: values of the other inputs for one example, by name; zeros by default.
        input_shape: shape of the input with its batch axis, only for subclassed networks that do not know it.
    """

    technique: str
    # Keras may call on_train_batch_end from another thread, which only counts; drawing is done by the hooks that
    # the training itself calls. So JAX and PyTorch need not wait for each batch.
    async_safe = True

    def __init__(
        self,
        file_folder: str | os.PathLike,
        custom_preprocess: Callable | None = None,
        custom_postprocess: Callable | None = None,
        interval: int | None = 10,
        *,
        budget: float | None = None,
        stage_limit: int = DEFAULT_STAGE_LIMIT,
        image_input: str | None = None,
        other_inputs: dict[str, np.ndarray] | None = None,
        input_shape: tuple[int | None, ...] | None = None,
    ):
        super().__init__()
        check_interval(interval)
        check_functions(custom_preprocess=custom_preprocess, custom_postprocess=custom_postprocess)
        self.folder = callback_folder(file_folder)
        self.custom_preprocess = custom_preprocess
        self.custom_postprocess = custom_postprocess
        self.interval = interval
        self.budget = Budget(budget)
        self._network_options = {
            "image_input": image_input, "other_inputs": other_inputs, "input_shape": input_shape
        }  # fmt: skip
        self._writers = [StageWriter(path, self.technique, stage_limit) for path in self._results()]
        self.errors = ErrorReport(self.technique, [writer.error_file for writer in self._writers])
        self._clock = TrainingClock()
        self._trained = 0  # batches of the epoch, counted by on_train_batch_end
        self._next = 0 if interval else _NEVER  # batches at which the next drawing is due
        self._drawn = -1  # batches at the last drawing
        self._skips = 0
        self._started = False
        self._model_of_technique: keras.Model | None = None
        self._ready: Callable[[], list[tuple[Any, dict]]] | None = None

    def make(self, network: Network) -> Any:
        """Make the technique for a network. A ValueError for wrong arguments ends the training."""
        raise NotImplementedError

    def draw(self, technique: Any, images: np.ndarray | None) -> list[tuple]:
        """Draw the network as it is now.

        Args:
            technique: what `make` made.
            images: the input images as one batch, None for a technique that needs none.

        Returns:
            For each image the data for its file, the details for its stage, and, where there are any, variants by
            name.
        """
        raise NotImplementedError

    @property
    def needs_image(self) -> bool:
        return TECHNIQUES[self.technique].needs_image

    def _results(self) -> list:
        """The results folder of each input image; the main one where there is none, or none is needed."""
        names = [path.name for path in self.folder.image_paths()] if self.needs_image else []
        return [self.folder.results_of(name) for name in names or [None]]

    def on_train_begin(self, logs=None):
        self.budget.begin()
        self._clock.begin_fit(self.params.get("steps"))

    def on_epoch_begin(self, epoch, logs=None):
        if not self._started:
            self._started = True
            self._start(epoch)
        self._clock.begin_epoch(epoch)
        self._trained = 0
        model = self.model
        if model is not self._model_of_technique and model.built:
            self._set_up(model)
        self._draw_if_due()

    def on_train_batch_begin(self, batch, logs=None):
        self._clock.advance(batch)
        if batch and self._model_of_technique is None:  # the first batch has built the network
            self._set_up(self.model)
        if batch and self._clock.batches >= self._next:
            self._draw_if_due()

    def on_train_batch_end(self, batch, logs=None):
        self._trained = max(self._trained, batch + 1)

    def on_epoch_end(self, epoch, logs=None):
        self._clock.advance(self._trained)
        self._clock.end_epoch()

    def on_train_end(self, logs=None):
        self.draw_now()
        self.budget.end()

    def draw_now(self) -> None:
        """Draw, unless the network was drawn as it is now."""
        if self._started and self._clock.batches > self._drawn:
            if self._model_of_technique is None:  # it had but one batch
                training_goes_on(VisualizationCallback._set_up)(self, self.model)
            self._next = self._clock.batches
            self._draw_if_due()

    @training_goes_on
    def _start(self, epoch: int) -> None:
        """Forget an earlier training, or count on from it where `fit` is given an `initial_epoch`."""
        if epoch == 0:
            for writer in self._writers:
                writer.start()
            return
        batches = earlier_batches(self.folder, epoch)
        self._clock.resume(batches)
        self._drawn = min(writer.resume(batches) for writer in self._writers)
        if self.interval:
            # As if it had not been interrupted: at the same multiples of the interval.
            self._next = -(-max(self._drawn + 1, batches) // self.interval) * self.interval

    def _set_up(self, model: keras.Model) -> None:
        """Make the technique and prepare the images, which checks all arguments."""
        self._model_of_technique = model
        self._ready = None
        try:
            network = Network(model, **self._network_options)
            technique = self.make(network)
            images, said = self._prepare_images(network)
        except (UntraceableError, ExpectedError) as error:
            self.errors.say(ExpectedError(str(error)))
            return
        except ValueError as error:
            self.errors.write(str(error))
            raise
        extra = {"preprocess": said} if said else {}

        def ready() -> list[tuple]:
            drawn = self.draw(technique, images)
            return [(data, {**details, **extra}, *variants) for data, details, *variants in drawn]

        self._ready = ready

    def _prepare_images(self, network: Network) -> tuple[np.ndarray | None, str]:
        if not self.needs_image:
            return None, ""
        paths = self.folder.image_paths()[: len(self._writers)]
        if not paths:
            raise ExpectedError(
                "There is no input image to draw. Choose one when you press Run, or put a png or jpeg file into the "
                "folder `images` beside the script."
            )
        prepared = [prepare(read_image(path), network, self.custom_preprocess) for path in paths]
        sentences = dict.fromkeys(sentence for _, sentence in prepared if sentence)
        for sentence in sentences:
            print(f"\n{self.technique}: {sentence} Its values are 0 to 255. Give a custom_preprocess for others.")
        shapes = {array.shape for array, _ in prepared}
        if len(shapes) > 1:
            raise ExpectedError(
                f"The input images have different sizes, {sorted(shapes)}, and the network takes any. "
                "Give a custom_preprocess that makes them equal."
            )
        return np.stack([array for array, _ in prepared]), " ".join(sentences)

    @training_goes_on
    def _draw_if_due(self) -> None:
        batches = self._clock.batches
        if batches < self._next or self._model_of_technique is None:
            return
        self._next = (batches // self.interval + 1) * self.interval if self.interval else _NEVER
        self._drawn = batches
        if not self._ready:
            return
        if not self.budget.allows():
            self._skip()
            return
        model = self.model  # with JAX, this brings the network's variables up to date
        assert model is self._model_of_technique
        self._draw(batches)

    def _draw(self, batches: int) -> None:
        begin = time.perf_counter()
        try:
            results = self._ready()
            seconds = time.perf_counter() - begin
            for writer, (data, details, *variants) in zip(self._writers, results, strict=True):
                if self._skips:
                    details = {**details, "skipped_before": self._skips}
                writer.write(data, batches, self._clock.progress, seconds, details, *variants)
        finally:
            self.budget.spend(time.perf_counter() - begin)
        self._skips = 0
        self.errors.clear()

    def _skip(self) -> None:
        """Write down the first of several skipped drawings; the next stage says how many there were."""
        self._skips += 1
        if self._skips == 1:
            for writer in self._writers:
                writer.skip(self._clock.batches, self._clock.progress, self.budget.sentence())
