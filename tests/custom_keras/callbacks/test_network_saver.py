import keras
import numpy as np
import pytest

from custom_keras.callbacks import NetworkSaver
from custom_keras.callbacks import network_saver as module

# Keras' own, from reading TensorFlow's variables.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy")
X, Y = np.ones((4, 1), "float32"), np.full((4, 1), 3, "float32")


def network(shape=(1,)):
    layers = [keras.Input(shape)] if shape else []
    model = keras.Sequential([*layers, keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    return model


def saved(folder):
    return keras.saving.load_model(folder / "networks" / f"{folder.name}.keras")


def output(model):
    return float(keras.ops.convert_to_numpy(model(X[:1]))[0, 0])


class Look(keras.callbacks.Callback):
    """Keeps what the saved network says at each epoch's begin."""

    def __init__(self, folder):
        super().__init__()
        self.folder = folder
        self.saved, self.live = [], []

    def on_epoch_begin(self, epoch, logs=None):
        self.saved.append(output(saved(self.folder)))
        self.live.append(output(self.model))


def test_saves_before_training_and_after_each_epoch(tmp_path):
    look = Look(tmp_path)
    network().fit(X, Y, epochs=3, verbose=0, callbacks=[NetworkSaver(tmp_path), look])
    assert look.saved == pytest.approx(look.live)
    assert len(set(look.saved)) == 3
    assert [path.name for path in (tmp_path / "networks").iterdir()] == [f"{tmp_path.name}.keras"]


def test_optimizer_is_saved_too(tmp_path):
    network().fit(X, Y, epochs=2, batch_size=1, verbose=0, callbacks=[NetworkSaver(tmp_path)])
    assert int(saved(tmp_path).optimizer.iterations) == 8


def test_network_that_is_built_by_its_first_batch(tmp_path, capfd):
    model = network(shape=None)
    model.fit(X, Y, verbose=0, callbacks=[NetworkSaver(tmp_path)])
    assert output(saved(tmp_path)) == pytest.approx(output(model))
    assert capfd.readouterr().err == ""


def test_failed_save_keeps_the_last_network_and_training_goes_on(tmp_path, monkeypatch, capfd):
    """A move that fails stands for a full disk: the old file stays whole, no temporary file is left."""
    network().fit(X, Y, verbose=0, callbacks=[NetworkSaver(tmp_path)])
    before = (tmp_path / "networks" / f"{tmp_path.name}.keras").read_bytes()

    def full(source, target):
        raise OSError("No space left on device")

    monkeypatch.setattr(module, "move", full)
    history = network().fit(X, Y, epochs=2, verbose=0, callbacks=[NetworkSaver(tmp_path)])
    assert len(history.history["loss"]) == 2
    assert (tmp_path / "networks" / f"{tmp_path.name}.keras").read_bytes() == before
    assert len(list((tmp_path / "networks").iterdir())) == 1
    assert capfd.readouterr().err.count("No space left on device\n") == 2  # the sentence, and its traceback


def test_named_after_the_script_that_runs_in_the_folder(tmp_path, monkeypatch):
    import __main__

    monkeypatch.setattr(__main__, "__file__", str(tmp_path / "train.py"))
    assert NetworkSaver(tmp_path).path == tmp_path / "networks" / "train.keras"
    assert NetworkSaver(tmp_path / "other").path == tmp_path / "other" / "networks" / "other.keras"


def test_folder_may_be_empty_or_relative(tmp_path, monkeypatch):
    """`os.path.dirname(__file__)` is empty for a script that is started in its own folder."""
    monkeypatch.chdir(tmp_path)
    assert NetworkSaver("").path.parent == tmp_path / "networks"
    assert NetworkSaver("scripts").path == tmp_path / "scripts" / "networks" / "scripts.keras"


@pytest.mark.parametrize(("folder", "error", "received"), [(None, TypeError, "None"), (__file__, ValueError, ".py")])
def test_wrong_folder(folder, error, received):
    with pytest.raises(error, match=f"Expected os.path.dirname.*{received}"):
        NetworkSaver(folder)
