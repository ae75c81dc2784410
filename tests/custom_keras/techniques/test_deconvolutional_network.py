"""Each rule of the deconvolutional network: by hand, and against the ReLU-rule gradient."""
import keras
import numpy as np
import pytest
from keras import layers, ops

from custom_keras.techniques.deconvolutional_network import DeconvolutionalNetwork


def network(shape, *chain):
    return keras.Sequential([keras.Input(shape), *chain])


def image_of(rows):
    """A grey image `(1, height, width, 1)`."""
    return np.array(rows, "float32")[None, ..., None]


def conv(kernel, bias=0.0, **options):
    """A convolution of one grey image with one kernel."""
    kernel = np.array(kernel, "float32")
    return layers.Conv2D(
        1, kernel.shape, name="conv", kernel_initializer=lambda *_, **__: ops.reshape(kernel, (*kernel.shape, 1, 1)),
        bias_initializer=keras.initializers.Constant(bias), **options,
    )  # fmt: skip


def drawn(model, image, layer, number=0, **options):
    """The reconstruction `(height, width)` of the first channel."""
    (result,) = DeconvolutionalNetwork(model, layer, feat_map_nos=[number], **options).draw(image)
    return result.reconstructions[0].array[..., 0].tolist()


DOT = image_of([[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]])


def test_convolution_puts_the_kernel_where_the_maximum_is():
    # 1*1 + 4*2 = 9 at the only place; the bias counts for the activation, and not on the way back.
    model = network((2, 2, 1), conv([[1, 2], [3, 4]], bias=1))
    (result,) = DeconvolutionalNetwork(model, "conv", feat_map_nos=[0]).draw(image_of([[1, 0], [0, 2]]))
    (made,) = result.reconstructions
    assert made.array[..., 0].tolist() == [[10, 20], [30, 40]]
    assert (made.layer_name, made.feat_map_no, made.activation, made.position) == ("conv", 0, 10, (0, 0))
    assert result.details == {"layer": "Layer 1: conv", "feature_maps": [
        {"feat_map_no": 0, "activation": 10, "position": [0, 0], "range": [10, 40], "box": [0, 0, 2, 2]},
    ]}  # fmt: skip


KERNEL = [[1, 2], [3, 4]]


@pytest.mark.parametrize("kernel, options, expected", [
    # Largest is 4, of the window whose last pixel is the dot.
    (KERNEL, {}, [[0, 0, 0, 0], [0, 4, 8, 0], [0, 12, 16, 0], [0, 0, 0, 0]]),
    # Windows begin at even places only: the dot is the first pixel of one.
    (KERNEL, {"strides": 2}, [[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 1, 2], [0, 0, 3, 4]]),
    (KERNEL, {"dilation_rate": 2}, [[4, 0, 8, 0], [0, 0, 0, 0], [12, 0, 16, 0], [0, 0, 0, 0]]),
    (KERNEL, {"padding": "same"}, [[0, 0, 0, 0], [0, 4, 8, 0], [0, 12, 16, 0], [0, 0, 0, 0]]),
], ids=["valid", "strides", "dilation", "same"])  # fmt: skip
def test_forms_of_convolution(kernel, options, expected):
    assert drawn(network((4, 4, 1), conv(kernel, **options)), DOT, "conv") == expected


def test_what_lies_in_the_padding_is_cut_off():
    # Same padding adds a row below and a column to the right; the largest is 4, of the window that begins at the 1.
    model = network((2, 2, 1), conv([[4, 3], [2, 1]], padding="same"))
    assert drawn(model, image_of([[0, 0], [0, 1]]), "conv") == [[0, 0], [0, 16]]


def test_pixels_that_no_window_reaches_stay_zero():
    model = network((3, 3, 1), conv(KERNEL, strides=2))
    assert drawn(model, image_of(np.eye(3)), "conv") == [[5, 10, 0], [15, 20, 0], [0, 0, 0]]


def test_the_reconstruction_is_rectified_before_each_transposed_convolution():
    # Two maps, x and 2x; the second layer takes 3 of the first and -1 of the second: 3x - 2x = x, largest 5.
    first = layers.Conv2D(2, 1, activation="relu")
    second = layers.Conv2D(1, 1, activation="relu", name="second")
    model = network((1, 2, 1), first, second)
    model.set_weights([np.array([[[[1, 2]]]]), np.zeros(2), np.array([[[[3], [-1]]]]), np.zeros(1)])
    # 5 becomes 15 and -5, of which ReLU leaves (15, 0); the first layer makes 15 of it, and not 15 - 10.
    assert drawn(model, image_of([[4, 5]]), "second") == [[0, 15]]


def test_the_way_back_passes_where_the_activation_itself_was_zero():
    # The first map is max(0, -x) = 0; its gradient would be zero there, the deconvolution's is not.
    model = network(
        (1, 1, 1), layers.Conv2D(1, 1, activation="relu"), layers.Conv2D(1, 1, activation="relu", name="second")
    )
    model.set_weights([np.array([[[[-1.0]]]]), np.zeros(1), np.array([[[[2.0]]]]), np.array([3.0])])
    # Activation 3, the bias alone; back: 3 * 2 = 6, and 6 * -1.
    assert drawn(model, image_of([[7]]), "second") == [[-6]]


def test_without_an_activation_nothing_is_rectified():
    model = network((1, 1, 1), layers.Conv2D(1, 1), layers.Conv2D(1, 1, name="second"))
    model.set_weights([np.array([[[[-1.0]]]]), np.zeros(1), np.array([[[[2.0]]]]), np.array([3.0])])
    # Activation -2 * 7 + 3 = -11; back: -11 * 2 * -1.
    assert drawn(model, image_of([[7]]), "second") == [[22]]


SQUARE = [[1, 2, 0, 0], [3, 0, 0, 4], [0, 0, 5, 0], [0, 6, 0, 7]]


def test_max_pooling_puts_the_maximum_back_where_the_image_had_it():
    model = network((4, 4, 1), layers.MaxPooling2D(2, name="pool"), conv([[1, 1], [1, 1]]))
    assert drawn(model, image_of(SQUARE), "pool") == [[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 7]]
    # 3 + 4 + 6 + 7 = 20, which goes to each of the four switches.
    assert drawn(model, image_of(SQUARE), "conv") == [[0, 0, 0, 0], [20, 0, 0, 20], [0, 0, 0, 0], [0, 20, 0, 20]]


def test_windows_that_overlap_at_a_maximum_are_summed():
    model = network((3, 3, 1), layers.MaxPooling2D(2, 1, name="pool"), conv([[1, 10], [100, 1000]]))
    image = image_of([[1, 0, 0], [0, 2, 0], [0, 0, 0]])
    # All four windows have the 2: 2222, and its parts 1111 times that come together at it again.
    assert drawn(model, image, "conv") == [[0, 0, 0], [0, 2222 * 1111, 0], [0, 0, 0]]


def test_average_pooling_spreads_evenly():
    model = network((2, 4, 1), layers.AveragePooling2D(2, name="pool"))
    assert drawn(model, image_of([[0, 0, 8, 4], [0, 0, 2, 2]]), "pool") == [[0, 0, 1, 1], [0, 0, 1, 1]]


def test_global_average_pooling_spreads_over_all():
    model = network((2, 2, 1), layers.GlobalAveragePooling2D(keepdims=True, name="pool"))
    assert drawn(model, image_of([[1, 2], [3, 6]]), "pool") == [[0.75, 0.75], [0.75, 0.75]]


def test_batch_normalization_scales_and_does_not_shift():
    norm = layers.BatchNormalization(epsilon=0, name="norm")
    model = network((1, 2, 1), norm)
    norm.set_weights([np.array([6.0]), np.array([5.0]), np.array([1.0]), np.array([4.0])])
    # gamma 6, beta 5, mean 1, variance 4: (3 - 1) / 2 * 6 + 5 = 11; back: 11 * 6 / 2.
    assert drawn(model, image_of([[3, 0]]), "norm") == [[33, 0]]
    assert [weight.numpy().item() for weight in norm.weights] == [6, 5, 1, 4]


def test_a_relu_of_its_own_rectifies_too():
    model = network((1, 1, 1), layers.Conv2D(1, 1), layers.ReLU(), layers.Conv2D(1, 1, name="second"))
    model.set_weights([np.array([[[[1.0]]]]), np.zeros(1), np.array([[[[-2.0]]]]), np.zeros(1)])
    # Activation -14, back 28; behind a second map of 3 it is -42, which ReLU takes away.
    assert drawn(model, image_of([[7]]), "second") == [[28]]
    model.layers[2].set_weights([np.array([[[[-2.0]]]]), np.array([20.0])])
    assert drawn(model, image_of([[7]]), "second") == [[0]]


def test_depthwise_convolution_keeps_channels_apart():
    model = network((1, 1, 2), layers.DepthwiseConv2D(1, depth_multiplier=2, use_bias=False, name="depthwise"))
    model.set_weights([np.array([[[[1, 2], [3, 4]]]])])
    (result,) = DeconvolutionalNetwork(model, "depthwise", -1).draw(np.array([[[[10.0, 100.0]]]]))
    # Maps 10, 20, 300, 400, the largest first.
    assert {made.feat_map_no: made.array.ravel().tolist() for made in result.reconstructions} == {
        3: [0, 1600], 2: [0, 900], 1: [40, 0], 0: [10, 0]
    }  # fmt: skip
    assert [made.feat_map_no for made in result.reconstructions] == [3, 2, 1, 0]


def test_separable_convolution_goes_back_through_both_of_its_parts():
    model = network((1, 2, 1), layers.SeparableConv2D(1, (1, 2), use_bias=False, name="separable"))
    model.set_weights([np.array([[[[2.0]], [[3.0]]]]), np.array([[[[5.0]]]])])
    # (2 * 1 + 3 * 1) * 5 = 25; back: 25 * 5 * (2, 3).
    assert drawn(model, image_of([[1, 1]]), "separable") == [[250, 375]]


def test_addition_goes_back_both_ways():
    image = keras.Input((1, 2, 1))
    left, right = conv([[3, 0]], padding="same")(image), layers.MaxPooling2D((1, 2), 1, "same")(image)
    model = keras.Model(image, layers.Add(name="sum")([left, right]))
    # (3 * 1 + 2, 3 * 2 + 2) = (5, 8): 8 times 3, and 8 through the pool, both at the last pixel.
    assert drawn(model, image_of([[1, 2]]), "sum") == [[0, 32]]


def test_a_residual_connection():
    image = keras.Input((1, 1, 1))
    branch = layers.Conv2D(1, 1, activation="relu", name="inner")(image)
    branch = layers.Conv2D(1, 1, name="outer")(branch)
    model = keras.Model(image, layers.ReLU(name="end")(branch + image))
    model.set_weights([np.array([[[[2.0]]]]), np.zeros(1), np.array([[[[-0.25]]]]), np.zeros(1)])
    # -0.25 * 2 * 4 + 4 = 2; back: 2 straight, and -0.5 on the branch, which its ReLU takes away.
    assert drawn(model, image_of([[4]]), "end") == [[2]]


def test_concatenation_goes_back_to_the_branch_of_the_map():
    image = keras.Input((1, 1, 1))
    branches = [layers.Conv2D(1, 1, name=name)(image) for name in "ab"]
    model = keras.Model(image, layers.Conv2D(1, 1, name="last")(layers.Concatenate(name="both")(branches)))
    model.set_weights([
        np.array([[[[2.0]]]]), np.zeros(1), np.array([[[[3.0]]]]), np.zeros(1), np.array([[[[1], [10]]]]), np.zeros(1),
    ])  # fmt: skip
    assert drawn(model, image_of([[1]]), "both", 0) == [[4]]
    assert drawn(model, image_of([[1]]), "both", 1) == [[9]]
    assert drawn(model, image_of([[1]]), "last") == [[32 * 2 + 320 * 3]]


def test_padding_cropping_upsampling_rescaling_and_dropout():
    model = network(
        (1, 2, 1), layers.Rescaling(2.0, offset=1), layers.ZeroPadding2D(1), layers.Cropping2D(((1, 1), (1, 2))),
        layers.Dropout(0.9), layers.UpSampling2D(2), layers.AveragePooling2D(2, name="last"),
    )
    # The first pixel alone is left: 2 * 3 + 1 = 7; back: 7 / 4 at each of four, together 7, times 2.
    assert drawn(model, image_of([[3, 5]]), "last") == [[14, 0]]


@pytest.mark.parametrize("layer, named", [
    (layers.Conv2D(1, 1, activation="tanh", name="bent"), r"bent \(Conv2D: activation tanh\)"),
    (layers.LeakyReLU(name="bent"), r"bent \(LeakyReLU: no reversal known\)"),
    (layers.GroupNormalization(1, name="bent"), r"bent \(GroupNormalization: no reversal known\)"),
])
def test_what_cannot_be_reversed_is_named(layer, named):
    model = network((2, 2, 1), layers.Conv2D(1, 1), layer, layers.Conv2D(1, 1, name="last"))
    with pytest.raises(ValueError, match=f"Expected.*or custom_keras_model_info. Received: {named}"):
        DeconvolutionalNetwork(model, "last", 1)
    DeconvolutionalNetwork(model, 1, 1)  # up to there it can


def test_of_very_many_the_first_are_named():
    bent = [layers.Activation("tanh", name=f"bent{number}") for number in range(9)]
    with pytest.raises(ValueError, match=r"Received: bent0 \(.*bent4 \(Activation: activation tanh\); and 4 more$"):
        DeconvolutionalNetwork(network((2, 2, 1), *bent), "bent8", 1)


def test_a_product_of_two_branches_cannot_be_reversed():
    image = keras.Input((2, 2, 1))
    model = keras.Model(image, layers.Conv2D(1, 1, name="last")(ops.multiply(image, layers.Conv2D(1, 1)(image))))
    with pytest.raises(ValueError, match="multiply.*a product of what the image gave"):
        DeconvolutionalNetwork(model, "last", 1)


def test_layers_of_ones_own_can_be_called_reversible():
    class Doubled(layers.Layer):
        def call(self, inputs):
            return inputs * 2

    model = network((1, 1, 1), Doubled(name="doubled"))
    with pytest.raises(ValueError, match="Doubled: no reversal known"):
        DeconvolutionalNetwork(model, "doubled", 1)
    assert drawn(model, image_of([[3]]), "doubled", reversible_layers=[Doubled]) == [[12]]


def test_a_batch_gives_what_single_images_give():
    rng = np.random.default_rng(0)
    model = network((9, 8, 3), layers.Conv2D(20, 3, activation="relu"), layers.MaxPooling2D(name="pool"))
    model.set_weights([rng.normal(size=weight.shape) for weight in model.get_weights()])
    images = rng.normal(size=(3, 9, 8, 3))
    technique = DeconvolutionalNetwork(model, "pool", 18)  # more than are compiled into one function
    together = technique.draw(images)
    for image, result in zip(images, together, strict=True):
        (alone,) = technique.draw(image[None])
        assert len(alone.reconstructions) == 18
        for one, other in zip(result.reconstructions, alone.reconstructions, strict=True):
            assert (one.feat_map_no, one.position) == (other.feat_map_no, other.position)
            np.testing.assert_allclose(one.array, other.array, atol=1e-5)
        activations = [made.activation for made in result.reconstructions]
        assert activations == sorted(activations, reverse=True)
    named = DeconvolutionalNetwork(model, "pool", feat_map_nos=[7, 2]).draw(images)
    assert [[made.feat_map_no for made in result.reconstructions] for result in named] == [[7, 2]] * 3
