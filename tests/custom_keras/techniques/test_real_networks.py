"""Trained networks on real images. The data is no part of the repository: `VISUALIZER_TEST_DATA` says where it lies."""
import importlib.util
import os
from pathlib import Path

import keras
import numpy as np
import pytest

from custom_keras.techniques.deconvolutional_network import DeconvolutionalNetwork
from custom_keras.techniques.deep_visualization import DEEP_VISUALIZATION_PRESETS, DeepVisualization
from custom_keras.techniques.saliency_maps import VARIANTS, SaliencyMaps
from examples.mnist import build

DATA = Path(os.environ.get("VISUALIZER_TEST_DATA", Path(__file__).parents[4] / "shared" / "data"))
LOW_FREQUENCY = DEEP_VISUALIZATION_PRESETS["low_frequency"]


def needs(name):
    return pytest.mark.skipif(not (DATA / name).exists(), reason=f"needs {name} in VISUALIZER_TEST_DATA")


@pytest.fixture(scope="module")
def mnist():
    with np.load(DATA / "mnist.npz") as arrays:
        return arrays["x_train"][:6_000, ..., None] / np.float32(255), arrays["y_train"][:6_000]


@pytest.fixture(scope="module")
def digits_network(mnist):
    """The network of the thesis, trained on a part of MNIST."""
    keras.utils.set_random_seed(0)
    model = build()
    model.compile("adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(*mnist, 32, 2, verbose=0)
    assert history.history["accuracy"][-1] > 0.9
    return model


@needs("mnist.npz")
def test_deep_visualization_shows_the_digits_upright(digits_network, mnist):
    images, digits = mnist
    units = [("output", digit) for digit in range(10)]
    made = DeepVisualization(digits_network, units, 1.0, 150, **LOW_FREQUENCY, seed=1).draw().units
    found = digits_network.predict(np.stack([unit.array for unit in made]), verbose=0).argmax(axis=1)
    assert (found == np.arange(10)).sum() >= 9
    means = np.stack([images[digits == digit].mean(axis=0) for digit in range(10)])
    pictures = np.stack([unit.array for unit in made])
    likeness = np.corrcoef(pictures.reshape(10, -1), (means - means.mean(axis=0)).reshape(10, -1))[:10, 10:]
    assert (likeness.argmax(axis=1) == np.arange(10)).sum() >= 8
    flipped = np.corrcoef(pictures[:, ::-1].reshape(10, -1), (means - means.mean(axis=0)).reshape(10, -1))[:10, 10:]
    assert np.diag(likeness).mean() > 2 * np.diag(flipped).mean()


def share_near_the_digit(image, saliency):
    """How much of the saliency lies within three pixels of the digit's frame."""
    rows, columns = (np.flatnonzero(image[..., 0].any(axis=axis)) for axis in (1, 0))
    frame = saliency[max(rows[0] - 3, 0) : rows[-1] + 4, max(columns[0] - 3, 0) : columns[-1] + 4]
    return frame.sum() / saliency.sum()


@needs("mnist.npz")
def test_saliency_lies_on_the_digit(digits_network, mnist):
    images, digits = mnist[0][:20], mnist[1][:20]
    results = SaliencyMaps(digits_network, variant=VARIANTS).draw(images)
    assert np.mean([result.class_index == digit for result, digit in zip(results, digits, strict=True)]) > 0.8
    for variant in VARIANTS:
        maps = [result.maps[variant] for result in results]
        inside = [share_near_the_digit(image, made) for image, made in zip(images, maps, strict=True)]
        assert np.mean(inside) > 0.8 and min(inside) > 0.5


@needs("mnist.npz")
def test_a_reconstruction_lies_where_the_feature_map_looked(digits_network, mnist):
    (result,) = DeconvolutionalNetwork(digits_network, "conv2", 4).draw(mnist[0][:1])
    for made in result.reconstructions:
        row, column = made.position
        assert made.array[row : row + 5, column : column + 5].any()
        outside = made.array.copy()
        outside[row : row + 5, column : column + 5] = 0
        assert not outside.any()


@pytest.fixture(scope="module")
def squeezenet():
    spec = importlib.util.spec_from_file_location("squeezenet", DATA / "squeezenet.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def photograph(squeezenet):
    images = pytest.importorskip("sklearn.datasets").load_sample_images()
    return squeezenet.preprocess(images.images[1][100:327, 200:427].astype("float32"))[None]


@needs("squeezenet.py")
def test_the_branching_and_the_plain_form_of_a_network_give_the_same_pictures(squeezenet, photograph):
    forms = squeezenet.build(), squeezenet.build_sequential()
    one, other = (SaliencyMaps(form, variant=VARIANTS).draw(photograph)[0] for form in forms)
    assert one.class_index == other.class_index
    for variant in VARIANTS:
        largest = one.maps[variant].max()
        np.testing.assert_allclose(one.maps[variant], other.maps[variant], atol=1e-4 * largest)
    for names in (("conv1", "conv1"), ("fire3_concat", "fire3_expand"), ("fire9_concat", "fire9_expand")):
        one, other = (
            DeconvolutionalNetwork(form, name, 3).draw(photograph)[0].reconstructions
            for form, name in zip(forms, names, strict=True)
        )
        for first, second in zip(one, other, strict=True):
            assert (first.feat_map_no, first.position) == (second.feat_map_no, second.position)
            np.testing.assert_allclose(first.array, second.array, atol=1e-4 * np.abs(first.array).max())


@needs("squeezenet.py")
def test_deep_visualization_of_output_units_is_seen_as_their_class(squeezenet):
    classes = [76, 327]  # tarantula and starfish
    model = squeezenet.build()
    units = [("prob", number) for number in classes]
    made = DeepVisualization(model, units, 10_000, 25, **LOW_FREQUENCY, seed=1).draw().units
    seen = model.predict(np.stack([unit.array for unit in made]), verbose=0)
    assert seen.argmax(axis=1).tolist() == classes
    assert seen.max(axis=1).min() > 0.5
