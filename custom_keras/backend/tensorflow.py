"""TensorFlow: `tf.function` reads the variables each time, so compiled functions see the current weights."""
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import tree


def compiled(function: Callable, variables: list[keras.Variable]) -> Callable:
    """A function of tensors, compiled once, from and to numpy arrays.

    It reads the current values of the variables at each call, and changes no state of the network.

    Args:
        function: takes and returns (structures of) tensors; calls the network's layers.
        variables: the variables that it reads.
    """
    del variables  # read through the graph's own references

    @tf.function(autograph=False)
    def run(*tensors):
        with keras.StatelessScope():
            return function(*tensors)

    def call(*arrays: np.ndarray) -> Any:
        results = run(*(tf.convert_to_tensor(array) for array in arrays))
        return tree.map_structure(lambda tensor: tensor.numpy(), results)

    return call
