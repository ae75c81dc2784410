"""PyTorch: functions run as they are; what is compiled are its kernels."""
from collections.abc import Callable
from functools import partial
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
            return tree.map_structure(lambda tensor: tensor.cpu().numpy(), results)

    return call


def gradient(function: Callable, inputs: Any) -> tuple[Any, Any]:
    """Differentiate inside of a compiled function.

    Args:
        function: from the inputs to `(objective, more)`; the objective's values are summed.
        inputs: tensor.

    Returns:
        Gradient of the sum with respect to the inputs (zero where it does not depend on them), and `more`.
    """
    with torch.enable_grad():
        inputs = inputs.detach().requires_grad_(True)
        objective, more = function(inputs)
        result = _gradient(objective.sum(), inputs, None)
    return result, tree.map_structure(torch.detach, more)


def pull_back(function: Callable, inputs: Any, choose: Callable, make_seed: Callable) -> tuple[Any, Any]:
    """One forward pass, and a backward pass from each of many seeds.

    Args:
        function: from the inputs to features.
        inputs: tensor.
        choose: from the features to `(items, more)`: a tuple of tensors with an entry for each seed in front.
        make_seed: from the features and one entry of the items to a seed of the features' shape. Seeds are made
            one after the other, as all at once may be too large.

    Returns:
        For each seed what it becomes at the inputs, `(seeds, *inputs.shape)`, and `more`.
    """
    with torch.enable_grad():
        inputs = inputs.detach().requires_grad_(True)
        features = function(inputs)
    features_alone = features.detach()
    items, more = choose(features_alone)
    seeds = (make_seed(features_alone, item) for item in zip(*items, strict=True))
    return torch.stack([_gradient(features, inputs, seed) for seed in seeds]), more


def loop(count: int, step: Callable, state: Any) -> Any:
    """Repeat a step inside of a compiled function.

    Args:
        count: how often.
        step: from its number, 0 and up, and a tensor to the next tensor of the same shape.
        state: the first tensor.

    Returns:
        The last tensor.
    """
    for number in range(count):
        state = step(number, state)
    return state


def with_gradient(forward: Callable, backward: Callable) -> Callable:
    """A function of one tensor with another gradient than its own.

    Args:
        forward: from a tensor to one of the same shape.
        backward: from that tensor and the gradient of the result to the gradient of the tensor.
    """

    class Function(torch.autograd.Function):
        @staticmethod
        def forward(context, tensor):
            context.save_for_backward(tensor)
            return forward(tensor)

        @staticmethod
        def backward(context, upstream):
            (tensor,) = context.saved_tensors
            return backward(tensor, upstream)

    return Function.apply


def scalar_reader(_model: keras.Model, variable: keras.Variable) -> Callable[[], float]:
    """A function that reads a scalar variable of a metric as it is now."""
    return partial(float, variable)


def learning_rate_reader(model: keras.Model) -> Callable[[], float]:
    """A function that reads the learning rate of an optimizer that has one, as it is now."""
    return lambda: float(model.optimizer.learning_rate)


def _gradient(objective: torch.Tensor, inputs: torch.Tensor, seed: torch.Tensor | None) -> torch.Tensor:
    if not objective.requires_grad:
        return torch.zeros_like(inputs)
    (result,) = torch.autograd.grad(objective, inputs, seed, retain_graph=seed is not None, allow_unused=True)
    return torch.zeros_like(inputs) if result is None else result
