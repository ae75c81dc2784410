import keras
import numpy as np
import pytest
from keras import layers

from custom_keras.techniques.layer_activations import EXCLUDE_LAYERS, LayerActivations


def two_layers(**options):
    """conv: two 1x1 kernels, times 2 and times -1 plus 1; then the largest of 2x2."""
    model = keras.Sequential([
        keras.Input((2, 2, 1)),
        layers.Conv2D(2, 1, name="conv", **options),
        layers.MaxPooling2D(2, name="pool"),
        layers.Flatten(name="flat"),
        layers.Dense(2, name="dense"),
    ])
    kernel = np.array([2.0, -1.0]).reshape(1, 1, 1, 2)
    model.set_weights([kernel, np.array([0.0, 1.0]), np.array([[1.0, 0.0], [0.0, 3.0]]), np.array([0.0, 1.0])])
    return model


IMAGE = np.array([[0.0, 1.0], [2.0, 3.0]], "float32").reshape(1, 2, 2, 1)


def test_numbers_by_hand():
    (result,) = LayerActivations(two_layers()).draw(IMAGE)
    assert [layer.label for layer in result.layers] == ["Layer 1: conv", "Layer 2: pool", "Layer 4: dense"]
    conv, pool, dense = (layer.array for layer in result.layers)
    assert conv.tolist() == [[[0, 2], [4, 6]], [[1, 0], [-1, -2]]]
    assert pool.tolist() == [[[6]], [[1]]]
    assert dense.tolist() == [6, 4]
    assert result.details == {
        "ranges": {"Layer 1: conv": [-2, 6], "Layer 2: pool": [1, 6], "Layer 4: dense": [4, 6]}
    }


def test_pictures_have_the_format_of_the_file():
    (result,) = LayerActivations(two_layers()).draw(IMAGE)
    pictures = dict(result.pictures())
    assert {name: (array.shape, array.dtype) for name, array in pictures.items()} == {
        "Layer 1: conv": ((2, 2, 2), np.uint8),
        "Layer 2: pool": ((2, 1, 1), np.uint8),
        "Layer 4: dense": ((2,), np.uint8),
    }
    assert pictures["Layer 4: dense"].tolist() == [255, 170]
    assert pictures["Layer 1: conv"][0].tolist() == [[64, 128], [191, 255]]


def test_a_batch_gives_what_single_images_give():
    technique = LayerActivations(two_layers())
    batch = np.random.default_rng(1).normal(size=(3, 2, 2, 1)).astype("float32")
    for image, together in zip(batch, technique.draw(batch), strict=True):
        (alone,) = technique.draw(image[None])
        for one, other in zip(alone.layers, together.layers, strict=True):
            assert one.array == pytest.approx(other.array, abs=1e-6)


def test_each_drawing_uses_the_current_weights():
    model = two_layers()
    technique = LayerActivations(model)
    technique.draw(IMAGE)
    model.layers[0].bias.assign([10.0, 10.0])
    assert technique.draw(IMAGE)[0].layers[0].array[0].tolist() == [[10, 12], [14, 16]]


def test_maps_that_are_zero_everywhere_are_counted():
    model = two_layers(activation="relu")
    (result,) = LayerActivations(model).draw(IMAGE)
    assert "dead_maps" not in result.details
    model.layers[0].bias.assign([-99.0, 1.0])
    (result,) = LayerActivations(model).draw(IMAGE)
    assert result.details["dead_maps"] == {"Layer 1: conv": 1, "Layer 2: pool": 1}


def test_values_that_are_no_number_are_reported():
    model = two_layers()
    model.layers[0].bias.assign([np.nan, 0.0])
    (result,) = LayerActivations(model).draw(IMAGE)
    assert "Layer 1: conv" in result.details["not_finite"]  # what pooling makes of it, backends differ in
    assert result.details["ranges"]["Layer 1: conv"] == [-3, 0]


def test_layers_can_be_excluded_by_class_name_and_number():
    (result,) = LayerActivations(two_layers(), exclude_layers=(*EXCLUDE_LAYERS, "conv", 4)).draw(IMAGE)
    assert [layer.label for layer in result.layers] == ["Layer 2: pool"]


@pytest.mark.parametrize("excluded", [("nowhere",), (9,), (layers.Layer,)])
def test_wrong_exclusions_are_errors(excluded):
    with pytest.raises(ValueError, match="Expected.*Received"):
        LayerActivations(two_layers(), exclude_layers=excluded)


def test_layers_without_a_picture_say_why():
    image = keras.Input((4, 4, 2), name="image")
    cube = layers.Reshape((2, 2, 2, 4), name="cube")(image)
    rows = layers.Reshape((4, 8), name="rows")(cube)
    (result,) = LayerActivations(keras.Model(image, rows)).draw(np.ones((1, 4, 4, 2)))
    assert result.details["left_out"] == {
        "Layer 1: cube": "Its output has 4 axes; a picture has one to three."
    }
    assert result.layers[0].array.shape == (1, 4, 8)


def test_channels_first():
    model = keras.Sequential([keras.Input((3, 4, 5)), layers.Conv2D(2, 1, data_format="channels_first")])
    (result,) = LayerActivations(model).draw(np.ones((1, 3, 4, 5)))
    assert result.layers[0].array.shape == (2, 4, 5)


def test_mixed_precision_gives_float32():
    model = keras.Sequential([keras.Input((2, 2, 1)), layers.Conv2D(1, 1, dtype="mixed_float16")])
    (result,) = LayerActivations(model).draw(IMAGE)
    assert result.layers[0].array.dtype == np.float32


def test_batch_normalization_and_dropout_are_in_inference_and_keep_their_state():
    model = keras.Sequential([
        keras.Input((2, 2, 1)), layers.BatchNormalization(name="norm"), layers.Dropout(0.5, name="drop"),
    ])
    before = [variable.numpy().copy() for variable in model.variables]
    (result,) = LayerActivations(model, exclude_layers=()).draw(IMAGE)
    expected = IMAGE[0, :, :, 0] / np.sqrt(1 + 1e-3)
    assert [layer.array[0] for layer in result.layers] == [pytest.approx(expected)] * 2
    assert all((v.numpy() == b).all() for v, b in zip(model.variables, before, strict=True))
