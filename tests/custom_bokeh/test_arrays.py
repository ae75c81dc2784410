"""Grids and sizes, on arrays small enough to write down."""
import numpy as np
import pytest

from custom_bokeh.arrays import Grid, grid_of, lay_out, packed, plain, reduced


def test_maps_lie_in_a_grid_with_white_borders():
    maps = np.array([[[1, 2]], [[3, 4]], [[5, 6]]], np.uint8)
    picture = lay_out(maps, Grid(count=3, columns=2, height=1, width=2, border=1))
    white = 255
    assert picture.tolist() == [
        [white, white, white, white, white, white, white],
        [white, 1, 2, white, 3, 4, white],
        [white, white, white, white, white, white, white],
        [white, 5, 6, white, white, white, white],
        [white, white, white, white, white, white, white],
    ]


def test_units_of_a_dense_layer_are_pixels_in_rows():
    grid = grid_of((130,))
    picture = lay_out(np.arange(130, dtype=np.uint8), grid)
    assert picture.shape == (3, 64)
    assert picture[1, 0] == 64
    assert picture[2, :3].tolist() == [128, 129, 255]


def test_few_units_are_one_row():
    assert lay_out(np.arange(10, dtype=np.uint8), grid_of((10,))).tolist() == [list(range(10))]


@pytest.mark.parametrize(("shape", "columns"), [
    ((32, 26, 26), 8),
    ((64, 224, 224), 16),
    ((512, 14, 14), 32),
    ((1, 5, 5), 1),
    ((7, 5, 5), 4),
    ((12, 1, 40), 1),
])  # fmt: skip
def test_the_last_row_is_full_where_some_number_of_columns_allows(shape, columns):
    assert grid_of(shape).columns == columns


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 5, 2), (17, 3, 3), (96, 55, 55), (10_000,), (1,)])
def test_every_map_is_found_again_where_it_lies(shape):
    grid = grid_of(shape)
    picture = lay_out(np.zeros(shape, np.uint8), grid)
    assert picture.shape == grid.shape
    for index in {0, grid.count // 2, grid.count - 1}:
        row, column = grid.corner(index)
        assert (picture[row : row + grid.height, column : column + grid.width] == 0).all()
        assert grid.index(column + grid.width / 2, row + grid.height / 2) == index
    assert grid.index(-1, 0) is None
    assert grid.index(0, grid.shape[0] + 1) is None


def test_a_reduced_picture_holds_means():
    picture = np.array([[0, 2, 10], [4, 6, 20], [8, 8, 99]], np.uint8)
    assert reduced(picture, 2).tolist() == [[3, 15], [8, 99]]
    assert reduced(picture, 1) is picture
    colour = np.dstack([picture, picture, picture])
    assert reduced(colour, 2)[..., 1].tolist() == [[3, 15], [8, 99]]


def test_colours_are_packed_as_red_green_blue_opaque():
    picture = np.array([[[1, 2, 3]]], np.uint8)
    assert packed(picture).tolist() == [[1 + 2 * 256 + 3 * 65536 + 255 * 16777216]]


def test_a_channel_of_one_is_dropped():
    assert plain(np.zeros((4, 5, 1), np.uint8)).shape == (4, 5)
    assert plain(np.zeros((4, 5, 3), np.uint8)).shape == (4, 5, 3)
