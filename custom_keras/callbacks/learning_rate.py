"""Reads the learning rate."""
import math

import keras

from custom_keras.backend import learning_rate_reader


class LearningRate:
    """The learning rate, read in the first batch of each epoch and in every `EVERY`th after it.

    A schedule takes longer to compute than everything else that is written for a batch together, so its value
    is repeated in between.

    Args:
        model: the compiled network.

    Attributes:
        optimizer: whose learning rate it is.
    """

    EVERY = 16

    def __init__(self, model: keras.Model):
        self.optimizer = model.optimizer
        has_one = hasattr(model.optimizer, "learning_rate")
        self._read = learning_rate_reader(model) if has_one else lambda: math.nan
        self._value = math.nan

    def read(self, batch: int) -> float:
        """The rate after a batch of the epoch; `nan` where the network's optimizer has none."""
        if batch % self.EVERY == 0:
            self._value = self._read()
        return self._value
