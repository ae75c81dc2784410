"""The networks that the techniques are measured on. Weights are random: they do not change what passes cost."""
import keras
from keras import layers

from examples import mnist

_FIRES = {2: (16, 64), 3: (16, 64), 4: (32, 128), 5: (32, 128), 6: (48, 192), 7: (48, 192), 8: (64, 256), 9: (64, 256)}


def mnist_network() -> keras.Model:
    """The network of figure 5.3 of the thesis, as a functional model, which the peers need."""
    image = tensor = keras.Input((28, 28, 1))
    for layer in mnist.build().layers:
        tensor = type(layer).from_config(layer.get_config())(tensor)
    return keras.Model(image, tensor, name="mnist")


def squeezenet() -> keras.Model:
    """SqueezeNet v1.0 (Iandola et al. 2016)."""

    def convolution(filters, size, name, **options):
        return layers.Conv2D(filters, size, activation="relu", name=name, **options)

    image = keras.Input((227, 227, 3))
    x = convolution(96, 7, "conv1", strides=2)(image)
    x = layers.MaxPooling2D(3, 2)(x)
    for number, (squeeze, expand) in _FIRES.items():
        x = convolution(squeeze, 1, f"fire{number}_squeeze")(x)
        wide = convolution(expand, 3, f"fire{number}_expand3", padding="same")(x)
        x = layers.Concatenate(name=f"fire{number}")([convolution(expand, 1, f"fire{number}_expand1")(x), wide])
        if number in (4, 8):
            x = layers.MaxPooling2D(3, 2)(x)
    x = convolution(1000, 1, "conv10")(layers.Dropout(0.5)(x))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Activation("softmax")(x), name="squeezenet")


def vgg16() -> keras.Model:
    """VGG16 (Simonyan and Zisserman 2014)."""
    return keras.applications.VGG16(weights=None)


# With a layer in the middle, whose feature maps are deconvolved, and the last one that has feature maps.
NETWORKS = {
    "mnist": (mnist_network, "pool", "conv2"),
    "squeezenet": (squeezenet, "fire5", "conv10"),
    "vgg16": (vgg16, "block3_conv3", "block5_conv3"),
}
