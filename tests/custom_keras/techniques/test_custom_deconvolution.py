"""A deconvolutional model of the user's own, as appendix C of the thesis has it."""
import keras
import numpy as np
import pytest
from keras import layers

from custom_keras.techniques.deconvolutional_network import DeconvolutionalNetwork

IMAGE = np.array([[0.0, 0.0, 0.0], [0.0, 1.0, 2.0], [0.0, 3.0, 4.0]]).reshape(1, 3, 3, 1)
KERNEL = np.array([[1.0, 0.0], [0.0, 2.0]]).reshape(2, 2, 1, 1)


def network():
    """Two layers; the second ends in tanh, which is not reversed by itself."""
    model = keras.Sequential([
        keras.Input((3, 3, 1)),
        layers.Conv2D(1, 2, use_bias=False, name="conv"),
        layers.Conv2D(1, 1, activation="tanh", use_bias=False, name="bent"),
    ])
    model.set_weights([KERNEL, np.ones((1, 1, 1, 1))])
    return model


def reversed_network(factor=1.0):
    """For `bent` it begins at its first layer, for `conv` at its second."""
    model = keras.Sequential([
        keras.Input((2, 2, 1)),
        layers.Conv2D(1, 1, use_bias=False),
        layers.Conv2DTranspose(1, 2, use_bias=False),
    ])
    model.set_weights([np.full((1, 1, 1, 1), factor), KERNEL])
    return model


def drawn(info, layer):
    (result,) = DeconvolutionalNetwork(network(), layer, 1, custom_keras_model_info=info).draw(IMAGE)
    (made,) = result.reconstructions
    return made.array[..., 0].tolist(), made


def test_the_map_says_at_which_layer_it_begins():
    info = (reversed_network(10), {1: 2, 2: 1}, lambda: None)
    # The largest is 1 * 1 + 2 * 4 = 9, at the last place.
    picture, made = drawn(info, "conv")
    assert picture == [[0, 0, 0], [0, 9, 0], [0, 0, 18]]
    assert (made.activation, made.position, made.feat_map_no) == (9, (1, 1), 0)
    picture, made = drawn(info, 2)  # tanh of 9 is 1, nearly
    assert picture == [[0, 0, 0], [0, pytest.approx(10), 0], [0, 0, pytest.approx(20)]]


def test_the_update_gives_another_model_before_each_drawing():
    models = iter([reversed_network(1), reversed_network(3)])
    technique = DeconvolutionalNetwork(
        network(), "conv", 1, custom_keras_model_info=(reversed_network(), {1: 2}, lambda: (next(models), {1: 1}))
    )
    assert [technique.draw(IMAGE)[0].reconstructions[0].array[1, 1, 0] for _ in range(2)] == [9, 27]


def test_the_model_may_be_updated_in_place_and_given_back():
    model = reversed_network()

    def update():
        model.layers[0].kernel.assign(model.layers[0].kernel * 2)
        return model, {1: 1}

    technique = DeconvolutionalNetwork(network(), 1, 1, custom_keras_model_info=(model, {1: 1}, update))
    assert [technique.draw(IMAGE)[0].reconstructions[0].array[1, 1, 0] for _ in range(3)] == [18, 36, 72]


def test_several_images_and_maps():
    model = keras.Sequential([keras.Input((2, 2, 1)), layers.Conv2D(2, 1, use_bias=False, name="conv")])
    model.set_weights([np.array([[[[1.0, -1.0]]]])])
    back = keras.Sequential([keras.Input((2, 2, 2)), layers.Conv2DTranspose(1, 1, use_bias=False)])
    back.set_weights([np.array([[[[1.0, -1.0]]]])])
    images = np.array([[1.0, 2, 3, 4], [-5, -6, -8, -7]]).reshape(2, 2, 2, 1)
    technique = DeconvolutionalNetwork(model, 1, -1, custom_keras_model_info=(back, {1: 1}, lambda: None))
    generated = DeconvolutionalNetwork(model, 1, -1).draw(images)
    for custom, own in zip(technique.draw(images), generated, strict=True):
        for one, other in zip(custom.reconstructions, own.reconstructions, strict=True):
            assert one.feat_map_no == other.feat_map_no
            assert one.array.tolist() == other.array.tolist()


@pytest.mark.parametrize("info, message", [
    ("model", r"Expected \(deconvolutional model, dictionary of layer numbers, update function\). Received: 'model'"),
    ((reversed_network(), {1: 1}), "wrong form"),
    ((reversed_network(), {1: 1}, None), "wrong form"),
    ((reversed_network(), [1, 1], lambda: None), "wrong form"),
    (("model", {1: 1}, lambda: None), "wrong form"),
    ((reversed_network(), {2: 1}, lambda: None), r"Expected one of \['2'\]. Received: layer number 1"),
    ((reversed_network(), {1: 7}, lambda: None), "no such layer.*Received: 7"),
])  # fmt: skip
def test_wrong_forms_are_named(info, message):
    with pytest.raises(ValueError, match=message):
        DeconvolutionalNetwork(network(), 1, 1, custom_keras_model_info=info)


def test_a_model_that_does_not_fit_the_layer_is_named():
    wrong = keras.Sequential([keras.Input((5, 5, 3)), layers.Conv2DTranspose(1, 2)])
    with pytest.raises(ValueError, match=r"Expected.*2, 2, 1.*Received.*5, 5, 3"):
        DeconvolutionalNetwork(network(), 1, 1, custom_keras_model_info=(wrong, {1: 1}, lambda: None))


def test_a_model_that_gives_no_image_is_named():
    flat = keras.Sequential([keras.Input((2, 2, 1)), layers.Flatten()])
    with pytest.raises(ValueError, match=r"Expected.*image.*Received.*\(None, 4\)"):
        DeconvolutionalNetwork(network(), 1, 1, custom_keras_model_info=(flat, {1: 1}, lambda: None))
