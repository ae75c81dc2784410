"""Reads the learning rate of each batch."""
import math

import keras

from custom_keras.callbacks.batch_metrics import VariableReader


class LearningRate:
    """The learning rate that the next batch is trained with.

    A schedule takes a third of a millisecond to compute, longer than everything else that is written for a
    batch together; so its value is computed for every `EVERY`th batch and repeated in between.

    Args:
        model: the compiled network.
    """

    EVERY = 16

    def __init__(self, model: keras.Model):
        self._model = model
        self._reader = None
        self._batch = 0
        self._value = math.nan
        rate = getattr(model.optimizer, "learning_rate", None)
        self._scheduled = rate is not None and not isinstance(rate, keras.Variable)
        if isinstance(rate, keras.Variable):
            self._reader = VariableReader(model, "optimizer_variables", [rate])

    def read(self) -> float:
        """The rate; `nan` where the network's optimizer has none."""
        if self._reader:
            return self._reader.read()[0]
        if self._scheduled and self._batch % self.EVERY == 0:
            # With JAX, the count of steps that the schedule needs is not in the network during an epoch.
            if hasattr(self._model, "jax_state_sync"):
                self._model.jax_state_sync()
            self._value = float(self._model.optimizer.learning_rate)
        self._batch += 1
        return self._value
