"""The passes that a technique needs and nothing else, compiled by the framework itself: the yardstick.

Each function gives another one without arguments that runs the passes once on a batch that is there already.
"""
from collections.abc import Callable

import keras
import numpy as np

BACKEND = keras.backend.backend()


def forward(model: keras.Model, images: np.ndarray) -> Callable[[], None]:
    """One forward pass."""
    return _compile(model, images, lambda run, x: run(x))


def forward_all(model: keras.Model, images: np.ndarray) -> Callable[[], None]:
    """One forward pass that gives what every layer gives."""
    outputs = [layer.output for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]
    return _compile(keras.Model(model.inputs[0], outputs), images, lambda run, x: run(x))


def forward_backward(model: keras.Model, images: np.ndarray) -> Callable[[], None]:
    """One forward pass, and one backward pass from each image's largest output."""
    return _compile(model, images, lambda run, x: _gradients(lambda x: [_sum(_largest(run(x)))], x))


def forward_many_backward(model: keras.Model, layer: str, maps: int, images: np.ndarray) -> Callable[[], None]:
    """One forward pass to a layer, and a backward pass from the largest entry of each of its first maps."""
    part = keras.Model(model.inputs[0], model.get_layer(layer).output)
    return _compile(
        part, images, lambda run, x: _gradients(lambda x: [_sum(m) for m in _maxima(run(x), maps)], x)
    )


def _largest(outputs):
    return keras.ops.max(outputs, axis=-1)


def _maxima(features, maps: int):
    maxima = keras.ops.max(features, axis=(1, 2))
    return [maxima[:, number] for number in range(maps)]


def _sum(values):
    return keras.ops.sum(values)


def _compile(model: keras.Model, images: np.ndarray, passes: Callable) -> Callable[[], None]:
    return {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}[BACKEND](model, images, passes)


def _tensorflow(model, images, passes):
    import tensorflow as tf

    run = tf.function(lambda x: passes(lambda x: model(x, training=False), x), autograph=False)
    tensor = tf.constant(images)
    return lambda: run(tensor)


def _jax(model, images, passes):
    import jax

    variables = [v.value for v in model.trainable_variables], [v.value for v in model.non_trainable_variables]
    run = jax.jit(lambda values, x: passes(lambda x: model.stateless_call(*values, x, training=False)[0], x))
    tensor = jax.numpy.asarray(images)
    return lambda: jax.block_until_ready(run(variables, tensor))


def _torch(model, images, passes):
    import torch

    tensor = torch.asarray(images)

    def run():
        with torch.no_grad():
            passes(lambda x: model(x, training=False), tensor)

    return run


def _gradients(objectives: Callable, x):
    """Gradients of several objectives with one forward pass, written as one does in each framework."""
    if BACKEND == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
            tape.watch(x)
            values = objectives(x)
        return [tape.gradient(value, x) for value in values]
    if BACKEND == "jax":
        import jax

        values, backward = jax.vjp(lambda x: jax.numpy.stack(objectives(x)), x)
        return [backward(jax.numpy.eye(len(values))[number])[0] for number in range(len(values))]
    import torch

    with torch.enable_grad():
        x = x.detach().requires_grad_(True)
        values = objectives(x)
    return [torch.autograd.grad(value, x, retain_graph=True)[0] for value in values]
