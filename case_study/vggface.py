"""The VGG-Face network, configuration D, in Keras 3, with the weights of the keras-vggface project.

Reference: O. M. Parkhi, A. Vedaldi and A. Zisserman, Deep Face Recognition, BMVC 2015.
"""

from pathlib import Path

import h5py
import keras
import numpy as np
from keras import layers

INPUT_SIZE = (224, 224)
CLASSES = 2622
FEATURE_LAYER = "fc7_relu"
# Mean of the images that the network was trained on: blue, green, red.
MEAN = (93.5940, 104.7624, 129.1863)
WEIGHTS_FILES = ("rcmalli_vggface_tf_vgg16.h5", "rcmalli_vggface_tf_v2.h5")
WEIGHTS_ADDRESS = "https://github.com/rcmalli/keras-vggface/releases"
# Filters of the convolutions of each block; a pooling layer ends it.
_BLOCKS = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))


def build_vggface(classifier: bool = True) -> keras.Model:
    """Build the network, with random weights.

    Args:
        classifier: with the last two layers, which name one of 2,622 people.

    Returns:
        Model from float32 images (N, 224, 224, 3), see `preprocess`, to probabilities (N, 2622), or without
        the classifier to features (N, 4096): the output of fc7 after ReLU.

    Notes:
        The names are the original's, except that Keras 3 has no `/` in them: `fc7/relu` is `fc7_relu`.
    """
    image = x = keras.Input((*INPUT_SIZE, 3), name="input")
    for block, widths in enumerate(_BLOCKS, 1):
        for number, width in enumerate(widths, 1):
            name = f"conv{block}_{number}"
            x = layers.Conv2D(width, 3, padding="same", activation="relu", name=name)(x)
        x = layers.MaxPooling2D(2, strides=2, name=f"pool{block}")(x)
    x = layers.Flatten(name="flatten")(x)
    for name in ("fc6", "fc7"):
        x = layers.Dense(4096, name=name)(x)
        x = layers.Activation("relu", name=f"{name}_relu")(x)
    if classifier:
        x = layers.Dense(CLASSES, name="fc8")(x)
        x = layers.Activation("softmax", name="fc8_softmax")(x)
    return keras.Model(image, x, name="vggface_vgg16")


def preprocess(pixels: np.ndarray) -> np.ndarray:
    """Turn RGB values 0 to 255 into what the network was trained on.

    Args:
        pixels: float32 array (..., 3).

    Returns:
        float32 array of the same shape: BGR minus `MEAN`.
    """
    return pixels[..., ::-1] - np.array(MEAN, np.float32)


def check_weights(path: str | Path | None) -> None:
    """Refuse what can be no file of weights.

    Raises:
        FileNotFoundError: if it is not there; the text says where it comes from.
        ValueError: if it is no HDF5 file.
    """
    if path is None or not Path(path).is_file():
        raise FileNotFoundError(
            f"The weights of VGG-Face are not there. Expected {' or '.join(WEIGHTS_FILES)} with --weights; "
            f"they are at {WEIGHTS_ADDRESS}. Another network can be given with --backbone. Received: {path}"
        )
    if not h5py.is_hdf5(path):
        raise ValueError(f"This is no file of weights. Expected HDF5. Received: {path}")


def load_weights(model: keras.Model, path: str | Path) -> None:
    """Load weights by the names of the layers from a file that Keras 1 or 2 saved.

    Keras 3's own loader goes by the names too, but refuses the `/` in them.

    Args:
        model: the network; each of its layers with weights must be in the file.
        path: the HDF5 file, of weights or of a whole network.

    Raises:
        ValueError: if it is another network's. See `check_weights` for more.
    """
    check_weights(path)
    with h5py.File(path) as file:
        groups = file.get("model_weights", file)
        for layer in model.layers:
            if layer.weights:
                layer.set_weights(_layer_weights(groups, layer, path))


def _layer_weights(groups: h5py.Group, layer: keras.Layer, path: Path) -> list[np.ndarray]:
    group = groups.get(layer.name, {})
    names = group.attrs.get("weight_names", ()) if group else ()
    names = [name.decode() if isinstance(name, bytes) else name for name in names]
    shapes = [tuple(group[name].shape) for name in names]
    expected = [tuple(weight.shape) for weight in layer.weights]
    if shapes != expected:
        raise ValueError(
            f"These weights are not those of VGG-Face with its dense layers ({' or '.join(WEIGHTS_FILES)}). "
            f"Expected layer {layer.name} with weights {expected}. Received: {shapes or 'none'} in {path}"
        )
    return [group[name][()] for name in names]
