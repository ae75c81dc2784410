"""Trains the MNIST network of the thesis (figure 5.3) and shows its inside.

It brings a small set of real digits along. Other data: `--data mnist.npz`, or the variable MNIST_DATA, for a file
with x_train, y_train, x_test and y_test; `--data keras` downloads MNIST.
"""
import argparse
import os
from importlib.resources import files

import keras
import numpy as np
from PIL import Image

from custom_keras.callbacks import CustomCallbacks

BATCH_SIZE = 128


def load(data):
    """Training and test images in 0..1, (n, 28, 28, 1), and their digits."""
    if data == "keras":
        (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
    elif data:
        with np.load(data) as arrays:
            x_train, y_train, x_test, y_test = (arrays[name] for name in ("x_train", "y_train", "x_test", "y_test"))
    else:
        x, y = shipped_digits()
        x_train, y_train, x_test, y_test = x[:1500], y[:1500], x[1500:], y[1500:]
    return (scale(x_train), y_train), (scale(x_test), y_test)


def shipped_digits():
    """The digits of the examples, enlarged from 8 x 8 to MNIST's 28 x 28."""
    with (files("examples") / "data" / "digits.npz").open("rb") as file, np.load(file) as arrays:
        small, digits = arrays["x"] * (255 / 16), arrays["y"]
    large = [Image.fromarray(image.round().astype("uint8")).resize((28, 28), Image.BICUBIC) for image in small]
    return np.stack([np.asarray(image) for image in large]), digits


def scale(images):
    return images[..., np.newaxis].astype("float32") / 255


def build():
    """The network of figure 5.3."""
    return keras.Sequential([
        keras.Input((28, 28, 1)),
        keras.layers.Conv2D(32, 3, activation="relu", name="conv1"),
        keras.layers.Conv2D(32, 3, activation="relu", name="conv2"),
        keras.layers.MaxPooling2D(name="pool"),
        keras.layers.Dropout(0.25),
        keras.layers.Flatten(),
        keras.layers.Dense(128, activation="relu", name="fc1"),
        keras.layers.Dropout(0.5),
        keras.layers.Dense(64, activation="relu", name="fc2"),
        keras.layers.Dense(10, activation="softmax", name="output"),
    ])  # fmt: skip


def make_callbacks(interval):
    """All callbacks there are. A preprocess function gets the image in 0..255."""
    callbacks = CustomCallbacks(os.path.dirname(__file__), lambda image: image / 255, base_interval=interval)
    callbacks.register_network_saver()
    callbacks.register_training_progress()
    callbacks.register_layer_activations()
    callbacks.register_saliency_maps()
    callbacks.register_deconvolutional_network("pool", 8)
    callbacks.register_deep_visualization(
        [("output", digit) for digit in range(10)], 200, 50, l2_decay=0.0001, blur_interval=4, blur_std=1,
        interval=interval * 5,
    )  # fmt: skip
    return callbacks


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=os.environ.get("MNIST_DATA"), help="an .npz file, or keras to download")
    parser.add_argument("--epochs", type=int, help="2 for MNIST, 100 for the small set by default")
    options = parser.parse_args()
    training, test = load(options.data)
    model = build()
    # Keras 3 starts Adadelta at 0.001; the thesis used Keras 2's default of 1.
    model.compile(keras.optimizers.Adadelta(1.0), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.summary()
    callbacks = make_callbacks(interval=93 if options.data else 12)
    epochs = options.epochs or (2 if options.data else 100)
    # 0, unless somebody chose to continue the last run.
    epoch = callbacks.resume(model)
    model.fit(
        *training, BATCH_SIZE, epochs, initial_epoch=epoch, validation_data=test, callbacks=callbacks.get_list()
    )
    loss, accuracy = model.evaluate(*test, verbose=0)
    print(f"Test accuracy {accuracy:.4f}, loss {loss:.4f}")


if __name__ == "__main__":
    main()
