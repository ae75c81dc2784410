"""The callbacks' tests again, once on each other backend: a process can have only one."""
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
MODULES = [
    name for name in (
        "test_training_progress.py", "test_network_saver.py", "test_visualizations.py", "test_max_activating_images.py",
        "test_resume.py::test_it_equals_the_training_that_was_not_broken_off",
        "test_resume.py::test_a_finished_training_goes_on_to_more_epochs",
    )
    if (HERE / name.partition("::")[0]).exists()
]


@pytest.mark.skipif("VISUALIZER_TEST_BACKEND" in os.environ, reason="runs in the first process only")
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_callbacks_on(backend):
    pytest.importorskip(backend)
    environment = {**os.environ, "KERAS_BACKEND": backend, "VISUALIZER_TEST_BACKEND": backend}
    modules = [str(HERE / name) for name in MODULES]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", *modules], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
