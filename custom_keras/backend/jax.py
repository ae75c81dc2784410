"""JAX: variables are passed into compiled functions, as `jit` would bake their values in."""
from collections.abc import Callable
from typing import Any

import jax
import keras
import numpy as np
from keras import tree


def compiled(function: Callable, variables: list[keras.Variable]) -> Callable:
    """A function of tensors, compiled once, from and to numpy arrays.

    It reads the current values of the variables at each call, and changes no state of the network.

    Args:
        function: takes and returns (structures of) tensors; calls the network's layers.
        variables: the variables that it reads.
    """

    @jax.jit
    def run(values, *tensors):
        with keras.StatelessScope(state_mapping=list(zip(variables, values, strict=True))):
            return function(*tensors)

    def call(*arrays: np.ndarray) -> Any:
        results = run([variable.value for variable in variables], *arrays)
        return tree.map_structure(np.asarray, results)

    return call
