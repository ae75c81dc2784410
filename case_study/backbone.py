"""Trains a small network to tell people apart, as a stand-in where the weights of VGG-Face are not at hand.

Like VGG-Face it should see other people than those of the study: prepare a second, drawn database for it.
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path

import keras
import numpy as np
from keras import layers

from case_study.pictures import read_pixels
from case_study.table import Table, default_folder, read_table

_SIZE = 64
_WIDTHS = (16, 32, 64)
FEATURE_LAYER = "features"


def add_arguments(parser: ArgumentParser) -> None:
    """Describe the command line of `backbone`."""
    parser.add_argument("out", type=Path, help="where to save the network, a .keras file")
    parser.add_argument("--data", type=Path, default=default_folder(), help="prepared images of other people")
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--length", type=int, default=256, help="how many features (default: 256)")
    parser.add_argument("--seed", type=int, default=0)


def run(arguments: Namespace) -> None:
    """Run the command."""
    keras.utils.set_random_seed(arguments.seed)
    table = read_table(arguments.data)
    model = build_backbone(len(table.actors), arguments.length)
    accuracy = train_backbone(model, arguments.data, table, arguments.epochs)
    model.save(arguments.out)
    print(f"Accuracy on the validation images of these people {accuracy:.3f}. Saved as {arguments.out}.")


def build_backbone(people: int, length: int = 256) -> keras.Model:
    """A small convolutional network.

    Args:
        people: how many it tells apart.
        length: how many features, after ReLU as in VGG-Face; they are its layer `features`.

    Returns:
        Model from RGB images (N, 64, 64, 3) with values 0 to 255 to probabilities (N, people).
    """
    image = keras.Input((_SIZE, _SIZE, 3), name="input")
    x = layers.Rescaling(1 / 127.5, offset=-1, name="scale")(image)
    for number, width in enumerate(_WIDTHS, 1):
        x = layers.Conv2D(width, 3, padding="same", activation="relu", name=f"conv{number}")(x)
        x = layers.MaxPooling2D(2, name=f"pool{number}")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(length, activation="relu", name=FEATURE_LAYER)(x)
    x = layers.Dropout(0.5, name="drop")(x)
    return keras.Model(image, layers.Dense(people, activation="softmax", name="output")(x), name="backbone")


def train_backbone(model: keras.Model, data: Path, table: Table, epochs: int) -> float:
    """Train it on the training side of the split; returns the accuracy on the validation side."""
    images = np.stack([read_pixels(data / row.path, (_SIZE, _SIZE)) for row in table.rows])
    people, training, validation = table.identity(), table.places("training"), table.places("validation")
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(images[training], people[training], batch_size=32, epochs=epochs, verbose=0)
    return model.evaluate(images[validation], people[validation], verbose=0, return_dict=True)["accuracy"]
