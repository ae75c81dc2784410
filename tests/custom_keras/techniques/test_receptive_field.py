"""Receptive fields: worked out by hand, and held against where a gradient through positive weights arrives."""
import keras
import numpy as np
import pytest
from keras import layers, ops

from custom_keras import backend
from custom_keras.techniques.network import Network
from custom_keras.techniques.receptive_field import ReceptiveField


def field(stack, shape=(10, 12, 1)):
    network = Network(keras.Sequential([keras.Input(shape), *stack]))
    return ReceptiveField(network, network.layers[-1])


@pytest.mark.parametrize(
    ("stack", "place", "box"),
    [
        # One 3x3 window at (2, 4) begins at row 2 and column 4.
        ([layers.Conv2D(1, 3)], (2, 4), (2, 4, 5, 7)),
        # Rows 2 * 2 to 2 * 2 + 2; columns 3 * 3 to 3 * 3 + 1.
        ([layers.Conv2D(1, (3, 2), strides=(2, 3))], (2, 3), (4, 9, 7, 11)),
        # Dilation 3: entries 1, 4 and 7.
        ([layers.Conv2D(1, 3, dilation_rate=3)], (1, 0), (1, 0, 8, 7)),
        # `same` adds a pixel on each side, which is clipped in the corner.
        ([layers.Conv2D(1, 3, padding="same")], (0, 11), (0, 10, 2, 12)),
        # `same` with stride 2 on 10 rows misses one pixel, which goes behind: windows 0..2, 2..4, ... 8..10.
        ([layers.Conv2D(1, 3, strides=2, padding="same")], (4, 0), (8, 0, 10, 3)),
        # The pool sees entries 2 and 3 of the convolution, these see 2..4 and 3..5.
        ([layers.Conv2D(1, 3), layers.MaxPooling2D(2)], (1, 0), (2, 0, 6, 4)),
        # Overlapping pool 3 with stride 2 behind a convolution with stride 2: entries 2..4 see 4..10.
        ([layers.Conv2D(1, 3, strides=2), layers.AveragePooling2D(3, strides=1)], (1, 1), (2, 2, 9, 9)),
        ([layers.DepthwiseConv2D(3), layers.BatchNormalization(), layers.ReLU()], (0, 0), (0, 0, 3, 3)),
        ([layers.SeparableConv2D(2, 3, padding="same")], (5, 5), (4, 4, 7, 7)),
        # A transposed 3x3 with stride 2: entry 4 is reached by 1 (2, 3, 4) and 2 (4, 5, 6); entry 3 by 1 alone.
        ([layers.Conv2DTranspose(1, 3, strides=2)], (4, 3), (1, 1, 3, 2)),
        ([layers.UpSampling2D(2)], (5, 6), (2, 3, 3, 4)),
        ([layers.ZeroPadding2D(((2, 0), (1, 3))), layers.Conv2D(1, 2)], (3, 3), (1, 2, 3, 4)),
        ([layers.Cropping2D(((2, 0), (1, 3)))], (3, 3), (5, 4, 6, 5)),
        # Halving by bilinear interpolation reads two pixels each way.
        ([layers.Resizing(5, 6)], (2, 2), (4, 4, 6, 6)),
        ([layers.Permute((2, 1, 3))], (7, 3), (3, 7, 4, 8)),
        ([layers.Reshape((20, 6, 1))], (3, 2), (1, 8, 2, 9)),
        ([layers.Flatten(), layers.Dense(16), layers.Reshape((4, 4, 1))], (1, 1), (0, 0, 10, 12)),
        ([layers.GlobalAveragePooling2D(keepdims=True)], (0, 0), (0, 0, 10, 12)),
    ],
)  # fmt: skip
def test_by_hand(stack, place, box):
    assert field(stack).box(*place) == box


def test_an_entry_that_sees_only_padding_sees_nothing():
    assert field([layers.ZeroPadding2D(2), layers.Conv2D(1, 1)]).box(1, 1) is None


def test_branches_are_taken_together():
    image = keras.Input((12, 12, 1))
    wide = layers.Conv2D(2, 5, padding="same")(image)
    down = layers.Conv2D(2, (1, 7), padding="same")(image)
    joined = layers.Add()([layers.Concatenate()([wide, down]), layers.Conv2D(4, 1)(image)])
    network = Network(keras.Model(image, joined))
    assert ReceptiveField(network, network.layers[-1]).box(6, 6) == (4, 3, 9, 10)


def test_inputs_joined_along_the_height_each_have_their_part():
    image = keras.Input((4, 4, 1))
    parts = [layers.Conv2D(1, 1)(image), layers.Conv2D(1, (3, 1))(image)]
    network = Network(keras.Model(image, layers.Concatenate(axis=1)(parts)))
    fields = ReceptiveField(network, network.layers[-1])
    assert fields.box(3, 2) == (3, 2, 4, 3)
    assert fields.box(4, 2) == (0, 2, 3, 3)


def test_a_free_image_size_takes_that_of_the_image():
    network = Network(keras.Sequential([keras.Input((None, None, 3)), layers.Conv2D(1, 3, padding="same")]))
    assert ReceptiveField(network, network.layers[-1], (6, 5, 3)).box(5, 4) == (4, 3, 6, 5)


def branching():
    """Everything at once: strides, pools that overlap, dilation, a residual sum, operations."""
    image = keras.Input((17, 15, 2))
    x = layers.Conv2D(3, 3, strides=2, padding="same", kernel_initializer="ones")(image)
    y = layers.MaxPooling2D(3, strides=1, padding="same")(x)
    z = layers.DepthwiseConv2D(3, dilation_rate=2, padding="same", depthwise_initializer="ones")(x)
    x = layers.Concatenate()([y, ops.relu(z) + x])
    x = layers.AveragePooling2D((2, 3), strides=(2, 1))(x)
    x = layers.Conv2DTranspose(2, 3, strides=2, padding="same", kernel_initializer="ones")(x)
    x = x[:, 1:, :-2]
    return keras.Model(image, layers.Conv2D(2, 2, kernel_initializer="ones", name="last")(x))


def test_it_is_where_a_gradient_through_positive_weights_arrives():
    network = Network(branching())
    layer = network.layer("last")
    fields = ReceptiveField(network, layer)
    # Where all entries are equal, a maximum sends its gradient to one of them; a steep image, tried from its four
    # corners, makes each entry of a window the largest once.
    rows, columns = np.meshgrid(np.arange(17.0), np.arange(15.0), indexing="ij")
    tilts = [1 + 17 * a + 15 * b + a * rows + b * columns for a in (-1, 1) for b in (-1, 1)]
    images = np.stack([np.stack([tilt] * 2, -1) for tilt in tilts]).astype("float32")

    def compute(images, seeds):
        def total(x):
            features = network.graph.run({network.image_slot: x}, [layer.slot])[0]
            return ops.sum(features * seeds, axis=(1, 2, 3)), features

        return backend.gradient(total, images)[0]

    run = backend.compiled(compute, network.model.variables)
    height, width = layer.shape[1:3]
    for row, column in [(0, 0), (height - 1, width - 1), (height // 2, 2), (1, width // 2)]:
        seeds = np.zeros((1, height, width, 1), "float32")
        seeds[0, row, column] = 1
        arrived = (run(images, seeds) != 0).any(axis=(0, 3))
        top, left = (np.flatnonzero(arrived.any(axis=axis))[0] for axis in (1, 0))
        bottom, right = (np.flatnonzero(arrived.any(axis=axis))[-1] + 1 for axis in (1, 0))
        assert fields.box(row, column) == (top, left, bottom, right)


def test_channels_in_front():
    network = Network(keras.Sequential([
        keras.Input((1, 10, 12)), layers.ZeroPadding2D((1, 0), data_format="channels_first"),
        layers.Permute((1, 2, 3)), layers.Activation("relu"),
    ]))  # fmt: skip
    assert network.channels_first
    assert ReceptiveField(network, network.layers[-1]).box(3, 4) == (2, 4, 3, 5)
