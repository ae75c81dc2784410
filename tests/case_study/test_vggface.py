"""VGG-Face and the two files of weights, made up here: of full size, but their data sets hold a fill value alone."""

import h5py
import keras
import numpy as np
import pytest

from case_study import vggface
from case_study.vggface import build_vggface, load_weights, preprocess

# Table 4.1 with the sizes that 224x224 pixels give: rows and columns, channels; then of the vectors.
SHAPES = {
    "input": (224, 224, 3),
    "conv1_1": (224, 224, 64), "conv1_2": (224, 224, 64), "pool1": (112, 112, 64),
    "conv2_1": (112, 112, 128), "conv2_2": (112, 112, 128), "pool2": (56, 56, 128),
    "conv3_1": (56, 56, 256), "conv3_2": (56, 56, 256), "conv3_3": (56, 56, 256), "pool3": (28, 28, 256),
    "conv4_1": (28, 28, 512), "conv4_2": (28, 28, 512), "conv4_3": (28, 28, 512), "pool4": (14, 14, 512),
    "conv5_1": (14, 14, 512), "conv5_2": (14, 14, 512), "conv5_3": (14, 14, 512), "pool5": (7, 7, 512),
    "flatten": (25_088,),
    "fc6": (4096,), "fc6_relu": (4096,), "fc7": (4096,), "fc7_relu": (4096,),
    "fc8": (2622,), "fc8_softmax": (2622,),
}  # fmt: skip
WEIGHTS = {
    "conv1_1": (3, 3, 3, 64), "conv1_2": (3, 3, 64, 64),
    "conv2_1": (3, 3, 64, 128), "conv2_2": (3, 3, 128, 128),
    "conv3_1": (3, 3, 128, 256), "conv3_2": (3, 3, 256, 256), "conv3_3": (3, 3, 256, 256),
    "conv4_1": (3, 3, 256, 512), "conv4_2": (3, 3, 512, 512), "conv4_3": (3, 3, 512, 512),
    "conv5_1": (3, 3, 512, 512), "conv5_2": (3, 3, 512, 512), "conv5_3": (3, 3, 512, 512),
    "fc6": (25_088, 4096), "fc7": (4096, 4096), "fc8": (4096, 2622),
}  # fmt: skip
# A place of a kernel by rows, columns, channels and filters, or by inputs and units: it must come out just there.
MARKED = {"conv1_2": (0, 2, 5, 6), "fc7": (4000, 7)}


@pytest.fixture(scope="module")
def model():
    """The whole network; the tests share it, as it has 580 MB."""
    yield build_vggface()
    keras.backend.clear_session()


def write_weights(path, naming, root="", leave_out=(), shapes=WEIGHTS):
    """A file as Keras 1 and 2 wrote it. Layer number n has n / 100 in its kernel and -n / 100 in its bias.

    Chunks that are never written take no room. In the kernels of `MARKED` one place has a number of its own.
    """
    with h5py.File(path, "w") as file:
        top = file.require_group(root) if root else file
        layers = {**dict.fromkeys(("fc6/relu", "fc7/relu", "fc8/softmax", "pool1", "flatten")), **shapes}
        top.attrs["layer_names"] = [name.encode() for name in layers]
        for layer, shape in layers.items():
            group = top.require_group(layer)
            group.attrs["weight_names"] = []
            if shape is None or layer in leave_out:
                continue
            number = list(shapes).index(layer) + 1
            names = [naming.format(layer=layer, what=what) for what in ("kernel", "bias")]
            group.attrs["weight_names"] = [name.encode() for name in names]
            for name, value, size in zip(names, (number, -number), (shape, shape[-1:]), strict=True):
                chunks = tuple(min(n, 64 if layer in MARKED else 512) for n in size)
                weights = group.create_dataset(name, size, "float32", chunks=chunks, fillvalue=value / 100)
                if layer in MARKED and size == shape:
                    weights[MARKED[layer]] = 9
    return path


def test_shapes_and_parameters(model):
    assert {layer.name: keras.tree.flatten(layer.output)[0].shape[1:] for layer in model.layers} == SHAPES
    assert {layer.name: layer.kernel.shape for layer in model.layers if layer.weights} == WEIGHTS
    assert model.count_params() == 145_002_878


def test_layers_follow_table_41(model):
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D):
            assert (layer.kernel_size, layer.strides, layer.padding) == ((3, 3), (1, 1), "same")
            assert layer.activation.__name__ == "relu"
        elif isinstance(layer, keras.layers.MaxPooling2D):
            assert (layer.pool_size, layer.strides, layer.padding) == ((2, 2), (2, 2), "valid")
        elif isinstance(layer, keras.layers.Dense):
            assert layer.activation.__name__ == "linear"


@pytest.mark.parametrize(
    ("name", "naming", "root"),
    [
        ("rcmalli_vggface_tf_v2.h5", "{layer}_{what}:0", ""),
        ("rcmalli_vggface_tf_vgg16.h5", "{layer}/{what}:0", ""),
        ("whole_network.h5", "{layer}/{what}:0", "model_weights"),
    ],
)
def test_weights_are_loaded_by_the_names_of_the_layers(model, tmp_path, name, naming, root):
    path = write_weights(tmp_path / name, naming, root)
    assert path.stat().st_size < 1_000_000

    load_weights(model, path)

    for layer, place in MARKED.items():
        kernel = model.get_layer(layer).kernel
        assert float(kernel[place]) == 9
        kernel.assign(keras.ops.where(kernel == 9, (list(WEIGHTS).index(layer) + 1) / 100, kernel))
    for number, layer in enumerate(WEIGHTS, 1):
        kernel, bias = model.get_layer(layer).weights
        # Mean and extremes without a copy of 100 million numbers.
        for weight, value in ((kernel, number / 100), (bias, -number / 100)):
            extremes = float(keras.ops.min(weight)), float(keras.ops.max(weight))
            assert extremes == pytest.approx((value, value)), layer
        for weight in (kernel, bias):
            weight.assign(keras.ops.zeros(weight.shape))


@pytest.mark.parametrize(
    ("leave_out", "changed", "message"),
    [
        ((), {"conv3_2": (3, 3, 256, 128)}, r"layer conv3_2 .*\(3, 3, 256, 256\).* Received: .*\(3, 3, 256, 128\)"),
        ((), {"conv1_1": (64, 3, 3, 3)}, r"layer conv1_1 .* Received: \[\(64, 3, 3, 3\)"),
        (("fc6", "fc7", "fc8"), {}, "with its dense layers .* Expected layer fc6 .* Received: none"),
    ],
)
def test_another_networks_weights_are_refused(model, tmp_path, leave_out, changed, message):
    path = write_weights(tmp_path / "w.h5", "{layer}/{what}:0", "", leave_out, {**WEIGHTS, **changed})

    with pytest.raises(ValueError, match=message):
        load_weights(model, path)


@pytest.mark.parametrize("path", [None, "nowhere.h5"])
def test_without_weights_the_error_says_where_they_come_from(path):
    with pytest.raises(FileNotFoundError) as error:
        vggface.check_weights(path)

    for part in (*vggface.WEIGHTS_FILES, "--weights", "github.com/rcmalli/keras-vggface/releases", "--backbone"):
        assert part in str(error.value)
    assert f"Received: {path}" in str(error.value)


def test_a_file_that_is_no_hdf5_is_refused(tmp_path):
    (tmp_path / "w.h5").write_text("<html>Not found</html>")

    with pytest.raises(ValueError, match="Expected HDF5"):
        vggface.check_weights(tmp_path / "w.h5")


def test_preprocessing_swaps_the_channels_and_takes_the_mean_away():
    # Red 200, green 100, blue 50: blue comes first, and its own mean is taken from it.
    pixels = preprocess(np.array([[[200, 100, 50]]], np.float32))

    assert pixels.dtype == np.float32
    np.testing.assert_allclose(pixels, [[[50 - 93.5940, 100 - 104.7624, 200 - 129.1863]]], rtol=1e-6)


def test_the_feature_is_fc7_after_relu(model):
    """With hand-set weights: every unit of fc6 is 2; of fc7, one is 2 x 3 + 1 and the others are below zero."""
    image, feature = model.get_layer("flatten").output, model.get_layer(vggface.FEATURE_LAYER).output
    for name in ("fc6", "fc7"):
        for weight in model.get_layer(name).weights:
            weight.assign(keras.ops.zeros(weight.shape))
    model.get_layer("fc6").bias.assign(np.full(4096, 2, np.float32))
    kernel = np.zeros((4096, 4096), np.float32)
    kernel[7, 5] = 3
    bias = np.full(4096, -1, np.float32)
    bias[5] = 1
    model.get_layer("fc7").set_weights([kernel, bias])

    found = keras.Model(image, feature).predict(np.ones((1, 25_088), np.float32), verbose=0)

    assert found.shape == (1, 4096) and np.flatnonzero(found).tolist() == [5] and found[0, 5] == 7


def test_the_extractor_ends_at_the_feature():
    model = build_vggface(classifier=False)

    assert model.output_shape == (None, 4096) and model.layers[-1].name == "fc7_relu"
    assert model.count_params() == 145_002_878 - 4097 * 2622
