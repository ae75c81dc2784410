"""The budget for drawing: by hand, with a clock that only the test moves."""
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from custom_keras.callbacks import SaliencyMaps, budget, visualization
from custom_keras.callbacks.budget import Budget
from custom_keras.callbacks.visualization import VisualizationCallback
from visualization_files.stages import read_skipped, read_stages

COST = 0.6


@pytest.fixture
def clock(monkeypatch):
    clock = SimpleNamespace(now=100.0)
    clock.perf_counter = lambda: clock.now
    monkeypatch.setattr(budget, "time", clock)
    monkeypatch.setattr(visualization, "time", clock)
    return clock


class Drawing(VisualizationCallback):
    """Draws nothing, in 0.6 seconds."""

    technique = "deep_visualization"
    clock: SimpleNamespace

    def make(self, network):
        return None

    def draw(self, technique, images):
        self.clock.now += COST
        return [([], {})]


class Second(keras.callbacks.Callback):
    """Each batch takes a second."""

    clock: SimpleNamespace

    def on_train_batch_end(self, batch, logs=None):
        self.clock.now += 1


@pytest.fixture
def train(tmp_path, clock):
    Drawing.clock = Second.clock = clock
    model = keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Flatten(), keras.layers.Dense(1)])
    model.compile("sgd", "mse")

    def train(batches, **options):
        callback = Drawing(tmp_path / "script", interval=1, **options)
        model.fit(np.zeros((batches, 2, 2, 1)), np.zeros((batches, 1)), 1, verbose=0, callbacks=[Second(), callback])
        return tmp_path / "script" / "results"

    return train


def test_drawings_never_take_more_than_their_share(train):
    results = train(50, budget=0.05)
    stages = read_stages(results, "deep_visualization")
    # The first may always. The second would make 1.2 s of drawing, which is 5% of 24 s: when 23.4 s have passed, of
    # which 0.6 s were drawing. The third 1.8 s of 36 s, the fourth 2.4 s of 48 s.
    assert [stage.batch for stage in stages] == [0, 23, 35, 46]
    for number, stage in enumerate(stages[1:], 2):
        spent = number * COST
        assert spent <= 0.05 * (stage.batch + spent)
    assert [stage.seconds for stage in stages] == pytest.approx([COST] * 4)


def test_skipping_is_written_down(train):
    results = train(50, budget=0.05)
    skipped = read_skipped(results, "deep_visualization")
    # One line for the first of each row of skipped drawings, and the next drawing says how many there were.
    assert [stage.batch for stage in skipped] == [1, 24, 36, 47]
    assert {stage.details["skipped"] for stage in skipped} == {
        "it would have taken more than 5% of the training's time"
    }
    counts = [stage.details.get("skipped_before") for stage in read_stages(results, "deep_visualization")]
    assert counts == [None, 22, 11, 10]


def test_without_a_budget_nothing_is_skipped(train):
    results = train(6)
    assert [stage.batch for stage in read_stages(results, "deep_visualization")] == [0, 1, 2, 3, 4, 5, 6]
    assert not read_skipped(results, "deep_visualization")


def test_time_between_two_trainings_does_not_count(clock):
    budget = Budget(0.5)
    budget.begin()
    budget.spend(10)
    clock.now += 15
    budget.end()
    clock.now += 1000
    budget.begin()
    assert not budget.allows()  # 20 s of drawing in 25 s
    clock.now += 15
    assert budget.allows()  # 20 s in 40 s


@pytest.mark.parametrize("share", [0, -0.1, 1.5, 5])
def test_a_share_that_is_none_is_refused(tmp_path, share):
    with pytest.raises(ValueError, match=f"Expected a share of the training's time.*Received: budget={share}"):
        SaliencyMaps(tmp_path / "script", budget=share)
