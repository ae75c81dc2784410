"""Backward passes through ReLU that differ from its gradient: deconvolution and guided backpropagation."""
from collections.abc import Callable, Iterable
from typing import Any

from keras import ops

from custom_keras import backend
from custom_keras.techniques.activation import activation_of, with_activation
from custom_keras.techniques.graph import Step


def deconvolution(relu: Callable) -> Callable:
    """ReLU of the gradient, wherever the activation itself was zero (Zeiler and Fergus 2014)."""
    return backend.with_gradient(relu, lambda _, upstream: ops.relu(upstream))


def guided(relu: Callable) -> Callable:
    """ReLU of the gradient where the activation passes its input on, else zero (Springenberg 2015)."""

    def backward(inputs, upstream):
        passes = ops.logical_and(inputs > 0, ops.equal(relu(inputs), inputs))
        return ops.where(passes, ops.relu(upstream), ops.zeros_like(upstream))

    return backend.with_gradient(relu, backward)


def replaced(steps: Iterable[Step], rule: Callable[[Callable], Callable]) -> dict[Step, Callable[..., Any]]:
    """What to call in place of the steps that end with ReLU, for one of the rules above to hold in them."""
    return {step: with_activation(step, rule(_relu_of(step))) for step in steps if activation_of(step) == "relu"}


def _relu_of(step: Step) -> Callable:
    """The activation alone, with its own upper bound and threshold."""
    return getattr(step.operation, "activation", None) or step.operation.call
