"""Every form of network in a real training, with all pictures."""
import keras
import numpy as np
import pytest
from keras import layers, ops
from PIL import Image

from custom_keras.callbacks import CustomCallbacks
from visualization_files.layout import ScriptFolder
from visualization_files.reader import read_visualization
from visualization_files.stages import read_stages

TECHNIQUES = ["layer_activations", "saliency_maps", "deconvolutional_network", "deep_visualization"]
X = np.linspace(0, 1, 16 * 8 * 7 * 3, dtype="float32").reshape(16, 8, 7, 3)
Y = np.arange(16) % 3


@pytest.fixture
def folder(tmp_path):
    folder = ScriptFolder(tmp_path / "script")
    folder.images.mkdir(parents=True)
    Image.new("RGB", (20, 10), (200, 100, 50)).save(folder.images / "photo.png")
    Image.new("L", (7, 8), 90).save(folder.images / "grey.png")
    return folder


def parts():
    return [
        layers.Conv2D(4, 3, activation="relu", name="conv"), layers.BatchNormalization(name="norm"),
        layers.MaxPooling2D(name="pool"), layers.Dropout(0.5), layers.Flatten(),
        layers.Dense(3, activation="softmax", name="output", dtype="float32"),
    ]  # fmt: skip


def sequential():
    return keras.Sequential([keras.Input((8, 7, 3)), *parts()])


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.parts = parts()

    def call(self, inputs, training=False):
        for layer in self.parts:
            inputs = layer(inputs)
        return inputs


class Untraceable(keras.Model):
    def __init__(self):
        super().__init__()
        self.last = layers.Dense(3, activation="softmax")

    def call(self, inputs):
        if isinstance(inputs, keras.KerasTensor):
            raise TypeError("only real tensors")
        return self.last(ops.reshape(inputs, (-1, 168)))


def train(folder, model, x=X, y=Y, **options):
    callbacks = CustomCallbacks(folder.path, base_interval=2)
    callbacks.register_layer_activations(**options)
    callbacks.register_saliency_maps(variant="guided", **options)
    callbacks.register_deconvolutional_network("pool", 2, **options)
    callbacks.register_deep_visualization([("output", 0), ("conv", (1, 1, 2))], 1.0, 2, norm_percentile=20, **options)
    model.compile("sgd", loss="sparse_categorical_crossentropy")
    return model.fit(x, y, batch_size=4, verbose=0, callbacks=callbacks.get_list())


def assert_drawn(folder, batches=(0, 2, 4)):
    for technique in TECHNIQUES:
        error = folder.results / f"{technique}.error.txt"
        assert not error.exists(), error.read_text()
        assert [stage.batch for stage in read_stages(folder.results, technique)] == list(batches)
        drawn = read_visualization(technique, folder.results / f"{technique}.pickle")
        if technique == "saliency_maps":
            assert drawn.shape == (8, 7, 1)
        if technique == "deconvolutional_network":
            assert [array.shape for array, *_ in drawn] == [(8, 7, 3)] * 2


def test_a_sequential_network(folder):
    train(folder, sequential())
    assert_drawn(folder)


def test_a_subclassed_network_that_knows_its_input(folder):
    model = Subclassed()
    model(X[:1])
    train(folder, model)
    assert_drawn(folder)


@pytest.mark.parametrize("make", [Subclassed, lambda: keras.Sequential(parts())])
def test_a_network_that_the_training_builds_is_drawn_from_then_on(folder, make):
    train(folder, make())
    # TensorFlow builds it in the first batch, the others before it.
    assert_drawn(folder, [1 if keras.backend.backend() == "tensorflow" else 0, 2, 4])


def test_mixed_precision(folder):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        train(folder, sequential())
    finally:
        keras.config.set_dtype_policy("float32")
    assert_drawn(folder)


def test_several_inputs(folder):
    image, extra = keras.Input((8, 7, 3), name="image"), keras.Input((2,), name="extra")
    *rest, flat, output = parts()
    x = image
    for layer in rest:
        x = layer(x)
    model = keras.Model({"extra": extra, "image": image}, output(layers.Concatenate()([flat(x), extra])))
    train(folder, model, {"image": X, "extra": np.ones((16, 2))})
    assert_drawn(folder)
    (stage, *_) = read_stages(folder.results, "saliency_maps")
    assert stage.details["zero_inputs"] == ["extra"]


def test_a_network_that_cannot_be_traced_trains_on_and_the_page_says_why(folder):
    history = train(folder, Untraceable())
    assert len(history.history["loss"]) == 1
    for technique in TECHNIQUES:
        said = (folder.results / f"{technique}.error.txt").read_text()
        assert "cannot be traced. Expected a call() that only calls Keras layers" in said
        assert "only real tensors" in said
