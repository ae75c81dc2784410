"""Each batch's own numbers, worked out by hand.

The network is one weight, 1, that does not learn: its output is its input. With a target of 0, the squared
error of a sample is its input squared.
"""
import keras
import numpy as np
import pytest

from custom_keras.callbacks import TrainingProgress
from visualization_files.progress import ProgressReader

X = np.array([[1], [2], [3], [4], [5]], "float32")
Y = np.zeros((5, 1), "float32")
# Batches of two, the last of one: the means of 1 4, 9 16, 25.
LOSSES = [2.5, 12.5, 25]


def one_weight(metrics=(), optimizer=None, loss="mse", **options):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.layers[0].set_weights([np.ones((1, 1))])
    optimizer = optimizer or keras.optimizers.SGD(0.0)
    model.compile(optimizer, loss, metrics=list(metrics), **options)
    return model


def fit(model, callback, x=X, y=Y, batch_size=2, **options):
    model.fit(x, y, batch_size=batch_size, shuffle=False, verbose=0, callbacks=[callback], **options)


def read(folder, name="training_progress"):
    """The rows of a progress file as a dict of columns."""
    reader = ProgressReader(folder / "results" / f"{name}.txt")
    rows = reader.read()
    return {column: rows[:, place].tolist() for place, column in enumerate(reader.columns)}


def batches(x=X, y=Y, size=2):
    return [(x[i : i + size], y[i : i + size]) for i in range(0, len(x), size)]


def test_own_loss_of_each_batch_with_a_smaller_last_one(tmp_path):
    fit(one_weight(), TrainingProgress(tmp_path), epochs=2)
    rows = read(tmp_path)
    assert rows["loss"] == LOSSES * 2
    assert rows["progress"] == pytest.approx([1 / 3, 2 / 3, 1, 4 / 3, 5 / 3, 2])
    assert rows["progress"][2] == 1 and rows["progress"][5] == 2


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="it would need a C compiler")
def test_compiled_as_a_whole(tmp_path):
    fit(one_weight(jit_compile=True), TrainingProgress(tmp_path))
    assert read(tmp_path)["loss"] == LOSSES


def test_columns_begin_as_in_the_thesis_and_accuracy_is_nan_without_one(tmp_path):
    fit(one_weight(metrics=["mae"]), TrainingProgress(tmp_path))
    first = (tmp_path / "results" / "training_progress.txt").read_text().splitlines()[0]
    assert first == "# progress accuracy loss mae learning_rate"
    rows = read(tmp_path)
    assert np.isnan(rows["accuracy"]).all()
    assert rows["mae"] == [1.5, 3.5, 5]


def test_own_accuracy(tmp_path):
    targets = np.array([[1], [0], [1], [1], [0]], "float32")  # outputs are over one half: 1, so 1 0 1 1 0 right
    fit(one_weight(["accuracy"], loss="binary_crossentropy"), TrainingProgress(tmp_path), y=targets)
    assert read(tmp_path)["accuracy"] == [0.5, 1, 0]


def test_sample_weights(tmp_path):
    """Keras divides the weighted sum by the number of samples; a weighted metric by the sum of weights."""
    model = one_weight(metrics=["mae"], weighted_metrics=[keras.metrics.MeanAbsoluteError(name="weighted")])
    fit(model, TrainingProgress(tmp_path), sample_weight=np.array([1, 3, 0, 1, 2]))
    rows = read(tmp_path)
    assert rows["loss"] == [(1 + 3 * 4) / 2, 16 / 2, 50]
    assert rows["weighted"] == [(1 + 3 * 2) / 4, 4, 5]
    assert rows["mae"] == [1.5, 3.5, 5]


def test_class_weights(tmp_path):
    targets = np.array([[0], [1], [0], [1], [0]], "float32")
    fit(one_weight(), TrainingProgress(tmp_path), y=targets, class_weight={0: 2.0, 1: 10.0})
    assert read(tmp_path)["loss"] == [(2 * 1 + 10 * 1) / 2, (2 * 9 + 10 * 9) / 2, 2 * 25]


def test_validation_has_its_own_file_and_leaves_the_batches_alone(tmp_path):
    validation = (np.array([[1], [3]], "float32"), np.zeros((2, 1), "float32"))
    fit(one_weight(["mae"]), TrainingProgress(tmp_path), epochs=2, validation_data=validation)
    assert read(tmp_path)["loss"] == LOSSES * 2
    rows = read(tmp_path, "training_progress_val")
    assert list(rows) == ["progress", "accuracy", "loss", "mae"]
    assert (rows["progress"], rows["loss"], rows["mae"]) == ([1, 2], [5, 5], [2, 2])


def test_no_validation_no_file(tmp_path):
    fit(one_weight(), TrainingProgress(tmp_path))
    assert not (tmp_path / "results" / "training_progress_val.txt").exists()


def test_metrics_that_are_no_means(tmp_path):
    class Height(keras.metrics.Sum):
        def update_state(self, y_true, y_pred, sample_weight=None):
            super().update_state(y_pred)

    metrics = [
        keras.metrics.RootMeanSquaredError(name="rmse"), Height(name="sum"), keras.metrics.R2Score(name="r2")
    ]  # fmt: skip
    fit(one_weight(metrics), TrainingProgress(tmp_path))
    rows = read(tmp_path)
    assert rows["rmse"] == pytest.approx([2.5**0.5, 12.5**0.5, 5])
    assert rows["sum"] == [3, 7, 5]
    assert "running_r2" in rows and "r2" not in rows


def test_outputs_have_columns_of_their_own(tmp_path):
    x = keras.Input((1,))
    a = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones", name="a")(x)
    b = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones", name="b")(x)
    model = keras.Model(x, {"a": a, "b": b})
    model.compile(
        keras.optimizers.SGD(0.0), {"a": "mse", "b": "mae"}, metrics={"a": ["mae"], "b": ["binary_accuracy"]}
    )
    fit(model, TrainingProgress(tmp_path), y={"a": Y, "b": Y})
    rows = read(tmp_path)
    assert rows["a_loss"] == LOSSES and rows["b_loss"] == [1.5, 3.5, 5] == rows["a_mae"]
    assert rows["loss"] == [4, 16, 30]
    assert rows["b_binary_accuracy"] == rows["accuracy"] == [0, 0, 0]


def test_accuracy_is_that_of_the_first_output_not_of_the_first_name(tmp_path):
    x = keras.Input((1,))
    z, a = (keras.layers.Dense(1, use_bias=False, kernel_initializer="ones", name=name)(x) for name in "za")
    model = keras.Model(x, [z, a])
    model.compile(keras.optimizers.SGD(0.0), ["mse", "mse"], metrics=[["binary_accuracy"], ["binary_accuracy"]])
    # The output is 1: right for z, wrong for a.
    x, right, wrong = np.ones((2, 1)), np.ones((2, 1)), np.zeros((2, 1))
    options = {"batch_size": 2, "verbose": 0, "validation_data": (x, [right, wrong])}
    model.fit(x, [right, wrong], callbacks=[TrainingProgress(tmp_path)], **options)
    for name in ("training_progress.txt", "training_progress_val.txt"):
        head, row = (tmp_path / "results" / name).read_text().splitlines()
        values = dict(zip(head.split()[1:], row.split(), strict=True))
        assert float(values["accuracy"]) == float(values["z_binary_accuracy"]) == 1, name
        assert float(values["a_binary_accuracy"]) == 0, name


@pytest.mark.filterwarnings("ignore:Your input ran out of data")
@pytest.mark.parametrize("known", [True, False])
def test_tf_data(tmp_path, known):
    import tensorflow as tf

    data = tf.data.Dataset.from_tensor_slices((X, Y)).batch(2)
    data = data if known else data.filter(lambda x, y: True)
    one_weight().fit(data, epochs=3, shuffle=False, verbose=0, callbacks=[TrainingProgress(tmp_path)])
    rows = read(tmp_path)
    assert rows["loss"] == LOSSES * 3
    assert rows["progress"] == pytest.approx([k / 3 for k in range(1, 10)])


@pytest.mark.filterwarnings("ignore:Your input ran out of data")
def test_generator_of_unknown_length(tmp_path):
    """Rows are there at once, with a guess; once the length is known, the guess is replaced."""
    seen = []

    class Watch(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(read(tmp_path)["progress"])

    model = one_weight()
    model.fit(
        (batch for batch in batches()), shuffle=False, verbose=0, callbacks=[TrainingProgress(tmp_path), Watch()]
    )
    assert [len(rows) for rows in seen] == [1, 2, 3]
    assert 0 < seen[2][0] < seen[2][1] < seen[2][2] < 1
    assert read(tmp_path)["progress"] == pytest.approx([1 / 3, 2 / 3, 1])
    assert read(tmp_path)["loss"] == LOSSES


def test_endless_generator_with_steps(tmp_path):
    def forever():
        while True:
            yield from batches()

    one_weight().fit(
        forever(), steps_per_epoch=2, epochs=3, shuffle=False, verbose=0, callbacks=[TrainingProgress(tmp_path)]
    )
    rows = read(tmp_path)
    assert rows["loss"] == LOSSES * 2
    assert rows["progress"] == [0.5, 1, 1.5, 2, 2.5, 3]


def test_each_row_can_be_seen_at_once(tmp_path):
    counts = []

    class Watch(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            counts.append(len(read(tmp_path)["loss"]))

    one_weight().fit(
        X, Y, batch_size=2, verbose=0, callbacks=[TrainingProgress(tmp_path), Watch()]
    )
    assert counts == [1, 2, 3]


def test_second_fit_goes_on_and_new_callback_starts_anew(tmp_path):
    callback = TrainingProgress(tmp_path)
    fit(one_weight(), callback)
    fit(one_weight(), callback, epochs=1)
    assert read(tmp_path)["progress"] == pytest.approx([1 / 3, 2 / 3, 1, 4 / 3, 5 / 3, 2])
    fit(one_weight(), callback, epochs=3, initial_epoch=2)
    assert read(tmp_path)["progress"][-1] == 3
    assert len(read(tmp_path)["loss"]) == 9
    fit(one_weight(), TrainingProgress(tmp_path))
    assert len(read(tmp_path)["loss"]) == 3


def test_second_fit_with_other_metrics(tmp_path):
    callback = TrainingProgress(tmp_path)
    fit(one_weight(["mae"]), callback, x=X[:2], y=Y[:2])
    fit(one_weight([keras.metrics.RootMeanSquaredError(name="rmse")]), callback, x=X[:2], y=Y[:2])
    rows = read(tmp_path)
    assert rows["loss"] == [2.5, 2.5]
    np.testing.assert_equal(rows["mae"], [1.5, np.nan])
    np.testing.assert_allclose(rows["rmse"], [np.nan, 2.5**0.5])


def test_resumed_training_keeps_the_rows_before_its_first_epoch(tmp_path):
    fit(one_weight(["mae"]), TrainingProgress(tmp_path), epochs=3, validation_data=(X, Y))
    path = tmp_path / "results" / "training_progress.txt"
    path.write_text(path.read_text() + "3.1 0.5")  # killed in the middle of a line
    fit(one_weight(["mae"]), TrainingProgress(tmp_path), epochs=3, initial_epoch=2, validation_data=(X, Y))
    assert read(tmp_path)["progress"] == pytest.approx([k / 3 for k in range(1, 10)])
    assert read(tmp_path, "training_progress_val")["progress"] == [1, 2, 3]


def test_stale_files_are_gone_before_the_first_row(tmp_path):
    fit(one_weight(), TrainingProgress(tmp_path), validation_data=(X, Y))
    fit(one_weight(), TrainingProgress(tmp_path))
    assert not (tmp_path / "results" / "training_progress_val.txt").exists()


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy")  # Keras' own
def test_learning_rate(tmp_path):
    def halve(epoch, rate):
        return rate / 2

    callback = TrainingProgress(tmp_path)
    callbacks = [keras.callbacks.LearningRateScheduler(halve), callback]
    one_weight(optimizer=keras.optimizers.Adam(0.5)).fit(
        X, Y, batch_size=5, epochs=2, verbose=0, callbacks=callbacks
    )
    assert read(tmp_path)["learning_rate"] == [0.25, 0.125]


def test_learning_rate_is_read_now_and_then(tmp_path):
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([10], [0.5, 0.25])
    model = one_weight(optimizer=keras.optimizers.SGD(schedule))
    fit(model, TrainingProgress(tmp_path), x=np.zeros((40, 1)), y=np.zeros((40, 1)))
    assert read(tmp_path)["learning_rate"] == [0.5] * 16 + [0.25] * 4


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="Keras has no steps_per_execution with torch")
def test_steps_per_execution_writes_a_row_for_each_execution(tmp_path):
    fit(one_weight(steps_per_execution=2), TrainingProgress(tmp_path))
    rows = read(tmp_path)
    assert rows["loss"] == [(1 + 4 + 9 + 16) / 4, 25]
    assert rows["progress"] == pytest.approx([2 / 3, 1])


def test_training_step_that_logs_values_of_its_own(tmp_path):
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.weight = self.add_weight(shape=(1,), initializer="ones")

        def call(self, x):
            return x * self.weight

        def train_step(self, *state_and_data):
            logs = {"height": keras.ops.max(state_and_data[-1][0])}
            return (logs, state_and_data[0]) if keras.backend.backend() == "jax" else logs

    model = Own()
    model.compile(keras.optimizers.SGD(0.0), "mse")
    fit(model, TrainingProgress(tmp_path))
    rows = read(tmp_path)
    assert rows["height"] == [2, 4, 5]
    assert np.isnan(rows["loss"]).all()


def test_keras_own_logs_and_metrics_stay_as_they_are(tmp_path):
    plain = one_weight(["mae"]).fit(X, Y, batch_size=2, epochs=2, verbose=0, shuffle=False)
    model = one_weight(["mae"])
    fit(model, TrainingProgress(tmp_path), epochs=2)
    assert model.history.history == plain.history


def test_error_is_said_once_and_training_goes_on(tmp_path, capfd):
    (tmp_path / "results").write_text("a file where the folder should be")
    model = one_weight()
    fit(model, TrainingProgress(tmp_path), epochs=2)
    assert len(model.history.history["loss"]) == 2
    assert capfd.readouterr().err.count("training_progress: FileExistsError") == 1
