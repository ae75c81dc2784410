"""The k largest values of each column: by hand, and against sorting everything."""
import numpy as np

from custom_keras.techniques.strongest import Strongest


def test_by_hand():
    strongest = Strongest(2, 2)
    assert strongest.add([0, 1], np.array([[1.0, 5.0], [3.0, 5.0]]))
    assert strongest.add([4, 7], np.array([[2.0, 5.0], [np.nan, 6.0]]))
    assert not strongest.add([8], np.array([[2.0, 5.0]]))
    np.testing.assert_array_equal(strongest.values, [[3, 6], [2, 5]])
    np.testing.assert_array_equal(strongest.numbers, [[1, 7], [4, 0]])
    assert strongest.leading(2) == [1, 0]
    assert strongest.in_use() == {0, 1, 4, 7}


def test_too_few_rows_and_values_that_are_no_numbers():
    strongest = Strongest(3, 1)
    strongest.add([0, 1, 2], np.array([[np.inf], [-2.0], [np.nan]]))
    np.testing.assert_array_equal(strongest.numbers, [[1], [-1], [-1]])


def test_against_sorting_everything_however_it_is_cut():
    values = np.random.default_rng(0).integers(0, 9, (200, 7)).astype("float32")  # many are equal
    expected = np.argsort(-values, axis=0, kind="stable")[:5]
    for size in (1, 3, 64, 200):
        strongest = Strongest(5, 7)
        for start in range(0, 200, size):
            strongest.add(np.arange(start, min(start + size, 200)), values[start : start + size])
        np.testing.assert_array_equal(strongest.numbers, expected)
        np.testing.assert_array_equal(strongest.values, np.take_along_axis(values, expected, axis=0))
