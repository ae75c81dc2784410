"""Deconvolution once more, as the papers draw it: a chain of transposed convolutions and unpoolings built by hand.

It shares nothing with the technique, which differentiates the network.
"""
import keras
import numpy as np
import pytest
from keras import layers

from custom_keras.techniques.deconvolutional_network import DeconvolutionalNetwork


def reversed_by_hand(model, image, target, number):
    """The reconstruction of one feature map of a plain chain.

    Args:
        model: Sequential network of Conv2D, MaxPooling2D and ReLU.
        image: `(height, width, channels)`.
        target: number of the layer in `model.layers`.
        number: number of the feature map.
    """
    values = [image[None]]
    for layer in model.layers[: target + 1]:
        values.append(keras.ops.convert_to_numpy(layer(values[-1])))
    reconstruction = np.zeros_like(values[-1])
    feature_map = values[-1][0, :, :, number]
    place = np.unravel_index(feature_map.argmax(), feature_map.shape)
    reconstruction[0, *place, number] = feature_map[place]
    for layer, before in zip(model.layers[target::-1], values[target::-1], strict=True):
        reconstruction = _REVERSED[type(layer)](layer, before, reconstruction)
    return reconstruction[0]


def transposed_convolution(layer, before, reconstruction):
    if layer.activation is keras.activations.relu:
        reconstruction = np.maximum(reconstruction, 0)
    kernel = _dilated(layer.get_weights()[0], layer.dilation_rate)
    transposed = layers.Conv2DTranspose(before.shape[-1], kernel.shape[:2], layer.strides, use_bias=False)
    transposed.build(reconstruction.shape)
    transposed.set_weights([kernel])
    full = keras.ops.convert_to_numpy(transposed(reconstruction))
    return _cut(full, before.shape, _padding(before.shape, kernel.shape, layer))


def unpooling(layer, before, reconstruction):
    """Every entry goes to where its window has its maximum; entries of windows that overlap there are summed."""
    top, left = _padding(before.shape, layer.pool_size, layer)
    result = np.zeros_like(before)
    for _, row, column, channel in np.argwhere(reconstruction):
        first = np.array([row * layer.strides[0] - top, column * layer.strides[1] - left])
        (a, b), (c, d) = np.maximum(first, 0), first + layer.pool_size
        window = before[0, a:c, b:d, channel]
        y, x = np.unravel_index(window.argmax(), window.shape)
        result[0, a + y, b + x, channel] += reconstruction[0, row, column, channel]
    return result


def rectification(layer, before, reconstruction):
    return np.maximum(reconstruction, 0)


_REVERSED = {
    layers.Conv2D: transposed_convolution,
    layers.MaxPooling2D: unpooling,
    layers.ReLU: rectification,
}


def _dilated(kernel, rate):
    rows, columns = ((size - 1) * r + 1 for size, r in zip(kernel.shape[:2], rate, strict=True))
    result = np.zeros((rows, columns, *kernel.shape[2:]), kernel.dtype)
    result[:: rate[0], :: rate[1]] = kernel
    return result


def _padding(shape, window, layer):
    """Rows above and columns to the left that padding `same` adds."""
    if layer.padding == "valid":
        return 0, 0
    sizes = zip(shape[1:3], window[:2], layer.strides, strict=True)
    return tuple(max((-(-size // stride) - 1) * stride + wide - size, 0) // 2 for size, wide, stride in sizes)


def _cut(full, shape, padding):
    """The part that lies in the image; zero where no kernel reached."""
    (top, left), (rows, columns) = padding, shape[1:3]
    part = full[:, top : top + rows, left : left + columns]
    missing = (rows - part.shape[1], columns - part.shape[2])
    return np.pad(part, ((0, 0), (0, missing[0]), (0, missing[1]), (0, 0)))


def chain(*middle, activation="relu"):
    """A chain with trained-like weights, biases included."""
    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input((13, 11, 3)), *middle])
    rng = np.random.default_rng(4)
    model.set_weights([rng.normal(0.05, 0.3, weight.shape) for weight in model.get_weights()])
    return model


def conv(filters, size=3, activation="relu", **options):
    return layers.Conv2D(filters, size, activation=activation, **options)


CHAINS = {
    "vgg": [conv(4), conv(5), layers.MaxPooling2D(), conv(6, padding="same"), layers.MaxPooling2D(2), conv(4, 1)],
    "same": [conv(4, padding="same"), layers.MaxPooling2D(2, padding="same"), conv(5, padding="same")],
    "strides": [conv(4, 3, strides=2), conv(5, 2, strides=2, padding="same"), conv(3, 1)],
    "even strides": [conv(4, 4, strides=(3, 2), padding="same"), conv(5, (2, 3), strides=(1, 2))],
    "dilation": [conv(4, dilation_rate=2), conv(5, (3, 2), dilation_rate=(2, 1), padding="same")],
    "overlapping pools": [conv(4), layers.MaxPooling2D(3, 2), conv(5), layers.MaxPooling2D(3, 1, "same")],
    "relu apart": [conv(4, activation=None), layers.ReLU(), conv(5, activation=None), layers.ReLU()],
}


@pytest.mark.parametrize("name", CHAINS)
def test_it_is_the_explicit_network(name):
    model = chain(*(type(layer).from_config(layer.get_config()) for layer in CHAINS[name]))
    image = np.random.default_rng(5).normal(size=(13, 11, 3)).astype("float32")
    (result,) = DeconvolutionalNetwork(model, len(model.layers), -1).draw(image[None])
    assert len(result.reconstructions) == model.output_shape[-1]
    assert sum(made.array.any() for made in result.reconstructions) >= 2  # single maps may be zero for this image
    for made in result.reconstructions:
        expected = reversed_by_hand(model, image, len(model.layers) - 1, made.feat_map_no)
        np.testing.assert_allclose(made.array, expected, atol=1e-5 * np.abs(expected).max())


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="uses TensorFlow's own gradient")
def test_it_is_the_gradient_with_the_rule_of_relu():
    import tensorflow as tf

    @tf.custom_gradient
    def rectified(inputs):
        return tf.nn.relu(inputs), tf.nn.relu

    def branching(relu):
        keras.utils.set_random_seed(6)
        image = keras.Input((12, 12, 2))
        x = layers.Conv2D(6, 3, activation=relu, padding="same")(image)
        x = layers.MaxPooling2D(3, 2)(x)
        wide = layers.Conv2D(4, 3, padding="same", activation=relu)(x)
        wide = layers.BatchNormalization()(layers.SeparableConv2D(6, 3, padding="same")(wide))
        x = layers.Activation(relu)(layers.Add()([wide, x]))
        x = layers.Concatenate()([x, layers.AveragePooling2D(3, 1, "same")(layers.DepthwiseConv2D(1)(x))])
        return keras.Model(image, layers.Conv2D(5, 2, activation=relu, name="last")(x))

    model, changed = branching("relu"), branching(rectified)
    image = np.random.default_rng(7).normal(size=(1, 12, 12, 2)).astype("float32")
    (result,) = DeconvolutionalNetwork(model, "last", -1).draw(image)
    for made in result.reconstructions:
        with tf.GradientTape() as tape:
            x = tf.constant(image)
            tape.watch(x)
            largest = tf.reduce_max(changed(x)[0, :, :, made.feat_map_no])
        expected = (largest * tape.gradient(largest, x))[0].numpy()
        np.testing.assert_allclose(made.array, expected, atol=1e-5 * np.abs(expected).max())
