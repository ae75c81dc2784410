"""The training that ends after an epoch because somebody asked for it."""
import keras
import numpy as np
import pytest

from custom_keras.callbacks import CustomCallbacks, GentleStop
from custom_keras.callbacks.gentle_stop import READY, REQUEST, SUPERVISED
from visualizer.launcher import gentle, tree

X, Y = np.zeros((4, 3), "float32"), np.zeros((4, 1), "float32")


@pytest.fixture
def model():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


class Ask(keras.callbacks.Callback):
    """Asks in the second epoch, and looks whether the training says that it listens."""

    def __init__(self, folder):
        super().__init__()
        self.folder, self.listens = folder, []

    def on_epoch_begin(self, epoch, logs=None):
        self.listens.append((self.folder / READY).exists())
        if epoch == 1:
            (self.folder / REQUEST).touch()


def test_ends_after_the_epoch_in_which_it_was_asked(tmp_path, model):
    ask = Ask(tmp_path)
    history = model.fit(X, Y, epochs=5, verbose=0, callbacks=[ask, GentleStop(tmp_path)])
    assert history.epoch == [0, 1] and ask.listens == [True, True]
    assert not (tmp_path / READY).exists()


def test_nobody_asks(tmp_path, model):
    assert model.fit(X, Y, epochs=3, verbose=0, callbacks=[GentleStop(tmp_path)]).epoch == [0, 1, 2]
    assert list(tmp_path.iterdir()) == []


def test_comes_along_only_where_somebody_can_ask(tmp_path, monkeypatch):
    monkeypatch.delenv(SUPERVISED, raising=False)
    assert CustomCallbacks(tmp_path).get_list() == []
    monkeypatch.setenv(SUPERVISED, "a token")
    assert [type(callback) for callback in CustomCallbacks(tmp_path).get_list()] == [GentleStop]


def test_both_sides_mean_the_same():
    assert (READY, REQUEST, SUPERVISED) == (gentle.READY, gentle.REQUEST, tree.TOKEN_NAME)
