"""What the nine networks are trained on: features, one-hot labels, and the three sides of the split."""

from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from case_study.features import features_digest, read_features
from case_study.networks import EXTRA_INPUT, EXTRA_OUTPUT, build_network
from case_study.table import read_table

LEARNING_RATE = 0.0005
BATCH_SIZE = 512
EPOCHS = {"A": 25, "D": 30, "G": 25}
_MOST_EPOCHS = 50


@dataclass(frozen=True)
class Side:
    """Features (N, F), one-hot identities (N, I) and one-hot expressions (N, E) of a side, all float32."""

    features: np.ndarray
    identity: np.ndarray
    expression: np.ndarray


class Study:
    """The features of a folder of prepared data, for the networks.

    Args:
        folder: folder of prepared data, with features.

    Attributes:
        training, validation, testing: the sides of the split. If there are features of mirrored images, they
            are in the training side alone.
        identities, expressions: numbers of classes.
        digest: what tells these data from others.
    """

    def __init__(self, folder: str | Path):
        folder = Path(folder)
        table, features = read_table(folder), read_features(folder)
        self.identities, self.expressions = len(table.actors), len(table.expressions)
        self.digest = features_digest(folder)
        identity = keras.utils.to_categorical(table.identity(), self.identities)
        expression = keras.utils.to_categorical(table.expression(), self.expressions)

        def side(split: str, views: np.ndarray) -> Side:
            places = table.places(split)
            chosen = np.concatenate([view[places] for view in views])
            repeated = np.tile(places, len(views))
            return Side(chosen, identity[repeated].astype(np.float32), expression[repeated].astype(np.float32))

        self.training = side("training", features)
        self.validation = side("validation", features[:1])
        self.testing = side("testing", features[:1])

    def network(self, configuration: str) -> keras.Model:
        """One of the nine networks for these data, compiled as in the thesis."""
        length = self.training.features.shape[1]
        model = build_network(configuration, self.identities, self.expressions, length)
        # Both outputs of G, H and I have the same loss and metric, and their losses are added.
        outputs = len(model.outputs)
        model.compile(
            keras.optimizers.Adam(LEARNING_RATE),
            loss=["categorical_crossentropy"] * outputs if outputs > 1 else "categorical_crossentropy",
            metrics=[["accuracy"]] * outputs if outputs > 1 else ["accuracy"],
        )
        return model


def epochs_of(configuration: str) -> int:
    """For how many epochs the thesis trained a configuration."""
    return EPOCHS.get(configuration, _MOST_EPOCHS)


def inputs(configuration: str, side: Side) -> np.ndarray | list[np.ndarray]:
    """What a configuration takes in."""
    return [side.expression, side.features] if configuration in EXTRA_INPUT else side.features


def targets(configuration: str, side: Side) -> np.ndarray | list[np.ndarray]:
    """What a configuration should give out."""
    return [side.identity, side.expression] if configuration in EXTRA_OUTPUT else side.identity


def measure(model: keras.Model, configuration: str, side: Side) -> dict[str, dict[str, float]]:
    """Accuracy and loss on one side, as means over its images.

    Returns:
        `{"identification": {"accuracy": .., "loss": ..}}`, and for two outputs also `"expression"`.

    Notes:
        `keras.Model.evaluate` gives the loss of single outputs as a mean over batches, in which an image of a
        small last batch weighs more than others.
    """
    found = keras.tree.flatten(model.predict(inputs(configuration, side), BATCH_SIZE, verbose=0))
    wanted = keras.tree.flatten(targets(configuration, side))
    tasks = ("identification", "expression")[: len(found)]
    return {task: _measure(*of) for task, *of in zip(tasks, wanted, found, strict=True)}


def _measure(one_hot: np.ndarray, probabilities: np.ndarray) -> dict[str, float]:
    losses = keras.ops.convert_to_numpy(keras.losses.categorical_crossentropy(one_hot, probabilities))
    right = one_hot.argmax(1) == probabilities.argmax(1)
    return {"accuracy": float(right.mean()), "loss": float(losses.mean(dtype=np.float64))}
