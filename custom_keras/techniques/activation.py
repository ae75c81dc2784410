"""Which activation a call ends with, and the same call with another one in its place."""
from collections.abc import Callable
from typing import Any

import keras

from custom_keras.techniques.graph import Step

_OPERATIONS = {"Relu": "relu", "Relu6": "relu", "ReLU": "relu", "Softmax": "softmax", "LogSoftmax": "softmax"}
_NAMES = {"relu": "relu", "relu6": "relu", "linear": "linear", "identity": "linear",
          "softmax": "softmax", "log_softmax": "softmax"}


def activation_of(step: Step) -> str | None:
    """What a step ends with: `relu` (with or without an upper bound), `softmax`, `linear`, the name of another
    activation, or None for a step that has none.
    """
    operation = step.operation
    if isinstance(operation, keras.layers.ReLU):
        return "relu" if not operation.negative_slope else "leaky_relu"
    if isinstance(operation, keras.layers.Softmax):
        return "softmax"
    if not step.is_layer:
        return _OPERATIONS.get(type(operation).__name__)
    return _kind(getattr(operation, "activation", None))


def is_bare_activation(step: Step) -> bool:
    """Whether a step is nothing but an activation, so that it may be left out as a whole."""
    bare = keras.layers.Activation | keras.layers.ReLU | keras.layers.Softmax
    return isinstance(step.operation, bare) or (not step.is_layer and activation_of(step) is not None)


def with_activation(step: Step, activation: Callable[[Any], Any]) -> Callable[..., Any]:
    """What to call in place of a step for it to end with another activation.

    A layer that computes something before its activation gets a twin: an object with the same variables and
    settings but for this one, so that the user's layer is not touched, not even for a moment.
    """
    if is_bare_activation(step):
        return lambda inputs, *_, **__: activation(inputs)
    layer = step.operation
    twin = object.__new__(type(layer))
    twin.__dict__.update(layer.__dict__)
    twin.__dict__["activation"] = activation
    return twin


def identity(tensor: Any) -> Any:
    return tensor


def _kind(activation: Any) -> str | None:
    if activation is None:
        return None
    if isinstance(activation, keras.layers.ReLU):
        return "relu" if not activation.negative_slope else "leaky_relu"
    if isinstance(activation, keras.layers.Softmax):
        return "softmax"
    name = getattr(activation, "__name__", type(activation).__name__)
    return _NAMES.get(name, name)
