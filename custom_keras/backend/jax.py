"""JAX: variables are passed into compiled functions, as `jit` would bake their values in."""
from collections.abc import Callable
from functools import partial
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


def gradient(function: Callable, inputs: Any) -> tuple[Any, Any]:
    """Differentiate inside of a compiled function.

    Args:
        function: from the inputs to `(objective, more)`; the objective's values are summed.
        inputs: tensor.

    Returns:
        Gradient of the sum with respect to the inputs (zero where it does not depend on them), and `more`.
    """

    def total(tensor):
        objective, more = function(tensor)
        return objective.sum(), more

    return jax.grad(total, has_aux=True)(inputs)


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
    features, backward = jax.vjp(function, inputs)
    items, more = choose(features)
    return jax.lax.map(lambda item: backward(make_seed(features, item))[0], items), more


def loop(count: int, step: Callable, state: Any) -> Any:
    """Repeat a step inside of a compiled function.

    Args:
        count: how often.
        step: from its number, 0 and up, and a tensor to the next tensor of the same shape.
        state: the first tensor.

    Returns:
        The last tensor.
    """
    return jax.lax.fori_loop(0, count, step, state)


def with_gradient(forward: Callable, backward: Callable) -> Callable:
    """A function of one tensor with another gradient than its own.

    Args:
        forward: from a tensor to one of the same shape.
        backward: from that tensor and the gradient of the result to the gradient of the tensor.
    """
    # Wrapped, as custom_vjp hands the defaults of all further parameters to the rules below.
    function = jax.custom_vjp(lambda tensor: forward(tensor))
    function.defvjp(
        lambda tensor: (forward(tensor), tensor),
        lambda tensor, upstream: (backward(tensor, upstream),),
    )
    return function


def scalar_reader(model: keras.Model, variable: keras.Variable) -> Callable[[], float]:
    """A function that reads a scalar variable of a metric as it is now.

    The network's variables are empty while an epoch runs. Filling them, as Keras does when a callback asks for
    its model, copies all weights; looking at the trainer's state does not.
    """
    place = next((place for place, own in enumerate(model.metrics_variables) if own is variable), None)
    if place is None:
        return partial(float, variable)
    return lambda: float(model._jax_state["metrics_variables"][place])


def learning_rate_reader(model: keras.Model) -> Callable[[], float]:
    """A function that reads the learning rate of an optimizer that has one, as it is now."""
    def read():
        # The optimizer's variables are not in the network during an epoch.
        model.jax_state_sync()
        return float(model.optimizer.learning_rate)

    return read
