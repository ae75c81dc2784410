"""Wrong arguments fail at once, or where the network must be known before its first batch; never later."""
import keras
import numpy as np
import pytest
from PIL import Image

from custom_keras.callbacks import CustomCallbacks
from visualization_files.layout import ScriptFolder

X, Y = np.zeros((8, 6, 6, 1), "float32"), np.zeros(8)
DEEP = {"learning_rate": 1.0, "no_of_iterations": 1}


def build():
    model = keras.Sequential([
        keras.Input((6, 6, 1)),
        keras.layers.Conv2D(4, 3, activation="relu", name="conv"),
        keras.layers.Flatten(),
        keras.layers.Dense(3, activation="softmax", name="output"),
    ])
    model.compile("sgd", loss="sparse_categorical_crossentropy")
    return model


@pytest.fixture
def folder(tmp_path):
    folder = ScriptFolder(tmp_path / "script")
    folder.images.mkdir(parents=True)
    Image.new("L", (6, 6), 100).save(folder.images / "a.png")
    return folder


@pytest.mark.parametrize("method, arguments, message", [
    ("layer_activations", {"interval": 0}, "Expected 1 or more, or None.*Received: interval=0"),
    ("saliency_maps", {"interval": 2.5}, "Expected 1 or more, or None.*Received: interval=2.5"),
    ("saliency_maps", {"budget": 1.5}, "larger than 0 and at most 1, or None. Received: budget=1.5"),
    ("saliency_maps", {"variant": "best"}, r"Expected one or several of \('absolute'.*Received: variant='best'"),
    ("deconvolutional_network", {"feat_map_layer_no": 1}, "Expected one of.*feat_map_amount=None, feat_map_nos=None"),
    ("deconvolutional_network", {"feat_map_layer_no": 1, "feat_map_amount": 2, "feat_map_nos": [0]},
     r"Expected one of.*Received: feat_map_amount=2, feat_map_nos=\[0\]"),
    ("deconvolutional_network", {"feat_map_layer_no": 1, "feat_map_amount": 0}, "Expected 1 or more, or -1 for all"),
    ("deconvolutional_network", {"feat_map_layer_no": 1, "feat_map_nos": 3}, "Expected a list of whole numbers"),
    ("deep_visualization", {"units_to_visualize": [("output", 0)], **DEEP, "value_percentile": 101},
     "value_percentile.*Expected 0 to 100. Received: value_percentile=101"),
    ("deep_visualization", {"units_to_visualize": [("output", 0)], **DEEP, "l2_decay": 2}, "Expected 0 to 1. Received"),
    ("deep_visualization", {"units_to_visualize": [("output", 0)], **DEEP, "learning_rate": 0}, "learning_rate=0"),
    ("deep_visualization", {"units_to_visualize": [], **DEEP}, r"Expected \[\(layer, unit_index\), ...\]. .*\[\]"),
    ("deep_visualization", {"units_to_visualize": [3], **DEEP}, r"Expected \(layer, unit_index\). Received: 3"),
    ("deep_visualization", {"units_to_visualize": [("output", 0)], **DEEP, "seed": -1}, "seed.*Received: seed=-1"),
])  # fmt: skip
def test_at_construction(folder, method, arguments, message):
    callbacks = CustomCallbacks(folder.path)
    with pytest.raises(ValueError, match=message):
        getattr(callbacks, f"register_{method}")(**arguments)


@pytest.mark.parametrize("arguments, message", [
    ({"base_interval": 0}, "Expected 1 or more, or None.*Received: base_interval=0"),
    ({"custom_preprocess": "grey"}, "custom_preprocess.*Expected a function.*Received: 'grey'"),
    ({"custom_postprocess": 3}, "custom_postprocess.*Expected a function.*Received: 3"),
])
def test_what_all_callbacks_share(folder, arguments, message):
    with pytest.raises(ValueError, match=message):
        CustomCallbacks(folder.path, **arguments)


@pytest.mark.parametrize("method, arguments, message", [
    ("layer_activations", {"exclude_layers": ["nowhere"]}, "no such layer.*Expected.*1 conv.*Received: 'nowhere'"),
    ("saliency_maps", {"class_index": 3}, "Expected 0 to 2. Received: class_index=3"),
    ("saliency_maps", {"output": "face"}, r"Expected one of \['output'\]. Received: output='face'"),
    ("saliency_maps", {"image_input": "face"}, "Received: image_input='face'"),
    ("deconvolutional_network", {"feat_map_layer_no": 9, "feat_map_amount": 1}, "no such layer.*Received: 9"),
    ("deconvolutional_network", {"feat_map_layer_no": 3, "feat_map_amount": 1}, "no feature maps.*Expected.*rank 4"),
    ("deconvolutional_network", {"feat_map_layer_no": 1, "feat_map_amount": 5}, "at most 4. Received.*=5"),
    ("deconvolutional_network", {"feat_map_layer_no": 1, "feat_map_nos": [4]}, r"Expected 0 to 3. Received.*\[4\]"),
    ("deep_visualization", {"units_to_visualize": [(9, 0)], **DEEP}, "no such layer.*Received: 9"),
    ("deep_visualization", {"units_to_visualize": [("output", (0, 0, 0))], **DEEP}, "Expected a whole number"),
    ("deep_visualization", {"units_to_visualize": [("conv", 0)], **DEEP}, "Expected a tuple of 3"),
    ("deep_visualization", {"units_to_visualize": [("output", 3)], **DEEP}, r"within \(3,\). Received: unit_index=3"),
])  # fmt: skip
def test_before_the_first_batch(folder, method, arguments, message):
    callbacks = CustomCallbacks(folder.path)
    getattr(callbacks, f"register_{method}")(**arguments)
    model = build()
    before = model.get_weights()
    with pytest.raises(ValueError, match=message):
        model.fit(X, Y, verbose=0, callbacks=callbacks.get_list())
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert "Received: " in (folder.results / f"{method}.error.txt").read_text()


@pytest.mark.parametrize("preprocess, message", [
    (lambda image: image[:5], r"Expected numbers of shape \(6, 6, 1\). Received: shape=\(5, 6, 1\)"),
    (lambda image: image[..., 0], r"Received: shape=\(6, 6\)"),
    (lambda image: image[None], r"Received: shape=\(1, 6, 6, 1\)"),
    (lambda image: None, r"Expected numbers of shape .* Received: shape=\(\), dtype=object"),
    (lambda image: image.nothing, "Expected a function that returns what the network takes. Received: AttributeError"),
])
def test_a_preprocess_that_does_not_return_what_the_network_takes(folder, preprocess, message):
    callbacks = CustomCallbacks(folder.path, preprocess)
    callbacks.register_saliency_maps()
    with pytest.raises(ValueError, match=f"custom_preprocess.*{message}"):
        build().fit(X, Y, verbose=0, callbacks=callbacks.get_list())


def test_what_cannot_be_reversed_is_named(folder):
    callbacks = CustomCallbacks(folder.path)
    callbacks.register_deconvolutional_network("last", 1)
    model = keras.Sequential([
        keras.Input((6, 6, 1)), keras.layers.Conv2D(2, 3, activation="tanh", name="bent"),
        keras.layers.Conv2D(2, 3, name="last"), keras.layers.Flatten(), keras.layers.Dense(3, activation="softmax"),
    ])
    model.compile("sgd", loss="sparse_categorical_crossentropy")
    with pytest.raises(ValueError, match=r"Received: bent \(Conv2D: activation tanh\)"):
        model.fit(X, Y, verbose=0, callbacks=callbacks.get_list())
