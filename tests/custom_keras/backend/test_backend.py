"""The few functions that Keras has no call for, with numbers by hand; run once on each backend."""
import keras
import numpy as np
from keras import ops

from custom_keras import backend

X = np.array([[1.0, -2.0, 3.0]], "float32")


def test_a_compiled_function_reads_the_current_values_and_changes_none():
    factor = keras.Variable(np.array([2.0], "float32"))
    run = backend.compiled(lambda x: {"product": x * factor, "parts": (x, x + 1)}, [factor])
    assert run(X)["product"].tolist() == [[2, -4, 6]]
    factor.assign([10.0])
    result = run(X)
    assert result["product"].tolist() == [[10, -20, 30]] and isinstance(result["product"], np.ndarray)
    assert result["parts"][1].tolist() == [[2, -1, 4]]


def test_a_compiled_function_takes_arrays_of_several_shapes():
    run = backend.compiled(lambda x, y: (ops.sum(x), ops.shape(y)[0] + ops.zeros(())), [])
    assert [float(value) for value in run(X, np.zeros(4, "int32"))] == [2, 4]
    assert [float(value) for value in run(X[:, :2], np.zeros(0, "int32"))] == [-1, 0]


def test_gradient():
    def cubes(x):
        return ops.sum(x**3, axis=1), x + 1

    gradient, more = backend.compiled(lambda x: backend.gradient(cubes, x), [])(X)
    assert gradient.tolist() == [[3, 12, 27]] and more.tolist() == [[2, -1, 4]]


def test_a_gradient_that_does_not_depend_is_zero():
    run = backend.compiled(lambda x: backend.gradient(lambda y: (ops.ones((1,)), y), x), [])
    assert run(X)[0].tolist() == [[0, 0, 0]]


def test_pull_back_of_many_seeds():
    def choose(features):
        return (np.array([1.0, 10.0], "float32"),), features[0, 0]

    def run(x):
        return backend.pull_back(
            lambda x: x**2, x, lambda f: (tuple(map(ops.convert_to_tensor, choose(f)[0])), f[0, 0]),
            lambda features, item: ops.ones_like(features) * item[0],
        )

    results, more = backend.compiled(run, [])(X)
    assert results.tolist() == [[[2, -4, 6]], [[20, -40, 60]]] and float(more) == 1


def test_loop_counts_from_zero():
    run = backend.compiled(lambda x: backend.loop(4, lambda number, x: x * 2 + ops.cast(number, "float32"), x), [])
    # 1, 2, 5, 12, 27
    assert run(np.array([1.0], "float32")).tolist() == [27]


def test_a_function_with_another_gradient():
    clipped = backend.with_gradient(lambda x: ops.maximum(x, 0.0), lambda x, upstream: upstream + x)
    run = backend.compiled(lambda x: backend.gradient(lambda y: (ops.sum(clipped(y) * 5, axis=1), clipped(y)), x), [])
    gradient, value = run(X)
    assert gradient.tolist() == [[6, 3, 8]] and value.tolist() == [[1, 0, 3]]
