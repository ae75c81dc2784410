"""PyTorch: functions run as they are; what is compiled are its kernels."""
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import torch
from keras import ops, tree


def compiled(function: Callable, variables: list[keras.Variable]) -> Callable:
    """A function of tensors, from and to numpy arrays.

    It reads the current values of the variables at each call, and changes no state of the network.

    Args:
        function: takes and returns (structures of) tensors; calls the network's layers.
        variables: the variables that it reads.
    """
    del variables  # the layers hold them

    def call(*arrays: np.ndarray) -> Any:
        with torch.no_grad(), keras.StatelessScope():
            results = function(*(ops.convert_to_tensor(array) for array in arrays))
            return tree.map_structure(ops.convert_to_numpy, results)

    return call
