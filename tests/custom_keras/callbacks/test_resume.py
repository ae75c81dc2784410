"""A training that was broken off goes on as if it had not been: the same numbers, rows and stages."""
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from PIL import Image

from custom_keras.callbacks import CustomCallbacks, NetworkSaver, resume
from custom_keras.callbacks.resuming import RESUME, earlier_batches, saved_point
from visualization_files.layout import ScriptFolder
from visualization_files.resume_point import ResumePoint, read_point, write_point
from visualization_files.stages import read_stages

ROOT = Path(__file__).resolve().parents[3]
rng = np.random.default_rng(0)
X, Y = rng.random((20, 8, 8, 1), "float32"), rng.integers(0, 2, 20)
BATCHES = 5  # of an epoch
TORCH = keras.backend.backend() == "torch"


def network(seed):
    """Each seed begins with other weights."""
    keras.utils.set_random_seed(seed)
    # PyTorch's own generator draws what Dropout leaves out, and no network holds its state.
    dropout = [] if TORCH else [keras.layers.Dropout(0.5, name="dropout")]
    model = keras.Sequential([
        keras.Input((8, 8, 1)),
        keras.layers.Conv2D(4, 3, activation="relu", name="conv"),
        keras.layers.BatchNormalization(name="normalization"),
        keras.layers.Flatten(name="flatten"),
        *dropout,
        keras.layers.Dense(2, activation="softmax", name="output"),
    ])  # fmt: skip
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


class Break(keras.callbacks.Callback):
    """Ends the process' training in the middle of an epoch, as Ctrl-C does."""

    def __init__(self, epoch, batch):
        super().__init__()
        self.place, self.epoch = (epoch, batch), 0

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) == self.place:
            raise KeyboardInterrupt


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "train"
    (folder / "images").mkdir(parents=True)
    Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8)).save(folder / "images" / "one.png")
    return folder


def train(folder, seed, epochs=4, breaks=(), interval=3):
    """Train a new network with new callbacks, as a new process does, with the two lines of the manual."""
    model = network(seed)
    callbacks = CustomCallbacks(folder, base_interval=interval)
    callbacks.register_network_saver()
    callbacks.register_training_progress()
    callbacks.register_layer_activations()
    callbacks.register_saliency_maps()
    epoch = callbacks.resume(model)
    model.fit(
        X, Y, batch_size=4, epochs=epochs, initial_epoch=epoch, shuffle=False, verbose=0, validation_data=(X, Y),
        callbacks=[*breaks, *callbacks.get_list()],
    )  # fmt: skip
    return model


def goes_on(monkeypatch):
    monkeypatch.setenv(RESUME, "1")


def rows(folder, name="training_progress"):
    return (folder / "results" / f"{name}.txt").read_text()


def stages(folder, technique="layer_activations"):
    return [(stage.batch, stage.progress, stage.number) for stage in read_stages(folder / "results", technique)]


def test_it_equals_the_training_that_was_not_broken_off(folder, tmp_path, monkeypatch, capfd):
    """With Adam, dropout and batch normalization: weights, optimizer, rows and stages are bit for bit the same."""
    whole = folder.with_name("whole")
    shutil.copytree(folder, whole)
    expected = train(whole, seed=1)
    with pytest.raises(KeyboardInterrupt):
        train(folder, seed=1, breaks=[Break(2, 3)])
    assert stages(folder)[-1][0] == 12  # past the end of epoch 2, which was the last saved
    goes_on(monkeypatch)
    model = train(folder, seed=99)
    assert "The training goes on after epoch 2." in capfd.readouterr().out
    for variable, other in zip(model.variables, expected.variables, strict=True):
        assert np.array_equal(*map(keras.ops.convert_to_numpy, (variable.value, other.value))), variable.path
    for variable, other in zip(model.optimizer.variables, expected.optimizer.variables, strict=True):
        assert np.array_equal(*map(keras.ops.convert_to_numpy, (variable.value, other.value))), variable.path
    assert rows(folder) == rows(whole)
    assert rows(folder, "training_progress_val") == rows(whole, "training_progress_val")
    for technique in ("layer_activations", "saliency_maps"):
        assert stages(folder, technique) == stages(whole, technique)
        name = f"{technique}.pickle"
        assert (folder / "results" / name).read_bytes() == (whole / "results" / name).read_bytes()


def test_nothing_to_resume_changes_nothing(folder, monkeypatch):
    monkeypatch.delenv(RESUME, raising=False)
    model = network(1)
    before = [weight.copy() for weight in model.get_weights()]
    NetworkSaver(folder)  # there may even be a saved network
    assert resume(model, folder) == 0
    assert all(map(np.array_equal, before, model.get_weights()))
    assert not model.optimizer.built


def test_told_to_go_on_where_nothing_was_saved(folder, monkeypatch, capfd):
    goes_on(monkeypatch)
    assert resume(network(1), folder) == 0
    assert "begins anew" in capfd.readouterr().out


def test_what_came_after_the_saved_epoch_is_gone_at_once(folder, monkeypatch):
    """Rows and stages are those of the resumed moment, also while the first epoch runs again."""
    with pytest.raises(KeyboardInterrupt):
        train(folder, seed=1, breaks=[Break(2, 3)])
    goes_on(monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        train(folder, seed=1, breaks=[Break(2, 0)])
    assert [float(line.split()[0]) for line in rows(folder).splitlines()[1:]] == [n / 5 for n in range(1, 11)]
    assert [batch for batch, *_ in stages(folder)] == [0, 3, 6, 9]
    newest = (folder / "results" / "layer_activations.pickle").read_bytes()
    assert newest == (folder / "results" / "history" / "layer_activations" / "9.pickle").read_bytes()
    lines = [json.loads(line) for line in (folder / "results" / "stages.jsonl").read_text().splitlines()]
    assert max(line["batch"] for line in lines) == 9


def test_a_finished_training_goes_on_to_more_epochs(folder, monkeypatch):
    train(folder, seed=1, epochs=2)
    goes_on(monkeypatch)
    train(folder, seed=2, epochs=2)  # nothing is left to do, and nothing is drawn
    assert stages(folder)[-1][:2] == (10, 2.0)
    train(folder, seed=3, epochs=3)
    assert [batch for batch, *_ in stages(folder)] == [0, 3, 6, 9, 10, 12, 15]
    assert saved_point(ScriptFolder(folder)).epoch == 3


def test_thinning_goes_on_as_it_was(folder, monkeypatch):
    def few(breaks=(), epochs=4):
        model = network(1)
        callbacks = CustomCallbacks(folder, base_interval=1)
        callbacks.register_layer_activations(stage_limit=4)
        callbacks.register_network_saver()
        model.fit(X, Y, batch_size=4, epochs=epochs, initial_epoch=callbacks.resume(model), verbose=0,
                  callbacks=[*breaks, *callbacks.get_list()])  # fmt: skip

    few(epochs=2)
    assert [batch for batch, *_ in stages(folder)] == [0, 4, 8, 10]
    goes_on(monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        few([Break(2, 2)])
    assert [batch for batch, *_ in stages(folder)] == [0, 4, 8, 12]


def test_the_point_lies_in_the_network_which_keras_reads_as_before(folder):
    train(folder, seed=1, epochs=2)
    path = folder / "networks" / "train.keras"
    point = saved_point(ScriptFolder(folder))
    assert (point.epoch, point.batches, point.resumable) == (2, 2 * BATCHES, True)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None and len(archive.namelist()) == 3
    assert int(keras.saving.load_model(path).optimizer.iterations) == 2 * BATCHES


def test_what_a_killed_save_left_is_gone(folder, monkeypatch):
    train(folder, seed=1, epochs=1)
    (folder / "networks" / ".train.12345.tmp.keras").write_bytes(b"half a network")
    goes_on(monkeypatch)
    train(folder, seed=1, epochs=2)
    assert [path.name for path in (folder / "networks").iterdir()] == ["train.keras"]


def test_a_script_that_never_asks_is_not_resumable(tmp_path):
    network(1).fit(X, Y, verbose=0, callbacks=[NetworkSaver(tmp_path)])
    assert saved_point(ScriptFolder(tmp_path)).resumable is False


def test_another_network_is_refused(folder, monkeypatch):
    train(folder, seed=1, epochs=1)
    goes_on(monkeypatch)
    other = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(3)])
    other.compile("adam", "mse")
    with pytest.raises(ValueError, match="does not fit.*same layers"):
        resume(other, folder)


@pytest.mark.parametrize(
    ("model", "missing"),
    [
        (keras.Sequential([keras.layers.Dense(1)]), "built"),
        (keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]), "compiled"),
    ],
)
def test_a_network_that_nothing_can_be_loaded_into(folder, monkeypatch, model, missing):
    train(folder, seed=1, epochs=1)
    goes_on(monkeypatch)
    with pytest.raises(ValueError, match=f"not {missing} yet.*Expected.*Received"):
        resume(model, folder)


def test_batches_of_a_network_that_was_saved_otherwise_come_from_the_drawings(folder):
    train(folder, seed=1, epochs=2)
    assert earlier_batches(ScriptFolder(folder), 2) == 10
    assert earlier_batches(ScriptFolder(folder), 1) == 3  # the last drawing within it
    shutil.rmtree(folder / "networks")
    assert earlier_batches(ScriptFolder(folder), 2) == 10


# Its one weight falls by one with each batch, so that the network itself tells how far it was trained.
COUNTING = """
import os, sys, keras, numpy as np
from custom_keras.callbacks import NetworkSaver
model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")])
model.compile(keras.optimizers.SGD(1.0), lambda y, prediction: prediction)
model.fit(np.ones((3, 1)), np.ones((3, 1)), batch_size=1, epochs=100_000, verbose=0,
          callbacks=[NetworkSaver(os.path.dirname(os.path.abspath(__file__)))])
"""


def test_network_and_point_are_of_one_moment_wherever_it_is_killed(folder):
    (folder / "train.py").write_text(COUNTING)
    process = subprocess.Popen(
        [sys.executable, "train.py"], cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE
    )
    script = ScriptFolder(folder, "train")
    try:
        seen = 0
        while seen < 25:  # each look is at the network of a moment of which nobody chose
            point = saved_point(script)
            if point is None or not point.epoch:
                assert process.poll() is None, process.stderr.read().decode()
                time.sleep(0.05)
                continue
            whole = script.network.read_bytes()
            copy = folder / "copy.keras"
            copy.write_bytes(whole)
            check(copy)
            seen += 1
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    check(script.network)


def check(path):
    with path.open("rb") as file:
        point = read_point(file)
    with zipfile.ZipFile(path) as archive, archive.open("model.weights.h5") as weights, h5py.File(weights) as state:
        kernel = state["layers/dense/vars/0"][0, 0]
    assert (point.batches, point.epoch) == (-kernel, -kernel / 3)


@pytest.mark.parametrize(
    "comment",
    [
        b"", b"hello", b"[]", b"null", b'{"epoch": 1}', b"[" * 60_000,
        b'{"epoch": -1, "batches": 0, "resumable": true, "seeds": []}',
        b'{"epoch": 1e400, "batches": 0, "resumable": true, "seeds": []}',
        b'{"epoch": true, "batches": 0, "resumable": true, "seeds": []}',
        b'{"epoch": 1, "batches": 0, "resumable": true, "seeds": [[1]]}',
    ],
)  # fmt: skip
def test_a_forged_point_is_none(folder, comment):
    path = folder / "networks" / "train.keras"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.comment = comment
    assert saved_point(ScriptFolder(folder)) is None
    path.write_bytes(comment)
    assert saved_point(ScriptFolder(folder)) is None


def test_a_point_with_more_generators_than_a_comment_holds(folder):
    path = folder / "networks" / "train.keras"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", "{}")
    write_point(path, ResumePoint(3, 30, True, ((2**32 - 1, 2**32 - 1),) * 5000))
    assert saved_point(ScriptFolder(folder)) == ResumePoint(3, 30, True)
