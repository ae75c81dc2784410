"""A training that writes everything is killed (kill -9): every file is whole, whatever it was writing."""
import json
import os
import random
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from visualization_files.layout import ScriptFolder
from visualization_files.names import TECHNIQUES
from visualization_files.reader import read_visualization
from visualization_files.stages import read_stages

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = """
import sys
import keras, numpy as np
from custom_keras.callbacks import CustomCallbacks

x, y = np.random.default_rng(0).random((8, 12, 12, 1), "float32"), np.arange(8) % 3
model = keras.Sequential([
    keras.Input((12, 12, 1)), keras.layers.Conv2D(4, 3, activation="relu", name="conv"), keras.layers.Flatten(),
    keras.layers.Dense(3, activation="softmax", name="output"),
])
model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
callbacks = CustomCallbacks(sys.argv[1], base_interval=1)
callbacks.register_network_saver()
callbacks.register_training_progress()
callbacks.register_layer_activations(stage_limit=5)
callbacks.register_saliency_maps(stage_limit=5)
callbacks.register_deconvolutional_network("conv", 2, stage_limit=5)
callbacks.register_deep_visualization([("output", 0)], 1.0, 2, stage_limit=5)
callbacks.register_max_activating_images(x, "conv", 2, epochs=1, k=2, verbose=False, stage_limit=5)
model.fit(x, y, 4, 100_000, verbose=0, callbacks=callbacks.get_list())
"""
DRAWN = [name for name in TECHNIQUES if name != "training_progress"]


@pytest.fixture
def folder(tmp_path):
    folder = ScriptFolder(tmp_path / "script")
    folder.images.mkdir(parents=True)
    Image.new("L", (12, 12), 90).save(folder.images / "a.png")
    return folder


def wait_for_batch(batch, folder, process):
    end = time.monotonic() + 120
    while not any(stage.batch >= batch for stage in read_stages(folder.results, "max_activating_images")):
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [1, 2])
def test_every_file_is_whole(folder, seed):
    generator = random.Random(seed)
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(folder.path)], cwd=ROOT, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},
    )  # fmt: skip
    try:
        wait_for_batch(generator.randrange(2, 40), folder, process)
        time.sleep(generator.random() / 20)  # anywhere between two drawings
    finally:
        process.kill()
        process.communicate()
    check(folder)


def check(folder):
    for technique in DRAWN:
        read_visualization(technique, folder.results / f"{technique}.pickle")
        stages = read_stages(folder.results, technique)
        assert stages
        for stage in stages:
            read_visualization(technique, folder.results / stage.file)
    assert json.loads((folder.results / "deep_visualization.json").read_text())["no_of_iterations"] == 2
    with zipfile.ZipFile(folder.network) as archive:
        assert archive.testzip() is None
    lines = (folder.results / "stages.jsonl").read_bytes().split(b"\n")
    assert all(json.loads(line) for line in lines[:-1])
    assert not list(folder.results.rglob("*.error.txt"))
