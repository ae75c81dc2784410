"""Each regularizer alone, by hand, and their order."""
import numpy as np
import pytest
from keras import ops
from scipy.ndimage import gaussian_filter

from custom_keras import backend
from custom_keras.techniques.regularization import Regularization


def applied(images, gradient=None, step=1, channels_first=False, **settings):
    """One application to images `(N, ...)`."""
    images = np.asarray(images, "float32")
    gradient = np.zeros_like(images) if gradient is None else np.asarray(gradient, "float32")
    apply = Regularization(**settings).compiled_for(images.shape[1:], channels_first)
    run = backend.compiled(lambda *tensors: apply(*tensors, ops.convert_to_tensor(step, "int32")), [])
    return run(images, gradient)


def grey(rows):
    return np.array(rows, "float32")[None, ..., None]


def rows_of(images):
    return images[0, ..., 0].tolist()


def test_everything_is_off_by_default():
    images = np.random.default_rng(0).normal(size=(2, 5, 4, 3)).astype("float32")
    np.testing.assert_array_equal(applied(images, images), images)


def test_l2_decay_takes_a_part_away():
    assert rows_of(applied(grey([[4, -8]]), l2_decay=0.25)) == [[3, -6]]


@pytest.mark.parametrize("step, due", [(1, False), (2, False), (3, True), (4, False), (6, True)])
def test_blur_comes_after_every_nth_step(step, due):
    dot = np.zeros((1, 7, 9, 2), "float32")
    dot[0, 3, 4] = [1, 10]
    blurred = applied(dot, step=step, blur_interval=3, blur_std=0.8)
    expected = gaussian_filter(dot, (0, 0.8, 0.8, 0)) if due else dot
    np.testing.assert_allclose(blurred, expected, atol=1e-6)


@pytest.mark.parametrize("std", [0.5, 1.0, 5.0])
def test_blur_is_scipys_also_at_the_border_and_wider_than_the_image(std):
    images = np.random.default_rng(1).normal(size=(2, 6, 5, 3)).astype("float32")
    expected = gaussian_filter(images, (0, std, std, 0))
    np.testing.assert_allclose(applied(images, blur_interval=1, blur_std=std), expected, atol=1e-6)


@pytest.mark.parametrize("settings", [{"blur_interval": 1}, {"blur_std": 1}])
def test_blur_needs_both_of_its_arguments(settings):
    assert rows_of(applied(grey([[0, 9, 0]]), **settings)) == [[0, 9, 0]]


def test_values_below_the_percentile_of_their_size_become_zero():
    # Sizes 1, 2, 3, 4, 5: the 50th percentile is 3, which stays.
    assert rows_of(applied(grey([[-1, 2, -3, 4, -5]]), value_percentile=50)) == [[0, 0, -3, 4, -5]]


def test_a_percentile_between_two_values_is_interpolated():
    # Of 1, 2, 3, 4, the 50th is 2.5.
    assert rows_of(applied(grey([[1, 2, 3, 4]]), value_percentile=50)) == [[0, 0, 3, 4]]


@pytest.mark.parametrize("percentile", [0.5, 10, 33.3, 50, 70, 90, 99.9, 100])
def test_percentiles_are_numpys(percentile):
    images = np.random.default_rng(4).normal(size=(2, 7, 9, 1)).astype("float32")
    made = applied(images, value_percentile=percentile)
    for image, result in zip(images, made, strict=True):
        size = abs(image.astype("float64"))
        np.testing.assert_array_equal(result, np.where(size >= np.percentile(size, percentile) - 1e-9, image, 0))


def test_an_image_of_one_pixel_is_kept():
    assert applied(np.full((1, 1, 1, 1), 3.0), value_percentile=90).tolist() == [[[[3]]]]


def test_values_are_clipped_channel_by_channel_and_norms_by_pixel():
    image = np.array([[[[3.0, 4.0], [0.0, 4.5], [6.0, 0.0]]]])
    # Values 0, 0, 3, 4, 4.5, 6 with 3.5 in the middle; norms 5, 4.5, 6.
    assert applied(image, value_percentile=50).tolist() == [[[[0, 4], [0, 4.5], [6, 0]]]]
    assert applied(image, norm_percentile=50).tolist() == [[[[3, 4], [0, 0], [6, 0]]]]


IMAGE = np.array([[[[1.0, 2.0], [3.0, -1.0], [2.0, 2.0]]]])
GRADIENT = np.array([[[[4.0, 1.0], [-1.0, 2.0], [1.0, -1.0]]]])


def test_contribution_is_minus_the_image_times_the_gradient_summed_over_channels():
    # -(4 + 2) = -6, -(-3 - 2) = 5, -(2 - 2) = 0: the middle is 0.
    assert applied(IMAGE, GRADIENT, contribution_percentile=50).tolist() == [[[[0, 0], [3, -1], [2, 2]]]]


def test_absolute_contribution_is_its_size():
    # 6, 5, 0: the middle is 5.
    assert applied(IMAGE, GRADIENT, abs_contribution_percentile=50).tolist() == [[[[1, 2], [3, -1], [0, 0]]]]


def test_the_order():
    rng = np.random.default_rng(2)
    images, gradient = (rng.normal(0, std, (2, 8, 7, 3)).astype("float32") for std in (10, 1))
    percentiles = {"value_percentile": 30, "norm_percentile": 40, "contribution_percentile": 50,
                   "abs_contribution_percentile": 60}  # fmt: skip
    made = applied(images, gradient, step=4, l2_decay=0.3, blur_interval=2, blur_std=0.5, **percentiles)
    for image, slope, result in zip(images, gradient, made, strict=True):
        x = gaussian_filter(image * 0.7, (0.5, 0.5, 0))
        x = np.where(abs(x) < np.percentile(abs(x), 30), 0, x)
        norm = np.linalg.norm(x, axis=-1, keepdims=True)
        x = np.where(norm < np.percentile(norm, 40), 0, x)
        contribution = -(x * slope).sum(axis=-1, keepdims=True)
        x = np.where(contribution < np.percentile(contribution, 50), 0, x)
        contribution = abs((x * slope).sum(axis=-1, keepdims=True))
        x = np.where(contribution < np.percentile(contribution, 60), 0, x)
        np.testing.assert_allclose(result, x, atol=1e-5)
        assert 0 < np.count_nonzero(result) < result.size / 2


@pytest.mark.parametrize("settings", [
    {"l2_decay": 0.1}, {"blur_interval": 1, "blur_std": 1.0}, {"value_percentile": 60}, {"norm_percentile": 60},
    {"contribution_percentile": 60}, {"abs_contribution_percentile": 60},
])  # fmt: skip
def test_channels_first_and_images_without_channels_give_the_same(settings):
    rng = np.random.default_rng(3)
    images, gradient = (rng.normal(size=(2, 6, 5, 3)).astype("float32") for _ in range(2))
    last = applied(images, gradient, **settings)
    first = applied(np.moveaxis(images, -1, 1), np.moveaxis(gradient, -1, 1), channels_first=True, **settings)
    np.testing.assert_allclose(np.moveaxis(first, 1, -1), last, atol=1e-6)
    one = applied(images[..., :1], gradient[..., :1], **settings)
    without = applied(images[..., 0], gradient[..., 0], **settings)
    np.testing.assert_allclose(without[..., None], one, atol=1e-6)


@pytest.mark.parametrize("settings", [
    {"l2_decay": 1.5}, {"l2_decay": -0.1}, {"blur_interval": -1}, {"blur_interval": 1.5}, {"blur_std": float("inf")},
    {"blur_std": -1}, {"value_percentile": 101}, {"norm_percentile": -1}, {"contribution_percentile": 100.1},
    {"abs_contribution_percentile": "50"}, {"l2_decay": float("nan")}, {"l2_decay": None},
])  # fmt: skip
def test_numbers_out_of_range_are_named(settings):
    (name, value), = settings.items()
    with pytest.raises(ValueError, match=f"{name}.*Expected.*Received: {name}={value!r}"):
        Regularization(**settings)
