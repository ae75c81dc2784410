"""What the training progress callback adds to each batch, beside Keras' own TensorBoard callback.

    pip install tensorboard
    python benchmarks/callback_overhead.py [--rounds 15] [--batches 150]

The same small network is trained plainly, with `TrainingProgress`, and with `TensorBoard(update_freq="batch")`,
in turns within one process, so that a busy machine troubles all three alike. Medians over the rounds are printed
of what each adds to the plain training of the same round, as time that passed and as processor time of the
process; and of the processor time that the training's own thread spends in the callback's batch hooks, which
neither other programs nor TensorFlow's threads can disturb. Set KERAS_BACKEND for another backend.
"""
import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial

import keras
import numpy as np

from custom_keras.callbacks import TrainingProgress

BATCH_SIZE = 32
KINDS = ("time", "processor time", "in its hooks")


class HookTimer:
    """Adds up the processor time that this thread spends in a callback's hooks of a batch."""

    def __init__(self, callback: keras.callbacks.Callback):
        self.seconds = 0.0
        for name in ("on_train_batch_begin", "on_train_batch_end"):
            setattr(callback, name, self._timed(partial(getattr(type(callback), name), callback)))

    def _timed(self, hook: Callable) -> Callable:
        def timed(*arguments, **options):
            begin = time.thread_time()
            hook(*arguments, **options)
            self.seconds += time.thread_time() - begin

        return timed


def network(schedule: bool) -> keras.Model:
    rate = keras.optimizers.schedules.CosineDecay(0.001, 100_000) if schedule else 0.001
    model = keras.Sequential([
        keras.Input((28, 28, 1)),
        keras.layers.Conv2D(8, 3, strides=2, activation="relu"),
        keras.layers.Flatten(),
        keras.layers.Dense(10, activation="softmax"),
    ])
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def measure(rounds: int, batches: int, schedule: bool) -> dict[str, list[tuple[float, ...]]]:
    """Seconds per batch of each of `KINDS`, of each way to train, for each round."""
    generator = np.random.default_rng(0)
    x = generator.random((BATCH_SIZE * batches, 28, 28, 1), "float32")
    y = generator.integers(0, 10, len(x))
    model = network(schedule)
    folder = tempfile.TemporaryDirectory()
    progress = TrainingProgress(folder.name)
    ways: dict[str, Callable[[], list]] = {
        "plain": list,
        "TrainingProgress": lambda: [progress],
        "TensorBoard": lambda: [keras.callbacks.TensorBoard(folder.name, update_freq="batch")],
    }
    seconds = {name: [] for name in ways}
    with folder:
        for _ in range(rounds + 1):
            for name, make in ways.items():
                callbacks = make()
                timers = [HookTimer(callback) for callback in callbacks]
                passed, used = time.perf_counter(), time.process_time()
                model.fit(x, y, batch_size=BATCH_SIZE, verbose=0, callbacks=callbacks)
                spent = time.perf_counter() - passed, time.process_time() - used, sum(t.seconds for t in timers)
                seconds[name].append(tuple(value / batches for value in spent))
    return {name: values[1:] for name, values in seconds.items()}  # the first round compiles


def report(seconds: dict[str, list[tuple[float, ...]]], title: str) -> None:
    print(title)
    for kind, unit in enumerate(KINDS):
        plain = [values[kind] for values in seconds["plain"]]
        added = {
            name: statistics.median(value[kind] - base for value, base in zip(values, plain, strict=True)) * 1e6
            for name, values in seconds.items()
        }
        print(
            f"  {unit}: a plain batch {statistics.median(plain) * 1e6:.0f} µs; "
            f"TrainingProgress adds {added['TrainingProgress']:.0f} µs, TensorBoard {added['TensorBoard']:.0f} µs; "
            f"ratio {added['TrainingProgress'] / added['TensorBoard']:.3f} (goal: at most 0.1)"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--batches", type=int, default=150)
    arguments = parser.parse_args()
    backend = keras.backend.backend()
    report(measure(arguments.rounds, arguments.batches, False), f"{backend}, constant learning rate")
    report(measure(arguments.rounds, arguments.batches, True), f"{backend}, learning rate schedule")


if __name__ == "__main__":
    main()
