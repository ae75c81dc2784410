"""The scaling rules, by hand."""
import numpy as np
import pytest

from custom_keras.techniques import pictures


def test_activations_are_scaled_from_zero():
    picture, value_range = pictures.scale_from_zero(np.array([1.0, 2.0, 4.0]))
    assert picture.tolist() == [64, 128, 255] and picture.dtype == np.uint8
    assert value_range == (0.0, 4.0)


def test_activations_below_zero_are_scaled_from_the_smallest():
    picture, value_range = pictures.scale_from_zero(np.array([-1.0, 0.0, 3.0]))
    assert picture.tolist() == [0, 64, 255]
    assert value_range == (-1.0, 3.0)


@pytest.mark.parametrize("value, expected", [(0.0, 0), (5.0, 255), (-5.0, 0)])
def test_a_constant_array(value, expected):
    assert pictures.scale_from_zero(np.full((2, 2), value))[0].tolist() == [[expected] * 2] * 2


def test_a_large_range_does_not_overflow():
    picture, _ = pictures.scale_from_zero(np.array([0.0, 1.5e38, 3e38], "float32"))
    assert picture.tolist() == [0, 128, 255]


def test_values_that_are_no_number_are_black_and_infinity_white():
    picture, value_range = pictures.scale_from_zero(np.array([np.nan, 1.0, np.inf, 2.0, -np.inf], "float32"))
    assert value_range == (0.0, 2.0)
    assert picture.tolist() == [0, 128, 255, 255, 0]
    assert pictures.range_of(np.array([np.nan])) == (0.0, 0.0)


def test_a_reconstruction_is_scaled_from_its_own_range():
    picture, value_range = pictures.reconstruction(np.array([[[-0.5], [0.0], [0.5]]]))
    assert picture.tolist() == [[[0], [128], [255]]] and value_range == (-0.5, 0.5)


def test_a_postprocessed_reconstruction_is_clipped_only():
    picture, value_range = pictures.reconstruction(np.array([[[-1.0], [0.5], [3.0]]]), lambda x: x * 100)
    assert picture.tolist() == [[[0], [50], [255]]] and value_range == (-1.0, 3.0)


def test_postprocess_may_drop_the_channel_and_work_in_place():
    array = np.ones((2, 3, 1))

    def postprocess(given):
        given *= 7
        return given[..., 0]

    assert pictures.reconstruction(array, postprocess)[0].shape == (2, 3, 1)
    assert array.max() == 1


@pytest.mark.parametrize("result", [None, 3.0, np.zeros(4), np.array([[["a"]]])])
def test_a_postprocess_that_returns_no_picture_is_an_error(result):
    with pytest.raises(ValueError, match="custom_postprocess.*Expected.*Received"):
        pictures.reconstruction(np.zeros((2, 2, 1)), lambda _: result)


def test_pictures_are_in_c_order_whatever_the_array_is():
    picture, _ = pictures.scale_from_zero(np.moveaxis(np.ones((4, 5, 2)), -1, 0))
    assert picture.shape == (2, 4, 5) and picture.flags.c_contiguous
