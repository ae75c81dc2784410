"""A fault while drawing: said once in the output and on the page, gone once it can be drawn; the training goes on."""
import keras
import numpy as np
import pytest
from PIL import Image

from custom_keras.callbacks import CustomCallbacks
from visualization_files.layout import ScriptFolder
from visualization_files.stages import read_stages

X, Y = np.linspace(0, 1, 8 * 36, dtype="float32").reshape(8, 6, 6, 1), np.arange(8) % 3
# Those that call the user's custom_postprocess. Saliency maps and activations have no such picture.
POSTPROCESSED = ["deconvolutional_network", "deep_visualization", "max_activating_images"]


class Postprocess:
    """Fails in its first calls."""

    def __init__(self, failures):
        self.failures = failures

    def __call__(self, picture):
        self.failures -= 1
        if self.failures >= 0:
            raise ZeroDivisionError("a fault of the user's")
        return picture


@pytest.fixture
def train(tmp_path):
    folder = ScriptFolder(tmp_path / "script")
    folder.images.mkdir(parents=True)
    Image.new("L", (6, 6), 90).save(folder.images / "a.png")

    def train(technique, postprocess):
        callbacks = CustomCallbacks(folder.path, lambda image: image / 255, postprocess, base_interval=1)
        {
            "deconvolutional_network": lambda: callbacks.register_deconvolutional_network("conv", 1),
            "deep_visualization": lambda: callbacks.register_deep_visualization([("dense", 1)], 1.0, 2),
            "max_activating_images": lambda: callbacks.register_max_activating_images(
                X, "conv", 1, k=1, epochs=1, verbose=False
            ),
        }[technique]()
        model = keras.Sequential([
            keras.Input((6, 6, 1)), keras.layers.Conv2D(2, 3, activation="relu", name="conv"),
            keras.layers.Flatten(), keras.layers.Dense(3, name="dense"),
        ])  # fmt: skip
        model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        history = model.fit(X, Y, 4, 2, verbose=0, callbacks=callbacks.get_list())
        assert len(history.history["loss"]) == 2
        return folder.results

    return train


@pytest.mark.parametrize("technique", POSTPROCESSED)
def test_it_is_said_once(train, technique, capsys):
    results = train(technique, Postprocess(failures=1000))
    error = capsys.readouterr().err
    assert error.count(f"{technique}: ZeroDivisionError: a fault of the user's") == 1
    assert error.count("The training goes on without it.") == 1
    assert "Postprocess" in error or "__call__" in error  # the traceback leads to the user's line
    assert (results / f"{technique}.error.txt").read_text() == "ZeroDivisionError: a fault of the user's"
    assert not read_stages(results, technique)


@pytest.mark.parametrize("technique", POSTPROCESSED)
def test_it_is_gone_once_it_can_be_drawn(train, technique):
    results = train(technique, Postprocess(failures=1))
    assert not (results / f"{technique}.error.txt").exists()
    assert read_stages(results, technique)
