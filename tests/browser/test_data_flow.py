"""From a script that trains with Keras, through files and Bokeh document, to numbers and pixels on the page."""
import pickle
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

TRAINS = """
import os
import keras
import numpy as np
from custom_keras.callbacks import CustomCallbacks

keras.utils.set_random_seed(1)
x = np.random.default_rng(1).random((64, 12, 12, 1)).astype("float32")
y = (x.mean((1, 2, 3)) > 0.5).astype("int32")
model = keras.Sequential([
    keras.Input((12, 12, 1)),
    keras.layers.Conv2D(4, 3, activation="relu", name="edges"),
    keras.layers.MaxPooling2D(name="pool"),
    keras.layers.Flatten(),
    keras.layers.Dense(2, activation="softmax", name="output"),
])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
callbacks = CustomCallbacks(os.path.dirname(__file__), base_interval=8)
callbacks.register_network_saver()
callbacks.register_training_progress()
callbacks.register_layer_activations()
model.fit(x, y, 8, epochs=2, validation_data=(x, y), callbacks=callbacks.get_list())
"""

# The points of the plots, as the browser has them: [[x...], [y...]] of every source with these two columns.
_POINTS = """
() => Bokeh.documents.flatMap((document) => [...document._all_models.values()])
  .filter((model) => model.type === "ColumnDataSource" && model.data.x && model.data.y)
  .map((model) => [Array.from(model.data.x), Array.from(model.data.y)])
"""

# The pictures of one byte a pixel, as the browser has them: [[rows, columns], [grey values...]].
_PICTURES = """
() => Bokeh.documents.flatMap((document) => [...document._all_models.values()])
  .filter((model) => model.type === "ColumnDataSource" && model.data.image?.[0]?.shape)
  .map((model) => [model.data.image[0].shape, Array.from(model.data.image[0])])
"""


def holds(picture: np.ndarray, part: np.ndarray) -> bool:
    """Whether a picture shows a smaller one somewhere, pixel for pixel and upright."""
    if any(whole < small for whole, small in zip(picture.shape, part.shape, strict=True)):
        return False
    return bool((np.lib.stride_tricks.sliding_window_view(picture, part.shape) == part).all((2, 3)).any())


def test_what_keras_computes_arrives_on_the_page(page, upload, run, state, seven, servers, user):
    upload("flows.py", TRAINS)
    run(seven)
    expect(state).to_have_text("finished", timeout=120_000)
    folder = servers.instance / "user_storage" / user / "flows"

    rows = np.loadtxt(folder / "results" / "training_progress.txt", skiprows=1, ndmin=2)
    names = (folder / "results" / "training_progress.txt").read_text().splitlines()[0].split()
    assert len(rows) == 16
    page.get_by_role("link", name="Training progress").click()
    expect(page.locator("#visualization canvas").first).to_be_visible()
    page.wait_for_function(f"() => ({_POINTS})().some(([x]) => x.length === 16)")
    lines = page.evaluate(_POINTS)
    for name in ("accuracy", "loss"):
        expected = [rows[:, 0], rows[:, names.index(name)]]
        assert any(len(x) == 16 and np.allclose([x, y], expected) for x, y in lines), (name, lines)

    with (folder / "results" / "layer_activations.pickle").open("rb") as file:
        parts = pickle.load(file)
    maps = next(array for title, array in parts if "edges" in title)
    assert maps.shape == (4, 10, 10)
    page.get_by_role("link", name="Layer activations").click()
    expect(page.locator("#visualization canvas").first).to_be_visible()
    page.wait_for_function(f"() => ({_PICTURES})().some(([shape]) => shape[0] > 20)")
    pictures = [np.array(values, np.uint8).reshape(shape) for shape, values in page.evaluate(_PICTURES)]
    assert maps.max() == 255
    assert all(any(holds(picture, map_) for picture in pictures) for map_ in maps)

    page.get_by_role("link", name="Overview").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download network").click()
    assert Path(download.value.path()).read_bytes() == (folder / "networks" / "flows.keras").read_bytes()
