"""Who may load whom: each package is imported in a fresh process, and what came with it is looked at."""
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BACKENDS = {"keras", "tensorflow", "jax", "torch"}
CONTRACT = {
    "visualization_files": BACKENDS | {"flask", "bokeh", "custom_keras", "custom_bokeh", "visualizer"},
    "custom_keras": {"flask", "bokeh", "visualizer", "custom_bokeh"},
    "custom_bokeh": BACKENDS | {"flask", "visualizer", "custom_keras"},
    "visualizer": BACKENDS | {"custom_keras", "custom_bokeh"},
    "visualizer.launcher": BACKENDS | {"flask", "bokeh", "custom_keras", "custom_bokeh", "visualization_files"},
}
# Other backends than the one in use are not to be imported for the test.
LEFT_OUT = ("backend.jax", "backend.torch", "visualizer.migrations", "__main__", "supervisor", "windows_calls")
IMPORT_ALL = """
import importlib, pkgutil, sys
package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    if not any(part in module.name for part in sys.argv[2].split()):
        importlib.import_module(module.name)
print(*{name.partition(".")[0] for name in sys.modules})
"""


@pytest.mark.parametrize("package", CONTRACT)
def test_a_package_loads_nothing_that_it_must_not(package):
    process = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, package, " ".join(LEFT_OUT)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    assert not set(process.stdout.split()) & CONTRACT[package]
