"""Thinning keeps extremes, ends, and whatever is in view."""
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from custom_bokeh.thinning import thin


def test_few_points_all_stay():
    x = np.arange(10.0)
    assert thin(x, x, 10).tolist() == list(range(10))


def test_a_single_spike_among_a_million_stays():
    y = np.zeros(1_000_000)
    y[345_678], y[345_679] = 5, -5
    kept = thin(np.arange(1e6), y, 2000)
    assert {0, 345_678, 345_679, 999_999} <= set(kept.tolist())
    assert len(kept) <= 2004


def test_a_narrow_view_has_every_point_and_one_beyond_each_end():
    x = np.arange(1000.0)
    assert thin(x, x, 20, 100.5, 105.5).tolist() == [100, 101, 102, 103, 104, 105, 106]
    assert thin(x, x, 20, -5, 2).tolist() == [0, 1, 2, 3]


def test_missing_values_are_no_extremes():
    y = np.full(1000, np.nan)
    y[501] = 3.0
    assert 501 in thin(np.arange(1000.0), y, 10)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=300), st.integers(2, 50))
def test_minimum_maximum_and_ends_stay(values, points):
    y = np.array(values)
    kept = thin(np.arange(len(y), dtype=float), y, points)
    assert y[kept].min() == y.min()
    assert y[kept].max() == y.max()
    assert (kept[0], kept[-1]) == (0, len(y) - 1)
    assert (np.diff(kept) > 0).all()
    assert len(kept) <= points + 4
