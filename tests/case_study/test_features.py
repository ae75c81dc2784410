import json
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest

from case_study.extractor import Extractor
from case_study.features import extract, read_features
from case_study.pictures import read_pixels
from case_study.table import read_table, write_table

# Keras' own, from reading TensorFlow's variables.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy")
ORIGIN = {"network": "toy"}
# Runs in a process of its own: reads no image from the 21st on, so it cannot get beyond batch 5 of 4 images each.
STUCK = """
import sys, threading
from pathlib import Path
import keras, numpy as np
from case_study import features
from case_study.extractor import Extractor
from case_study.pictures import read_pixels
from case_study.table import read_table

data, network = Path(sys.argv[1]), sys.argv[2]
readable = {data / row.path for row in read_table(data).rows[:20]}

def read(path, *arguments):
    if path not in readable:
        threading.Event().wait()
    return read_pixels(path, *arguments)

features.read_pixels = read
model = keras.saving.load_model(network, compile=False)
features.extract(data, Extractor(model, lambda p: p / np.float32(255)), {"network": "toy"}, batch_size=4)
"""


@pytest.fixture
def pixels_themselves():
    """An extractor whose features are the pixels of images of 4 x 6, row by row."""
    image = keras.Input((4, 6, 3))
    return Extractor(keras.Model(image, keras.layers.Flatten()(image)), lambda pixels: pixels)


@pytest.mark.parametrize("batch_size", [1, 7, 36, 100])
def test_features_are_in_the_order_of_the_table(data, pixels_themselves, batch_size):
    features = extract(data, pixels_themselves, ORIGIN, batch_size=batch_size)

    expected = [read_pixels(data / row.path, (4, 6)).ravel() for row in read_table(data).rows]
    assert features.shape == (1, 36, 72) and features.dtype == np.float32
    np.testing.assert_array_equal(features[0], expected)
    np.testing.assert_array_equal(read_features(data), features)
    np.testing.assert_array_equal(np.load(data / "features.npy"), features[0])


def test_mirrored_images_come_after_the_others(data, pixels_themselves):
    features = extract(data, pixels_themselves, ORIGIN, mirrored=True, batch_size=10)

    assert features.shape == (2, 36, 72)
    plain, mirrored = (view.reshape(-1, 4, 6, 3) for view in features)
    np.testing.assert_array_equal(mirrored, plain[:, :, ::-1])
    assert not np.array_equal(mirrored, plain)


def test_images_are_preprocessed(data, extractor):
    found = extract(data, extractor, ORIGIN)[0]

    path = data / read_table(data).rows[3].path
    alone = extractor.model.predict_on_batch(read_pixels(path, (8, 8))[np.newaxis] / 255)
    np.testing.assert_allclose(found[3], np.asarray(alone)[0], rtol=1e-5)


def test_killed_and_resumed_equals_uninterrupted(data, network, extractor, tmp_path, child_environment):
    network = keras.Model(network.inputs[0], network.get_layer("fc").output)
    network.save(tmp_path / "network.keras")
    whole = np.array(extract(data, extractor, ORIGIN, batch_size=4))
    (data / "features.json").unlink()
    child = subprocess.Popen([sys.executable, "-c", STUCK, data, tmp_path / "network.keras"], env=child_environment)
    try:
        wait_until_done(data, 20, child)
    finally:
        child.send_signal(signal.SIGKILL)
        assert child.wait(10) == -signal.SIGKILL
    with pytest.raises(ValueError, match="not complete: 20 of 36"):
        read_features(data)
    # As if it had died in the middle of the next batch.
    file = np.lib.format.open_memmap(data / "features.npy", "r+")
    np.testing.assert_array_equal(file[:20], whole[0, :20])
    file[20:23] = 7
    file.flush()

    counted = []
    counting = Extractor(extractor.model, lambda pixels: counted.append(1) or extractor.preprocess(pixels))
    resumed = extract(data, counting, ORIGIN, batch_size=4)

    assert len(counted) == 16
    np.testing.assert_array_equal(resumed, whole)
    np.testing.assert_array_equal(read_features(data), whole)


def wait_until_done(data, images, child):
    end = time.monotonic() + 120
    while time.monotonic() < end and child.poll() is None:
        state = data / "features.json"
        if state.exists() and json.loads(state.read_text())["done"] == images:
            return
        time.sleep(0.05)
    raise AssertionError(f"never {images} images, exit code {child.poll()}")


def test_what_is_complete_is_not_computed_again(data, extractor):
    first = np.array(extract(data, extractor, ORIGIN))
    refusing = Extractor(extractor.model, lambda pixels: pytest.fail("computed again"))

    np.testing.assert_array_equal(extract(data, refusing, ORIGIN), first)


@pytest.mark.parametrize(
    ("origin", "options"),
    [({"network": "other"}, {}), (ORIGIN, {"mirrored": True}), (ORIGIN, {"batch_size": 5})],
)
def test_what_was_made_otherwise_is_computed_anew(data, extractor, origin, options):
    extract(data, extractor, ORIGIN)
    counted = []
    counting = Extractor(extractor.model, lambda pixels: counted.append(1) or extractor.preprocess(pixels))

    extract(data, counting, origin, **options)

    assert len(counted) == 36 * (1 + bool(options.get("mirrored")))


def test_features_of_another_table_are_refused(data, extractor):
    extract(data, extractor, ORIGIN)
    write_table(data, read_table(data).rows[1:])

    with pytest.raises(ValueError, match="are of other images. Compute them again"):
        read_features(data)
    assert extract(data, extractor, ORIGIN).shape == (1, 35, 6)


def test_missing_features_say_what_to_do(data):
    with pytest.raises(FileNotFoundError, match="python -m case_study features"):
        read_features(data)


def test_the_progress_bar_counts_images(data, extractor, capsys):
    extract(data, extractor, ORIGIN, batch_size=10)

    assert "Features" in (out := capsys.readouterr().out) and "36/36" in out
