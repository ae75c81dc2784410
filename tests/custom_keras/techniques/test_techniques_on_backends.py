"""The numbers by hand again on each other backend: a process can have only one.

JAX compiles slowly, so that only the short ones run on it; `test_across_backends.py` compares all of its numbers.
"""
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SHORT = [HERE.parent / "backend", HERE / "test_saliency_maps.py", HERE / "test_pictures.py"]
LONG = [HERE / f"test_{name}.py" for name in (
    "network", "layer_activations", "deconvolutional_network", "explicit_deconvolution", "custom_deconvolution",
    "deep_visualization", "regularization", "forms_of_networks",
)]  # fmt: skip
# Compiled code that runs once need not be fast.
FLAGS = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"


@pytest.mark.skipif("VISUALIZER_TEST_BACKEND" in os.environ, reason="runs in the first process only")
@pytest.mark.parametrize("backend, tests", [("jax", SHORT), ("torch", SHORT + LONG)])
def test_techniques_on(backend, tests):
    pytest.importorskip(backend)
    environment = {**os.environ, "KERAS_BACKEND": backend, "VISUALIZER_TEST_BACKEND": backend, "XLA_FLAGS": FLAGS}
    command = [sys.executable, "-m", "pytest", "-q", "-x", *tests]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
