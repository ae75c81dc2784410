"""From a Keras network to its graph: nested models are unrolled into their layers, subclassed ones are traced."""
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras
from keras import tree

from custom_keras.techniques.graph import Graph, NestedCall, Step


class UntraceableError(ValueError):
    """The network's graph cannot be had. Its text says why and what to do."""


def trace(model: keras.Model, input_shape: tuple[int | None, ...] | None = None) -> Graph:
    """The graph of a network.

    Args:
        model: Sequential, functional or subclassed network, built.
        input_shape: shape of the input with its batch axis, for a subclassed network that does not know it.

    Raises:
        UntraceableError: if it is not built yet, or is subclassed and does more than call Keras layers and
            operations.
    """
    graph = Graph()
    with _nodes_kept(model):
        inputs, outputs = _symbolic(model, input_shape)
        known = {id(tensor): _slot(graph, tensor) for tensor in inputs}
        graph.inputs = list(known.values())
        graph.outputs = _unroll(graph, outputs, known, "")
    return graph


def _slot(graph: Graph, tensor: Any) -> int:
    graph.tensors.append(tensor)
    return len(graph.tensors) - 1


@contextmanager
def _nodes_kept(model: keras.Model) -> Iterator[None]:
    """Take out of the user's layers again what tracing a subclassed network writes into them."""
    lists = [nodes for layer in _all_layers(model) for nodes in (layer._inbound_nodes, layer._outbound_nodes)]
    lengths = [len(nodes) for nodes in lists]
    try:
        yield
    finally:
        for nodes, length in zip(lists, lengths, strict=True):
            del nodes[length:]


def _all_layers(layer: keras.layers.Layer) -> list[keras.layers.Layer]:
    return list(layer._flatten_layers())


def _symbolic(model: keras.Model, input_shape) -> tuple[list, list]:
    """Symbolic inputs and outputs of a model; a subclassed one is traced for them."""
    inputs = getattr(model, "inputs", None)
    if inputs:
        return tree.flatten(inputs), tree.flatten(model.outputs)
    if not model.built or isinstance(model, keras.Sequential):
        raise UntraceableError(
            f"The network {model.name!r} has no weights yet. Expected a network that knows its input shape: "
            "begin with keras.Input(shape), or train it first. Received: a network that was never called."
        )
    shapes = input_shape or _built_shape(model)
    # Tensors are named here because a default name would count up Keras' global names.
    tensors = tree.map_shape_structure(
        lambda shape: keras.KerasTensor((None, *shape[1:]), name="traced_input"), shapes
    )
    try:
        with keras.StatelessScope():
            outputs = tree.flatten(model.call(tensors))
        if not all(_node_of(tensor) for tensor in outputs):
            raise TypeError("an output that does not depend on the input")
    except Exception as error:
        raise UntraceableError(
            f"The subclassed network {model.name!r} cannot be traced. Expected a call() that only calls Keras "
            f"layers and keras.ops on its input. Received: {type(error).__name__}: {error}"
        ) from error
    return tree.flatten(tensors), outputs


def _built_shape(model: keras.Model):
    config = model.get_build_config() or {}
    shapes = config.get("input_shape") or next(iter((config.get("shapes_dict") or {}).values()), None)
    if shapes is None:
        raise UntraceableError(
            f"The input shape of the subclassed network {model.name!r} is not known. "
            "Expected a network that was built or called, or input_shape=... Received: None"
        )
    return shapes


def _node_of(tensor: Any) -> Any:
    operation, index, _ = getattr(tensor, "_keras_history", (None, 0, 0))
    return None if operation is None else operation._inbound_nodes[index]


def _nodes_behind(tensors: Sequence[Any]) -> list:
    """Nodes that lead to the tensors, producers first."""
    nodes, seen = [], set()
    stack = [(_node_of(tensor), False) for tensor in reversed(tensors)]
    while stack:
        node, parents_done = stack.pop()
        if parents_done:
            nodes.append(node)
        elif node is not None and node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack.extend((_node_of(tensor), False) for tensor in reversed(node.input_tensors))
    return nodes


def _unroll(graph: Graph, outputs: Sequence[Any], known: dict[int, int], prefix: str) -> list[int]:
    """Append the steps that lead to `outputs`; `known` maps ids of symbolic tensors to slots."""
    for node in _nodes_behind(outputs):
        if node.is_input or all(id(tensor) in known for tensor in node.outputs):
            continue
        path = f"{prefix}{node.operation.name}"
        results = _unroll_nested(graph, node, known, path)
        if results is None:
            slots = {id(tensor): known[id(tensor)] for tensor in node.input_tensors}
            results = [_slot(graph, tensor) for tensor in node.outputs]
            graph.steps.append(Step(node.operation, node, slots, tuple(results), path))
        known.update((id(tensor), slot) for tensor, slot in zip(node.outputs, results, strict=True))
    return [known[id(tensor)] for tensor in outputs]


def _unroll_nested(graph: Graph, node: Any, known: dict[int, int], path: str) -> list[int] | None:
    """The output slots of a nested model, its steps appended; None for all that cannot be unrolled."""
    model, given = node.operation, node.input_tensors
    if not isinstance(model, keras.Model):
        return None
    with _nodes_kept(model):
        try:
            inputs, outputs = _symbolic(model, given[0].shape if len(given) == 1 else None)
        except UntraceableError:
            return None
        # Keras also accepts inputs that lack an axis of one, or have one more: such a model stays one step.
        if [len(tensor.shape) for tensor in inputs] != [len(tensor.shape) for tensor in given]:
            return None
        inner = {id(tensor): known[id(outer)] for tensor, outer in zip(inputs, given, strict=True)}
        results = _unroll(graph, outputs, inner, f"{path}/")
    graph.nested.append(NestedCall(model, tuple(results), path))
    return results
