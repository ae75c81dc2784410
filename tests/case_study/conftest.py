"""Drawn faces, prepared once, and a small network for their features."""

import os
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest

from case_study.extractor import Extractor
from case_study.features import extract
from case_study.prepare import prepare
from case_study.study import Study
from case_study.synthesize import synthesize

ROOT = Path(__file__).resolve().parents[2]
LENGTH = 6


@pytest.fixture(scope="session")
def _prepared(tmp_path_factory):
    root = tmp_path_factory.mktemp("faces")
    synthesize(root / "database", actors=3, movies=2, images=6, seed=1, clean_only=True)
    prepare(root / "database", root / "data")
    return root / "data"


@pytest.fixture
def data(_prepared, tmp_path):
    """36 prepared images of 3 people; each test has a copy of its own."""
    return Path(shutil.copytree(_prepared, tmp_path / "data"))


@pytest.fixture
def network():
    """A small network from images of 8 x 8 pixels to 6 features, the same each time."""
    keras.utils.set_random_seed(0)
    image = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 3, strides=2, activation="relu", name="conv")(image)
    x = keras.layers.Dense(LENGTH, activation="relu", name="fc")(keras.layers.Flatten()(x))
    return keras.Model(image, keras.layers.Dense(3, activation="softmax", name="output")(x))


@pytest.fixture
def extractor(network):
    """The network up to its features, for values 0 to 1."""
    model = keras.Model(network.inputs[0], network.get_layer("fc").output)
    return Extractor(model, lambda pixels: pixels / np.float32(255))


@pytest.fixture
def child_environment():
    """What a Python process needs to find the packages."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3", "OMP_NUM_THREADS": "2"}


@pytest.fixture
def study(data, extractor):
    """The drawn faces with their features, for the nine networks."""
    extract(data, extractor, {"network": "toy"})
    return Study(data)
