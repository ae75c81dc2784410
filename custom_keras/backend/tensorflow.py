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

    def run(*tensors):
        with keras.StatelessScope():
            return function(*tensors)

    traced = tf.function(run, autograph=False)
    concrete = {}  # by the shapes and types of the arguments

    # Called by itself, tf.function takes all functions made here for one that is traced too often, and warns.
    def call(*arrays: np.ndarray) -> Any:
        tensors = [tf.convert_to_tensor(array) for array in arrays]
        form = tuple((tuple(tensor.shape), tensor.dtype) for tensor in tensors)
        if form not in concrete:
            concrete[form] = traced.get_concrete_function(*tensors)
        return tree.map_structure(_to_numpy, concrete[form](*tensors))

    return call


def gradient(function: Callable, inputs: Any) -> tuple[Any, Any]:
    """Differentiate inside of a compiled function.

    Args:
        function: from the inputs to `(objective, more)`; the objective's values are summed.
        inputs: tensor.

    Returns:
        Gradient of the sum with respect to the inputs (zero where it does not depend on them), and `more`.
    """
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(inputs)
        objective, more = function(inputs)
    zero = tf.UnconnectedGradients.ZERO
    return tape.gradient(objective, inputs, unconnected_gradients=zero), more


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
    with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
        tape.watch(inputs)
        features = function(inputs)
    items, more = choose(features)
    zero = tf.UnconnectedGradients.ZERO

    # Unrolled: in a tf.while_loop, and folded into the batch, the same passes take twice as long on a CPU.
    def backward(item):
        seed = make_seed(features, item)
        return tape.gradient(features, inputs, output_gradients=seed, unconnected_gradients=zero)

    return tf.stack([backward(item) for item in zip(*map(tf.unstack, items), strict=True)]), more


def loop(count: int, step: Callable, state: Any) -> Any:
    """Repeat a step inside of a compiled function.

    Args:
        count: how often.
        step: from its number, 0 and up, and a tensor to the next tensor of the same shape.
        state: the first tensor.

    Returns:
        The last tensor.
    """
    # As a function of its own the step is optimized like any other; written into the loop's body it is not, and
    # takes half as long again.
    first = tf.constant(0)
    function = tf.function(lambda number, tensor: step(number, tensor), autograph=False)
    function = function.get_concrete_function(first, state)
    return tf.while_loop(
        lambda number, _: number < count,
        lambda number, tensor: (number + 1, function(number, tensor)),
        (first, state),
    )[1]


def with_gradient(forward: Callable, backward: Callable) -> Callable:
    """A function of one tensor with another gradient than its own.

    Args:
        forward: from a tensor to one of the same shape.
        backward: from that tensor and the gradient of the result to the gradient of the tensor.
    """

    @tf.custom_gradient
    def function(tensor):
        return forward(tensor), lambda upstream: backward(tensor, upstream)

    return function


def scalar_reader(_model: keras.Model, variable: keras.Variable) -> Callable[[], float]:
    """A function that reads a scalar variable of a metric as it is now.

    It asks for the operation itself: `float(variable)` comes to the same by way of Keras and takes twice as long.
    """
    handle, dtype = variable.value.handle, variable.value.dtype
    return lambda: float(tf.raw_ops.ReadVariableOp(resource=handle, dtype=dtype))


def learning_rate_reader(model: keras.Model) -> Callable[[], float]:
    """A function that reads the learning rate as it is now, compiled: step by step, a schedule takes a millisecond."""
    optimizer = model.optimizer
    if isinstance(optimizer.learning_rate, keras.Variable):
        return scalar_reader(model, optimizer.learning_rate)
    read = tf.function(lambda: tf.convert_to_tensor(optimizer.learning_rate), autograph=False)
    return lambda: float(read())


def _to_numpy(tensor: tf.Tensor) -> np.ndarray:
    """The tensor's own memory, not to be written to: `numpy()` copies it, which takes longer than some networks."""
    try:
        return np.asarray(memoryview(tensor))
    except (BufferError, TypeError, ValueError):  # types that numpy does not have
        return tensor.numpy()
