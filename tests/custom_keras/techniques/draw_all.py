"""Draws every technique of small networks with this process' backend, into one file: `draw_all.py <file.npz>`."""
import sys

import keras
import numpy as np
from keras import layers

from custom_keras.techniques.deconvolutional_network import DeconvolutionalNetwork
from custom_keras.techniques.deep_visualization import DEEP_VISUALIZATION_PRESETS, DeepVisualization
from custom_keras.techniques.layer_activations import LayerActivations
from custom_keras.techniques.saliency_maps import VARIANTS, SaliencyMaps

EVERYTHING = {"l2_decay": 0.01, "blur_interval": 3, "blur_std": 0.7, "value_percentile": 5, "norm_percentile": 10,
            "contribution_percentile": 15, "abs_contribution_percentile": 20}  # fmt: skip


def chain():
    """As VGG: convolution, pooling, dense layers."""
    return keras.Sequential([
        keras.Input((17, 14, 3)),
        layers.Conv2D(6, 3, activation="relu", name="conv1"),
        layers.Conv2D(8, 3, strides=2, padding="same", activation="relu", name="conv2"),
        layers.MaxPooling2D(3, 2, "same", name="pool"),
        layers.Dropout(0.5),
        layers.Flatten(),
        layers.Dense(12, activation="relu", name="hidden"),
        layers.Dense(5, activation="softmax", name="scores"),
    ])


def branching():
    """Residual and concatenated branches, all kinds of convolution, two inputs, two outputs, a nested part."""
    image, extra = keras.Input((15, 13, 2), name="image"), keras.Input((3,), name="extra")
    x = layers.Conv2D(6, 3, dilation_rate=2, padding="same", name="conv1")(image)
    x = layers.ReLU()(layers.BatchNormalization(name="norm")(x))
    inside = keras.Input(x.shape[1:])
    branch = layers.SeparableConv2D(6, 3, padding="same", activation="relu", name="separable")(inside)
    branch = layers.DepthwiseConv2D(3, padding="same", name="depthwise")(branch)
    x = layers.ReLU(name="sum")(layers.Add()([keras.Model(inside, branch, name="block")(x), x]))
    x = layers.Concatenate(name="both")([layers.AveragePooling2D(3, 2)(x), layers.MaxPooling2D(3, 2)(x)])
    x = layers.Conv2D(7, (2, 3), activation="relu", name="conv2")(x)
    x = layers.Concatenate()([layers.GlobalAveragePooling2D()(x), extra])
    size = layers.Dense(1, name="size")(x)
    return keras.Model([extra, image], [size, layers.Softmax(name="class")(layers.Dense(4, name="scores")(x))])


def weights_for(model):
    """Weights as after a training; the same on every backend."""
    rng = np.random.default_rng(1)
    made = []
    for variable in model.variables:
        if "seed" in variable.path or "count" in variable.path:
            made.append(np.asarray(variable.numpy()))
        elif "variance" in variable.path or "gamma" in variable.path:
            made.append(rng.uniform(0.5, 2, variable.shape))
        else:
            fan_in = max(np.prod(variable.shape[:-1]), 4)
            made.append(rng.normal(0.02, (2 / fan_in) ** 0.5, variable.shape))
    for variable, value in zip(model.variables, made, strict=True):
        variable.assign(value)
    return model


def arrays_of(name, model, feature_layers, units):
    """All arrays that the techniques give for a network, by name."""
    size = next(tensor.shape[1:] for tensor in model.inputs if len(tensor.shape) == 4)
    images = np.random.default_rng(2).uniform(-1, 1, (2, *size)).astype("float32")
    for number, result in enumerate(LayerActivations(model).draw(images)):
        for layer in result.layers:
            yield f"{name} activations {layer.label} {number}", layer.array
    for number, result in enumerate(SaliencyMaps(model, variant=VARIANTS).draw(images)):
        yield f"{name} score {number}", np.array([result.class_index, result.score])
        for variant, array in result.maps.items():
            yield f"{name} saliency {variant} {number}", array
    for layer in feature_layers:
        for number, result in enumerate(DeconvolutionalNetwork(model, layer, 3).draw(images)):
            for rank, made in enumerate(result.reconstructions):
                yield f"{name} deconvolution {layer} {number} {rank}", made.array
                yield f"{name} deconvolution {layer} {number} {rank} map", np.array([made.feat_map_no, *made.position])
    for preset, settings in {"dense": DEEP_VISUALIZATION_PRESETS["dense"], "everything": EVERYTHING}.items():
        for number, unit in enumerate(DeepVisualization(model, units, 0.5, 6, **settings, seed=3).draw().units):
            yield f"{name} deep visualization {preset} {number}", unit.array
            yield f"{name} deep visualization {preset} {number} loss", np.array([unit.loss_value])


def main():
    arrays = {}
    for name, model, feature_layers, units in (
        ("chain", chain(), ["pool"], [("scores", 0), ("scores", 3), ("conv1", (1, 2, 5))]),
        ("branching", branching(), ["conv2"], [("class", 0), ("class", 3)]),
    ):
        arrays.update(arrays_of(name, weights_for(model), feature_layers, units))
    np.savez(sys.argv[1], **arrays)


if __name__ == "__main__":
    main()
