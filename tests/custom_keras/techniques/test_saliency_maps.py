"""Each variant by hand, the class, the score and softmax; finite differences are in the callbacks' tests."""
import keras
import numpy as np
import pytest
from keras import layers

from custom_keras.techniques.saliency_maps import VARIANTS, SaliencyMaps

# Two pixels of two channels.
IMAGE = np.array([[[[1.0, 2.0], [3.0, -1.0]]]])
WEIGHTS = np.array([[1.0, -4.0], [-3.0, 2.0], [0.5, 1.0], [0.25, -6.0]])


def linear(*last, activation=None):
    dense = layers.Dense(2, activation=activation, name="scores")
    model = keras.Sequential([keras.Input((1, 2, 2)), layers.Flatten(), dense, *last])
    dense.set_weights([WEIGHTS, np.array([0.0, 1.0])])
    return model


def map_of(model, variant="absolute", image=IMAGE, **options):
    (result,) = SaliencyMaps(model, variant=variant, **options).draw(image)
    return result.maps[variant].ravel().tolist()


def test_numbers_by_hand():
    # Scores 1 - 6 + 1.5 - 0.25 = -3.75 and -4 + 4 + 3 + 6 + 1 = 10: the second class.
    (result,) = SaliencyMaps(linear(), variant=VARIANTS[:3]).draw(IMAGE)
    assert result.maps["absolute"].tolist() == [[[4], [6]]]
    assert result.maps["positive"].tolist() == [[[2], [1]]]
    assert result.maps["negative"].tolist() == [[[4], [6]]]
    assert (result.class_index, result.score) == (1, 10)
    assert result.details == {
        "class_index": 1, "score": 10, "output": "scores", "gradient_norm": pytest.approx(np.sqrt(16 + 4 + 1 + 36)),
        "variants": ["absolute", "positive", "negative"],
        "ranges": {"absolute": [4, 6], "positive": [1, 2], "negative": [4, 6]},
    }  # fmt: skip
    assert result.picture().tolist() == [[[170], [255]]] and result.picture().dtype == np.uint8
    assert result.pictures()["positive"].tolist() == [[[255], [128]]]


def test_the_first_variant_asked_for_is_the_one_in_the_file():
    (result,) = SaliencyMaps(linear(), variant=("positive", "absolute")).draw(IMAGE)
    assert result.picture().tolist() == [[[255], [128]]]


def test_another_class_can_be_asked_for():
    (result,) = SaliencyMaps(linear(), class_index=0).draw(IMAGE)
    assert result.maps["absolute"].tolist() == [[[3], [0.5]]]
    assert (result.class_index, result.score) == (0, -3.75)


def test_no_gradient_of_the_sign_asked_for_is_zero():
    # The first class' gradient at the second pixel is (0.5, 0.25), at the first (1, -3).
    assert map_of(linear(), "negative", class_index=0) == [3, 0]


@pytest.mark.parametrize("make", [
    lambda: linear(activation="softmax"), lambda: linear(layers.Softmax()),
    lambda: linear(layers.Activation("softmax")), lambda: linear(),
], ids=["activation", "softmax layer", "activation layer", "absent"])  # fmt: skip
def test_the_score_is_the_one_before_softmax(make):
    model = make()
    before = model.predict(IMAGE, verbose=0)
    assert map_of(model) == [4, 6]
    assert map_of(model, class_index=0) == [3, 0.5]
    np.testing.assert_array_equal(model.predict(IMAGE, verbose=0), before)


def rectified():
    """Two units, max(0, a - b) and max(0, b - 2), times -1 and 2."""
    hidden, scores = layers.Dense(2, activation="relu"), layers.Dense(1, name="scores")
    model = keras.Sequential([keras.Input((1, 2, 1)), layers.Flatten(), hidden, scores])
    model.set_weights([np.array([[1.0, 0], [-1, 1]]), np.array([0.0, -2]), np.array([[-1.0], [2]]), np.array([7.0])])
    return model


@pytest.mark.parametrize("pixels, gradient, guided", [
    # Both are active: -(a - b) + 2 (b - 2). Guided: of -1 and 2 the 2 is left, which goes to b.
    ((9.0, 4.0), (1, 3), (0, 2)),
    # Only the second is active.
    ((1.0, 4.0), (0, 2), (0, 2)),
    # Only the first is active, whose gradient is negative: guided backpropagation lets none pass.
    ((3.0, 1.0), (1, 1), (0, 0)),
])
def test_guided_backpropagation_by_hand(pixels, gradient, guided):
    image = np.array(pixels).reshape(1, 1, 2, 1)
    (result,) = SaliencyMaps(rectified(), variant=("absolute", "guided")).draw(image)
    assert result.maps["absolute"].ravel().tolist() == list(gradient)
    assert result.maps["guided"].ravel().tolist() == list(guided)
    assert map_of(rectified(), "guided", image) == list(guided)


@pytest.mark.parametrize("relu", [
    lambda: [layers.Dense(2), layers.ReLU()], lambda: [layers.Dense(2), layers.Activation("relu")],
    lambda: [layers.Dense(2, activation=layers.ReLU())],
], ids=["layer", "activation layer", "layer as activation"])  # fmt: skip
def test_every_form_of_relu_is_guided(relu):
    model = keras.Sequential([keras.Input((1, 2, 1)), layers.Flatten(), *relu(), layers.Dense(1)])
    model.set_weights(rectified().get_weights())
    assert map_of(model, "guided", np.array([9.0, 4.0]).reshape(1, 1, 2, 1)) == [0, 2]


def test_relu_with_a_bound_is_guided_where_it_passes_its_input():
    model = keras.Sequential([
        keras.Input((1, 2, 1)), layers.ReLU(max_value=6), layers.Flatten(), layers.Dense(1, use_bias=False)
    ])
    model.set_weights([np.array([[3.0], [2.0]])])
    assert map_of(model, "guided", np.array([9.0, 4.0]).reshape(1, 1, 2, 1)) == [0, 2]


def test_a_batch_gives_what_single_images_give():
    rng = np.random.default_rng(0)
    model = keras.Sequential([
        keras.Input((8, 7, 3)), layers.Conv2D(4, 3, activation="relu"), layers.MaxPooling2D(), layers.Flatten(),
        layers.Dense(5, activation="softmax"),
    ])
    model.set_weights([rng.normal(size=weight.shape) for weight in model.get_weights()])
    technique = SaliencyMaps(model, variant=VARIANTS)
    images = rng.normal(0, 5, (6, 1, 1, 3)) + rng.normal(size=(6, 8, 7, 3))
    together = technique.draw(images)
    assert len({result.class_index for result in together}) > 1
    for image, result in zip(images, together, strict=True):
        (alone,) = technique.draw(image[None])
        assert alone.class_index == result.class_index and alone.score == pytest.approx(result.score, rel=1e-5)
        for variant in VARIANTS:
            assert result.maps[variant].shape == (8, 7, 1)
            np.testing.assert_allclose(result.maps[variant], alone.maps[variant], atol=1e-6)


def test_an_image_without_channels():
    model = keras.Sequential([keras.Input((1, 2)), layers.Flatten(), layers.Dense(1)])
    model.set_weights([np.array([[3.0], [-2.0]]), np.zeros(1)])
    (result,) = SaliencyMaps(model).draw(np.ones((1, 1, 2)))
    assert result.maps["absolute"].tolist() == [[[3], [2]]]


@pytest.mark.parametrize("options, message", [
    ({"variant": "best"}, r"Expected one or several of \('absolute'.*Received: variant='best'"),
    ({"variant": []}, r"Received: variant=\[\]"),
    ({"class_index": 2}, "Expected 0 to 1. Received: class_index=2"),
    ({"class_index": -1}, "Expected 0 to 1. Received: class_index=-1"),
    ({"class_index": 0.5}, "Received: class_index=0.5"),
    ({"output": "faces"}, r"Expected one of \['scores'\]. Received: output='faces'"),
])
def test_wrong_arguments_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        SaliencyMaps(linear(), **options)
