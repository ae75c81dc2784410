"""TensorFlow, JAX and PyTorch draw the same pictures, to 1e-4 of their range; a process can have only one of them."""
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.skipif("VISUALIZER_TEST_BACKEND" in os.environ, reason="runs in the first process only")
BACKENDS = ("tensorflow", "jax", "torch")
# JAX' compiled code runs once here and need not be fast.
FLAGS = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"


@pytest.fixture(scope="module")
def drawings(tmp_path_factory):
    """What each backend draws, and what it wrote to its error output."""
    folder = tmp_path_factory.mktemp("drawings")
    running = {
        backend: subprocess.Popen(
            [sys.executable, Path(__file__).with_name("draw_all.py"), folder / f"{backend}.npz"],
            env={**os.environ, "KERAS_BACKEND": backend, "XLA_FLAGS": FLAGS}, stderr=subprocess.PIPE, text=True,
        )
        for backend in BACKENDS if importlib.util.find_spec(backend)
    }  # fmt: skip
    drawn = {}
    for backend, process in running.items():
        _, errors = process.communicate()
        assert process.returncode == 0, errors[-3000:]
        with np.load(folder / f"{backend}.npz") as arrays:
            drawn[backend] = dict(arrays), errors
    return drawn


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_all_numbers_are_those_of_tensorflow(drawings, backend):
    if not {"tensorflow", backend} <= set(drawings):
        pytest.skip(f"{backend} or tensorflow is not installed")
    (expected, _), (given, _) = drawings["tensorflow"], drawings[backend]
    assert given.keys() == expected.keys() and len(given) > 60
    for name, array in expected.items():
        extent = max(np.ptp(array), np.abs(array).max())
        assert extent > 0, f"{name} is empty"
        np.testing.assert_allclose(given[name], array, atol=1e-4 * extent, rtol=0, err_msg=name)


def test_nothing_warns_of_too_many_compilations(drawings):
    for _, errors in drawings.values():
        assert "retracing" not in errors and "Warning" not in errors
