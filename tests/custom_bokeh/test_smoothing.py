"""Means over the last batches, worked out by hand."""
import numpy as np
import pytest

from custom_bokeh.smoothing import smoothed

NAN = np.nan


@pytest.mark.parametrize(("values", "window", "expected"), [
    ([1, 2, 6], 1, [1, 2, 6]),
    ([1, 2, 6, 4], 2, [1, 1.5, 4, 5]),
    ([3, NAN, 5], 2, [3, 3, 5]),
    ([NAN, NAN, 4], 2, [NAN, NAN, 4]),
    ([2, np.inf, 4, 6], 2, [2, 2, 4, 5]),
    ([1, 2, 3], 100, [1, 1.5, 2]),
])  # fmt: skip
def test_each_value_becomes_the_mean_of_it_and_those_before(values, window, expected):
    np.testing.assert_allclose(smoothed(np.array(values, float), 0, len(values), window), expected)


def test_a_part_is_smoothed_as_in_the_whole():
    values = np.random.default_rng(1).normal(size=500)
    whole = smoothed(values, 0, 500, 20)
    np.testing.assert_allclose(smoothed(values, 300, 350, 20), whole[300:350])
