"""From files in `images/` to what the network takes."""
import keras
import numpy as np
import pytest
from PIL import Image

from custom_keras.callbacks import SaliencyMaps
from custom_keras.callbacks.errors import ExpectedError
from custom_keras.callbacks.input_images import prepare, read_image
from custom_keras.techniques.network import Network
from visualization_files.layout import ScriptFolder
from visualization_files.stages import read_stages

GREY = np.array([[0, 100], [200, 255]], "uint8")
COLOUR = np.array([[[255, 0, 0], [0, 255, 0]]], "uint8")


def network(*shape, **options):
    return Network(keras.Sequential([keras.Input(shape), keras.layers.Conv2D(1, 1, **options)]))


@pytest.fixture
def saved(tmp_path):
    def save(image, name="a.png", **options):
        image.save(tmp_path / name, **options)
        return tmp_path / name

    return save


def test_grey_and_coloured_files(saved):
    grey, colour = read_image(saved(Image.fromarray(GREY))), read_image(saved(Image.fromarray(COLOUR)))
    assert grey.dtype == colour.dtype == np.float32
    np.testing.assert_array_equal(grey, GREY[..., None])
    np.testing.assert_array_equal(colour, COLOUR)


@pytest.mark.parametrize("mode, expected", [
    ("1", [[[0]], [[255]]]), ("LA", [[[0]], [[255]]]),
    ("P", [[[0] * 3], [[255] * 3]]), ("CMYK", [[[0] * 3], [[255] * 3]]),
])  # fmt: skip
def test_other_modes(tmp_path, mode, expected):
    image = Image.fromarray(np.array([[0], [255]], "uint8"))
    image = image.convert("RGB").convert(mode) if mode in ("P", "CMYK") else image.convert(mode)
    path = tmp_path / ("a.tif" if mode == "CMYK" else "a.png")
    image.save(path)
    assert read_image(path).tolist() == expected


def test_sixteen_bits_become_eight(saved):
    deep = Image.fromarray(np.array([[0, 257 * 100, 65535]], "uint16"))
    assert read_image(saved(deep)).ravel().tolist() == [0, 100, 255]


def test_transparent_parts_are_white(saved):
    pixels = np.array([[[10, 20, 30, 255], [10, 20, 30, 0]]], "uint8")
    assert read_image(saved(Image.fromarray(pixels))).tolist() == [[[10, 20, 30], [255, 255, 255]]]


def test_a_photograph_is_turned_as_its_camera_was(saved):
    image = Image.fromarray(np.array([[0, 255]], "uint8"))
    exif = image.getexif()
    exif[0x0112] = 6  # to be turned clockwise by a quarter
    assert read_image(saved(image, exif=exif)).ravel().tolist() == [0, 255]
    assert read_image(saved(image, exif=exif)).shape == (2, 1, 1)


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / "a.png").write_bytes(b"\x89PNG and nothing else")
    with pytest.raises(ExpectedError, match="a.png cannot be read"):
        read_image(tmp_path / "a.png")


def test_an_image_that_fits_is_taken_as_it_is():
    image = GREY[..., None].astype("float32")
    made, said = prepare(image, network(2, 2, 1), None)
    np.testing.assert_array_equal(made, image)
    assert said == ""


def test_channels_are_matched_and_that_is_said():
    made, said = prepare(GREY[..., None].astype("float32"), network(2, 2, 3), None)
    assert made[1, 0].tolist() == [200, 200, 200]
    assert said == "The input image was given three equal channels to fit the network."
    made, said = prepare(COLOUR.astype("float32"), network(1, 2, 1), None)
    assert made[0, :, 0].tolist() == pytest.approx([0.299 * 255, 0.587 * 255])
    assert said == "The input image was turned grey to fit the network."


def test_an_image_is_resized_and_that_is_said():
    checks = np.kron([[0.0, 100.0], [200.0, 40.0]], np.ones((4, 4))).astype("float32")[..., None]
    made, said = prepare(checks, network(2, 4, 3), None)
    assert made.shape == (2, 4, 3)
    assert made[0, 0, 0] < 40 and made[1, 0, 0] > 160 and 60 < made[0, 3, 0] < 120
    assert said == (
        "The input image was given three equal channels and resized from 8x8 to 4x2 pixels to fit the network."
    )


def test_an_image_for_channels_first_and_for_no_channels():
    image = COLOUR.astype("float32")
    made, _ = prepare(image, network(3, 1, 2, data_format="channels_first"), None)
    np.testing.assert_array_equal(made, np.moveaxis(image, -1, 0))
    flat = Network(keras.Sequential([keras.Input((2, 2)), keras.layers.Flatten(), keras.layers.Dense(1)]))
    made, _ = prepare(GREY[..., None].astype("float32"), flat, None)
    np.testing.assert_array_equal(made, GREY)


def test_a_free_size_keeps_the_images_own():
    made, said = prepare(COLOUR.astype("float32"), network(None, None, 3), None)
    assert made.shape == (1, 2, 3) and said == ""


def test_other_channels_ask_for_a_preprocess():
    with pytest.raises(ExpectedError, match="takes images of 5 channels, and the input image has 1.*custom_preprocess"):
        prepare(GREY[..., None].astype("float32"), network(2, 2, 5), None)


def test_preprocess_gets_0_to_255_and_its_result_is_taken_as_it_is():
    given = []

    def preprocess(image):
        given.append(image.copy())
        image -= 255  # in place, which must not spoil the next drawing
        return image.astype("float64") / 255

    image = GREY[..., None].astype("float32")
    made, said = prepare(image, network(2, 2, 1), preprocess)
    np.testing.assert_array_equal(given[0], GREY[..., None])
    assert given[0].dtype == np.float32 and image.max() == 255
    assert made.dtype == np.float32 and made[1, 1, 0] == 0 and said == ""


def test_what_was_done_is_written_to_the_output_and_to_the_stage(tmp_path, capsys):
    folder = ScriptFolder(tmp_path / "script")
    folder.images.mkdir(parents=True)
    Image.fromarray(GREY).save(folder.images / "a.png")
    model = keras.Sequential([keras.Input((2, 2, 3)), keras.layers.Flatten(), keras.layers.Dense(2)])
    model.compile("sgd", "mse")
    model.fit(np.zeros((2, 2, 2, 3)), np.zeros((2, 2)), verbose=0, callbacks=[SaliencyMaps(folder.path)])
    sentence = "The input image was given three equal channels to fit the network."
    assert {stage.details["preprocess"] for stage in read_stages(folder.results, "saliency_maps")} == {sentence}
    assert capsys.readouterr().out.count(sentence) == 1
