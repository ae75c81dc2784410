"""Reads the learning rate."""
import math

import keras


class LearningRate:
    """The learning rate, read in the first batch of each epoch and in every `EVERY`th after it.

    A schedule takes a third of a millisecond to compute, longer than everything else that is written for a
    batch together, so its value is repeated in between.

    Args:
        model: the compiled network.
    """

    EVERY = 16

    def __init__(self, model: keras.Model):
        self._model = model
        self._value = math.nan

    def read(self, batch: int) -> float:
        """The rate after a batch of the epoch; `nan` where the network's optimizer has none."""
        if batch % self.EVERY == 0:
            # With JAX, the optimizer's variables are not in the network during an epoch.
            if hasattr(self._model, "jax_state_sync"):
                self._model.jax_state_sync()
            rate = getattr(self._model.optimizer, "learning_rate", None)
            self._value = math.nan if rate is None else float(rate)
        return self._value
