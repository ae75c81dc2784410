"""The drawing callbacks in a real training: what they write, when, and that the training does not notice them."""
import random

import keras
import numpy as np
import pytest
from PIL import Image

from custom_keras.callbacks import CustomCallbacks
from custom_keras.callbacks.deconvolutional_network import DeconvolutionalNetwork
from custom_keras.callbacks.saliency_maps import SaliencyMaps
from visualization_files.layout import ScriptFolder
from visualization_files.reader import read_visualization
from visualization_files.stages import history_file, read_stages

# Keras' own, from reading the variables.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy")
X = np.linspace(0, 1, 32 * 36, dtype="float32").reshape(32, 6, 6, 1)
Y = np.arange(32) % 3


def build():
    keras.utils.set_random_seed(1)
    model = keras.Sequential([
        keras.Input((6, 6, 1)),
        keras.layers.Conv2D(4, 3, activation="relu", name="conv"),
        keras.layers.MaxPooling2D(name="pool"),
        keras.layers.Dropout(0.5),
        keras.layers.Flatten(),
        keras.layers.Dense(3, activation="softmax", name="output"),
    ])  # fmt: skip
    model.compile("sgd", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def register_all(folder):
    callbacks = CustomCallbacks(folder, lambda image: image / 255, base_interval=3)
    callbacks.register_network_saver()
    callbacks.register_training_progress()
    callbacks.register_layer_activations()
    callbacks.register_saliency_maps()
    callbacks.register_deconvolutional_network("pool", 2)
    callbacks.register_deep_visualization([("output", 0), ("conv", (1, 1, 2))], 1.0, 3)
    callbacks.register_max_activating_images(X, "pool", 2, k=2, epochs=1)
    return callbacks.get_list()


@pytest.fixture
def folder(tmp_path):
    folder = ScriptFolder(tmp_path / "script")
    folder.images.mkdir(parents=True)
    for name, value in (("a.png", 200), ("b.png", 30)):
        Image.new("L", (6, 6), value).save(folder.images / name)
    return folder


TECHNIQUES = ["layer_activations", "saliency_maps", "deconvolutional_network", "deep_visualization"]


def test_every_technique_writes_the_format_of_the_thesis_at_each_interval(folder):
    build().fit(X, Y, batch_size=8, epochs=2, verbose=0, callbacks=register_all(folder.path))
    for technique in TECHNIQUES:
        # 8 batches: before the first, every third, and at the end.
        assert [stage.batch for stage in read_stages(folder.results, technique)] == [0, 3, 6, 8]
        assert read_visualization(technique, folder.results / f"{technique}.pickle") is not None
        assert not (folder.results / f"{technique}.error.txt").exists()
    activations = read_visualization("layer_activations", folder.results / "layer_activations.pickle")
    assert [(name, array.shape) for name, array in activations] == [
        ("Layer 1: conv", (4, 4, 4)), ("Layer 2: pool", (4, 2, 2)), ("Layer 5: output", (3,)),
    ]  # fmt: skip
    saliency = read_visualization("saliency_maps", folder.results / "saliency_maps.pickle")
    assert saliency.shape == (6, 6, 1)
    assert [stage.batch for stage in read_stages(folder.results_of("b.png"), "saliency_maps")] == [0, 3, 6, 8]


def test_max_activating_images_come_after_each_epoch(folder):
    build().fit(X, Y, batch_size=8, epochs=2, verbose=0, callbacks=register_all(folder.path))
    assert [stage.batch for stage in read_stages(folder.results, "max_activating_images")] == [4, 8]


def trained(callbacks):
    """Weights, the optimizer's variables and all random generators that others share, after a training."""
    model = build()
    model.fit(X, Y, batch_size=8, epochs=2, verbose=0, callbacks=callbacks)
    variables = [np.array(variable) for variable in (*model.variables, *model.optimizer.variables)]
    return variables, [repr(random.getstate()), repr(np.random.get_state()), repr(keras.random.uniform((4,)))]


def test_the_weights_are_bit_for_bit_those_without_callbacks(folder):
    plain, randomness = trained([])
    watched, other_randomness = trained(register_all(folder.path))
    for one, other in zip(plain, watched, strict=True):
        np.testing.assert_array_equal(one, other)
    assert randomness == other_randomness


def test_without_an_image_the_page_is_told_and_the_training_goes_on(tmp_path):
    history = build().fit(X, Y, batch_size=8, verbose=0, callbacks=register_all(tmp_path / "script"))
    results = tmp_path / "script" / "results"
    assert len(history.history["loss"]) == 1
    assert "image" in (results / "saliency_maps.error.txt").read_text()
    assert (results / "deep_visualization.pickle").exists()


def test_saliency_equals_finite_differences(folder):
    from custom_keras.techniques.saliency_maps import SaliencyMaps

    model = build()
    model.get_layer("conv").bias.assign([0.3, 0.2, 0.1, 0.4])
    image = np.random.default_rng(2).uniform(size=(1, 6, 6, 1)).astype("float32")
    logits = keras.Model(model.inputs[0], model.layers[-2].output)
    kernel, bias = model.layers[-1].get_weights()

    def scores(batch):
        return keras.ops.convert_to_numpy(logits(batch)) @ kernel + bias

    result = SaliencyMaps(model).draw(image)[0]
    winner = int(scores(image)[0].argmax())
    assert result.details["class_index"] == winner
    assert result.details["score"] == pytest.approx(float(scores(image)[0, winner]), rel=1e-5)
    step = 1e-3
    shifted = np.repeat(image, 36, axis=0)
    shifted.reshape(36, 36)[np.arange(36), np.arange(36)] += step
    back = np.repeat(image, 36, axis=0)
    back.reshape(36, 36)[np.arange(36), np.arange(36)] -= step
    numeric = np.abs(scores(shifted)[:, winner] - scores(back)[:, winner]) / (2 * step)
    map_ = result.maps["absolute"]
    np.testing.assert_allclose(map_.ravel(), numeric, atol=2e-3 * numeric.max())


def test_several_saliency_maps_lie_beside_each_other(folder):
    callback = SaliencyMaps(folder.path, interval=100, variant=("absolute", "guided"))
    build().fit(X, Y, batch_size=8, epochs=1, verbose=0, callbacks=[callback])
    stages = read_stages(folder.results, "saliency_maps")
    assert [stage.batch for stage in stages] == [0, 4]
    for stage in stages:
        assert stage.details["variants"] == ["absolute", "guided"]
        guided = folder.results / history_file("saliency_maps", stage.batch, "guided")
        assert read_visualization("saliency_maps", guided).shape == (6, 6, 1)


def test_a_deconvolution_tells_what_part_of_the_image_it_is_of(folder):
    callback = DeconvolutionalNetwork(folder.path, "pool", 4, interval=100)
    build().fit(X, Y, batch_size=8, epochs=1, verbose=0, callbacks=[callback])
    told = read_stages(folder.results, "deconvolutional_network")[0].details["feature_maps"]
    assert len(told) == 4
    for entry in told:
        # A pool of 2 x 2 over windows of 3 x 3 sees 4 x 4 pixels, in steps of two.
        row, column = entry["position"]
        assert entry["box"] == [2 * row, 2 * column, 2 * row + 4, 2 * column + 4]
