"""Every technique draws every form of network, and gives for each form of one function the same numbers."""
import keras
import numpy as np
import pytest
from keras import layers, ops

from custom_keras.techniques.deconvolutional_network import DeconvolutionalNetwork
from custom_keras.techniques.deep_visualization import DeepVisualization
from custom_keras.techniques.layer_activations import LayerActivations
from custom_keras.techniques.network import Network
from custom_keras.techniques.saliency_maps import VARIANTS, SaliencyMaps

SHAPE = (9, 7, 3)


def parts(**options):
    return [
        layers.Conv2D(4, 3, activation="relu", name="conv", **options),
        layers.MaxPooling2D(2, name="pool", **options),
        layers.Flatten(**options),
        layers.Dense(3, activation="softmax", name="scores", **options),
    ]


def sequential(shape=SHAPE, **options):
    return keras.Sequential([keras.Input(shape), *parts(**options)])


def functional():
    image = x = keras.Input(SHAPE)
    for layer in parts():
        x = layer(x)
    return keras.Model(image, x)


def nested():
    conv, pool, *rest = parts()
    base = keras.Sequential([keras.Input(SHAPE), conv, pool], name="base")
    return keras.Sequential([keras.Input(SHAPE), base, *rest])


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.conv, self.pool, self.flat, self.scores = parts()

    def call(self, inputs, training=False):
        x = self.pool(self.conv(inputs))
        return self.scores(self.flat(x))


def subclassed():
    model = Subclassed()
    model(np.zeros((1, *SHAPE)))
    return model


def with_further_input():
    image, extra = keras.Input(SHAPE, name="image"), keras.Input((2,), name="extra")
    conv, pool, flat, scores = parts()
    x = flat(pool(conv(image)))
    return keras.Model([extra, image], scores(x + ops.sum(extra, axis=1, keepdims=True)))


def with_further_output():
    image = keras.Input(SHAPE)
    conv, pool, flat, scores = parts()
    x = flat(pool(conv(image)))
    return keras.Model(image, {"a_size": layers.Lambda(lambda x: x[:, :1])(x), "class": scores(x)})


def weighted(model):
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(0, 0.3, weight.shape) for weight in model.get_weights()])
    return model


def images_for(shape, count=2):
    return np.random.default_rng(1).normal(size=(count, *shape)).astype("float32")


def draw(model, images, **options):
    """Everything there is, as `{name: float array (height, width, channels)}` of the last image."""
    activations = LayerActivations(model, **options).draw(images)[-1]
    saliency = SaliencyMaps(model, variant=VARIANTS, **options).draw(images)[-1]
    deconvolution = DeconvolutionalNetwork(model, "pool", 2, **options).draw(images)[-1]
    deep = DeepVisualization(model, [("scores", 1), ("conv", (1, 2, 3))], 0.1, 2, l2_decay=0.1, norm_percentile=20,
                             blur_interval=2, blur_std=0.5, seed=3, **options).draw()  # fmt: skip
    return {
        **{layer.label.split()[-1]: layer.array for layer in activations.layers},
        **saliency.maps,
        **{f"map {rank}": made.array for rank, made in enumerate(deconvolution.reconstructions)},
        **{f"unit {rank}": made.array for rank, made in enumerate(deep.units)},
    }


@pytest.fixture(scope="module")
def expected():
    return draw(weighted(sequential()), images_for(SHAPE))


def assert_same(drawn, expected, atol=1e-5):
    for name in expected:
        extent = np.abs(expected[name]).max()
        assert extent > 0 and drawn[name].dtype == np.float32
        np.testing.assert_allclose(drawn[name], expected[name], atol=atol * extent, err_msg=name)


@pytest.mark.parametrize("make", [functional, nested, subclassed, with_further_input, with_further_output])
def test_all_forms_of_one_function_give_the_same(make, expected):
    assert_same(draw(weighted(make()), images_for(SHAPE)), expected)


def test_the_image_input_can_be_named(expected):
    image, mask = keras.Input(SHAPE, name="image"), keras.Input(SHAPE, name="mask")
    x = image + mask
    for layer in parts():
        x = layer(x)
    model = weighted(keras.Model([mask, image], x))
    with pytest.raises(ValueError, match=r"Received: image_input=None, and a network with the inputs mask .*image"):
        Network(model)
    assert_same(draw(model, images_for(SHAPE), image_input="image"), expected)
    other = {"mask": np.ones(SHAPE)}
    shifted = draw(model, images_for(SHAPE) - 1, image_input="image", other_inputs=other)
    for name in ("conv", "absolute", "map 0"):
        np.testing.assert_allclose(shifted[name], expected[name], atol=1e-5 * np.abs(expected[name]).max())


def test_an_output_can_be_named():
    model = weighted(with_further_output())
    (result,) = SaliencyMaps(model, output="a_size").draw(images_for(SHAPE, 1))
    assert (result.details["output"], result.class_index) == ("a_size", 0)
    (result,) = SaliencyMaps(model).draw(images_for(SHAPE, 1))
    assert result.details["output"] == "class"


@pytest.mark.parametrize("shape", [(9, 7, 1), (31, 6, 4)])
def test_grey_colour_and_odd_sizes(shape):
    drawn = draw(weighted(sequential(shape)), images_for(shape))
    assert drawn["absolute"].shape == (*shape[:2], 1)
    assert drawn["map 0"].shape == drawn["unit 0"].shape == shape


def test_channels_first_gives_the_same(expected):
    model = keras.Sequential([keras.Input((3, 9, 7)), *parts_in_front()])
    weights = weighted(sequential()).get_weights()
    # The dense layer's weights in the order of flattened channels_first maps.
    weights[2] = weights[2].reshape(3, 2, 4, 3).transpose(2, 0, 1, 3).reshape(24, 3)
    model.set_weights(weights)
    images = np.moveaxis(images_for(SHAPE), -1, 1)
    try:
        model(images)
    except Exception as error:
        pytest.skip(f"this backend cannot do it on this machine: {str(error).splitlines()[0]}")
    drawn = draw_in_front(model, images)
    for name, array in drawn.items():
        np.testing.assert_allclose(array, expected[name], atol=1e-5 * np.abs(expected[name]).max(), err_msg=name)


def parts_in_front():
    conv, pool, flat, scores = parts()
    options = {"data_format": "channels_first"}
    return [
        layers.Conv2D(4, 3, activation="relu", name="conv", **options), layers.MaxPooling2D(2, name="pool", **options),
        layers.Flatten(), scores,
    ]  # fmt: skip


def draw_in_front(model, images):
    """As `draw`, without the deep visualization, whose noise comes in another order."""
    DeepVisualization(model, [("scores", 1), ("conv", (3, 1, 2))], 0.1, 2, blur_interval=1, blur_std=0.5).draw()
    activations = LayerActivations(model).draw(images)[-1]
    saliency = SaliencyMaps(model, variant=VARIANTS).draw(images)[-1]
    deconvolution = DeconvolutionalNetwork(model, "pool", 2).draw(images)[-1]
    return {
        **{layer.label.split()[-1]: layer.array for layer in activations.layers},
        **saliency.maps,
        **{f"map {rank}": made.array for rank, made in enumerate(deconvolution.reconstructions)},
    }


@pytest.mark.parametrize("dtype, atol", [("mixed_float16", 0.02), ("mixed_bfloat16", 0.1), ("float64", 1e-5)])
def test_other_precision_gives_nearly_the_same(dtype, atol, expected):
    if dtype == "float64" and keras.backend.backend() == "jax":
        pytest.skip("JAX has no float64 by default")
    drawn = draw(weighted(sequential(dtype=dtype)), images_for(SHAPE))
    assert_same(drawn, expected, atol)


def test_a_free_input_size():
    model = keras.Sequential([
        keras.Input((None, None, 3)), layers.Conv2D(4, 3, activation="relu", name="conv"),
        layers.GlobalAveragePooling2D(), layers.Dense(3, activation="softmax"),
    ])
    for shape in ((9, 7, 3), (12, 12, 3)):
        assert SaliencyMaps(model).draw(images_for(shape))[0].maps["absolute"].shape == (*shape[:2], 1)
        (result,) = DeconvolutionalNetwork(model, "conv", 1).draw(images_for(shape, 1))
        assert result.reconstructions[0].array.shape == shape
