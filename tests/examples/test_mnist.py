"""The MNIST example: its network is that of the thesis, it learns, and it writes what the pages show."""
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from examples import mnist
from visualization_files.names import VISUALIZATIONS

ROOT = Path(__file__).resolve().parents[2]


def test_the_network_is_that_of_figure_5_3():
    model = mnist.build()
    layers = [
        (type(layer).__name__, layer.output.shape[1:], layer.count_params(), getattr(layer, "rate", None))
        for layer in model.layers
    ]
    assert layers == [
        ("Conv2D", (26, 26, 32), 320, None),
        ("Conv2D", (24, 24, 32), 9248, None),
        ("MaxPooling2D", (12, 12, 32), 0, None),
        ("Dropout", (12, 12, 32), 0, 0.25),
        ("Flatten", (4608,), 0, None),
        ("Dense", (128,), 589_952, None),
        ("Dropout", (128,), 0, 0.5),
        ("Dense", (64,), 8256, None),
        ("Dense", (10,), 650, None),
    ]
    activations = [layer.activation.__name__ for layer in model.layers if hasattr(layer, "activation")]
    assert activations == ["relu", "relu", "relu", "relu", "softmax"]
    assert mnist.BATCH_SIZE == 128


def test_the_shipped_digits_are_real_upright_and_told_apart(monkeypatch):
    (x_train, y_train), (x_test, y_test) = mnist.load(None)
    assert x_train.shape == (1500, 28, 28, 1) and x_test.shape == (297, 28, 28, 1)
    assert x_train.dtype == np.float32 and x_train.min() >= 0 and 0.9 < x_train.max() <= 1
    assert set(y_train) == set(y_test) == set(range(10))
    # The nearest average digit is the right one for most of those that the averages were not made of.
    averages = np.stack([x_train[y_train == digit].mean(0) for digit in range(10)])
    distances = ((x_test[:, None] - averages[None]) ** 2).sum((2, 3, 4))
    assert (distances.argmin(1) == y_test).mean() > 0.8


@pytest.mark.parametrize("own_data", [False, True])
def test_it_runs_as_it_is_and_writes_all_that_the_pages_show(tmp_path, own_data):
    folder = tmp_path / "mnist"
    shutil.copytree(ROOT / "examples" / "images", folder / "images")
    shutil.copy(ROOT / "examples" / "mnist.py", folder)
    arguments = ["--epochs", "1"]
    if own_data:
        (x_train, y_train), (x_test, y_test) = mnist.load(None)
        pixels = [(x[:256, ..., 0] * 255).astype(np.uint8) for x in (x_train, x_test)]
        np.savez(tmp_path / "own.npz", x_train=pixels[0], y_train=y_train[:256], x_test=pixels[1], y_test=y_test[:256])
        arguments += ["--data", str(tmp_path / "own.npz")]
    answer = subprocess.run(
        [sys.executable, str(folder / "mnist.py"), *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    assert "Test accuracy" in answer.stdout
    rows = np.loadtxt(folder / "results" / "training_progress.txt", skiprows=1)
    assert len(rows) == (2 if own_data else 12)
    assert (folder / "networks" / "mnist.keras").stat().st_size > 1e6
    for name in VISUALIZATIONS:
        if name != "training_progress":
            assert (folder / "results" / f"{name}.pickle").is_file(), answer.stdout
    assert not list((folder / "results").glob("*.error.txt"))
