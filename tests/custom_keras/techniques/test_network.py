"""Layers by number and name, the image input, the outputs, softmax: on every form of network."""
import keras
import numpy as np
import pytest
from keras import layers, ops

from custom_keras.techniques.network import Network


def sequential(**last):
    return keras.Sequential([
        keras.Input((6, 6, 1), name="image"),
        layers.Conv2D(2, 3, activation="relu", name="conv"),
        layers.Flatten(name="flat"),
        layers.Dense(3, name="scores", **last),
    ])


def functional():
    image = keras.Input((6, 6, 1), name="image")
    x = layers.Conv2D(2, 3, activation="relu", name="conv")(image)
    x = layers.Flatten(name="flat")(x)
    return keras.Model(image, layers.Dense(3, activation="softmax", name="scores")(x))


def nested():
    base = keras.Sequential([keras.Input((6, 6, 1)), layers.Conv2D(2, 3, name="conv")], name="base")
    return keras.Sequential(
        [keras.Input((6, 6, 1)), base, layers.Flatten(name="flat"), layers.Dense(3, name="scores")]
    )


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__(name="subclassed")
        self.conv = layers.Conv2D(2, 3, name="conv")
        self.dense = layers.Dense(3, activation="softmax", name="scores")

    def call(self, inputs, training=False):
        x = ops.relu(self.conv(inputs) + 1.0)
        return self.dense(ops.reshape(x, (-1, 32)))


class Untraceable(keras.Model):
    def __init__(self):
        super().__init__(name="untraceable")
        self.dense = layers.Dense(3)

    def call(self, inputs):
        if not ops.is_tensor(inputs):
            raise TypeError("only real tensors")
        return self.dense(ops.reshape(inputs, (-1, 36)))


def values(network, slot, images, replaced=None):
    with keras.StatelessScope():
        inputs = network.feed(ops.convert_to_tensor(images))
        return ops.convert_to_numpy(network.graph.run(inputs, [slot], replaced)[0])


@pytest.fixture
def images():
    return np.random.default_rng(0).normal(size=(2, 6, 6, 1)).astype("float32")


@pytest.mark.parametrize("make", [sequential, functional])
def test_layers_have_the_same_numbers_in_both_forms(make):
    network = Network(make())
    assert [call.label for call in network.layers] == ["Layer 1: conv", "Layer 2: flat", "Layer 3: scores"]
    assert network.layer(1).name == network.layer("conv").name == network.layer(np.int64(1)).name == "conv"


def test_layers_of_a_nested_network_have_numbers_and_paths():
    network = Network(nested())
    labels = [call.label for call in network.layers]
    assert labels == ["Layer 1.1: conv", "Layer 2: flat", "Layer 3: scores"]
    assert network.layer("base/conv") == network.layer("conv")
    assert network.layer(1).name == "base"
    assert network.layer(1).slot == network.layer("conv").slot


@pytest.mark.parametrize("number", [0, 4, -1, "nowhere", True, 1.0, None])
def test_an_unknown_layer_is_an_error_that_lists_the_layers(number):
    with pytest.raises(ValueError, match="1 conv, 2 flat, 3 scores. Received: "):
        Network(sequential()).layer(number)


def test_a_name_of_several_layers_asks_for_the_path():
    model = keras.Sequential([keras.Input((6, 6, 1))] + [
        keras.Sequential([keras.Input((6, 6, 1)), layers.Conv2D(1, 1, name="conv")], name=name) for name in "ab"
    ])
    with pytest.raises(ValueError, match="a/conv, b/conv"):
        Network(model).layer("conv")


@pytest.mark.parametrize("make", [sequential, functional, nested])
def test_running_the_graph_gives_what_the_network_gives(make, images):
    model = make()
    network = Network(model)
    assert values(network, network.graph.outputs[0], images) == pytest.approx(model.predict(images, verbose=0))


def test_a_subclassed_network_is_traced_and_left_as_it_was(images):
    model = Subclassed()
    expected = model.predict(images, verbose=0)
    network = Network(model, input_shape=images.shape)
    assert [call.label for call in network.layers] == ["Layer 1: conv", "Layer 2: scores"]
    assert values(network, network.graph.outputs[0], images) == pytest.approx(expected)
    assert not model.conv._inbound_nodes and not model.conv._outbound_nodes


def test_a_trained_subclassed_network_knows_its_input_shape(images):
    model = Subclassed()
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(images, np.zeros(2), verbose=0)
    assert Network(model).image_shape == (6, 6, 1)


def test_a_subclassed_network_that_keras_cannot_trace_says_so(images):
    model = Untraceable()
    model(images)
    with pytest.raises(ValueError, match="cannot be traced.*only real tensors"):
        Network(model, input_shape=images.shape)
    assert not model.dense._inbound_nodes


def test_a_network_that_was_never_called_says_so():
    with pytest.raises(ValueError, match="has no weights yet. Expected"):
        Network(keras.Sequential([layers.Dense(1)]))


@pytest.mark.parametrize("softmax", [
    [layers.Dense(3, activation="softmax")],
    [layers.Dense(3), layers.Softmax()],
    [layers.Dense(3), layers.Activation("softmax")],
    [layers.Dense(3), layers.Activation("log_softmax")],
    [layers.Dense(3, activation=layers.Softmax())],
    [layers.Dense(3), layers.Activation("softmax"), layers.Activation("linear"), layers.Reshape((3,))],
    [keras.Sequential([keras.Input((36,)), layers.Dense(3, activation="softmax")])],
    [layers.Dense(3)],
    [layers.Dense(3, activation="tanh")],
])
def test_scores_are_those_before_softmax(softmax, images):
    model = keras.Sequential([keras.Input((6, 6, 1)), layers.Flatten(), *softmax])
    network = Network(model)
    slot, replaced, _ = network.scores()
    kernel, bias = model.get_weights()
    scores = images.reshape(2, 36) @ kernel + bias
    scores = np.tanh(scores) if getattr(softmax[-1], "activation", None) is keras.activations.tanh else scores
    probabilities = model.predict(images, verbose=0)
    assert values(network, slot, images, replaced) == pytest.approx(scores, abs=1e-5)
    assert model.predict(images, verbose=0) == pytest.approx(probabilities)


def test_softmax_inside_of_a_network_stays(images):
    model = keras.Sequential([
        keras.Input((6, 6, 1)), layers.Flatten(), layers.Dense(3, activation="softmax"), layers.Dense(2)
    ])
    assert Network(model).scores()[1] == {}


def two_outputs():
    image = keras.Input((6, 6, 1), name="image")
    extra = keras.Input((2,), name="extra")
    flat = layers.Concatenate(name="both")([layers.Flatten()(image), extra])
    size = layers.Dense(1, name="size")(flat)
    animal = layers.Dense(3, activation="softmax", name="animal")(flat)
    return keras.Model([extra, image], [size, animal])


def test_several_inputs_and_outputs(images):
    network = Network(two_outputs())
    assert network.image_shape == (6, 6, 1) and network.zero_inputs == ["extra"]
    assert network.scores()[2] == "animal"
    assert network.scores("size")[2] == network.scores(0)[2] == "size"
    given = Network(two_outputs(), other_inputs={"extra": np.array([5.0, 7.0])})
    assert given.zero_inputs == []
    assert values(given, given.layer("both").slot, images)[:, -2:].tolist() == [[5.0, 7.0]] * 2


@pytest.mark.parametrize("options, message", [
    ({"image_input": "extra"}, "Received: image_input='extra'"),
    ({"other_inputs": {"image": 1}}, r"Expected names of \['extra'\]"),
])
def test_wrong_inputs_are_errors(options, message):
    with pytest.raises(ValueError, match=message):
        Network(two_outputs(), **options)


def test_an_unknown_output_is_an_error():
    with pytest.raises(ValueError, match=r"Expected one of \['size', 'animal'\]. Received: output='face'"):
        Network(two_outputs()).scores("face")


def test_two_image_inputs_need_a_name():
    a, b = keras.Input((4, 4, 1), name="left"), keras.Input((4, 4, 3), name="right")
    model = keras.Model([a, b], layers.Dense(2)(layers.Concatenate()([layers.Flatten()(a), layers.Flatten()(b)])))
    with pytest.raises(ValueError, match="cannot be told"):
        Network(model)
    assert Network(model, image_input="right").image_shape == (4, 4, 3)


def test_an_output_that_is_no_vector_gives_no_scores():
    model = keras.Sequential([keras.Input((4, 4, 1)), layers.Conv2D(2, 1, activation="softmax")])
    with pytest.raises(ValueError, match=r"shape \(N, classes\)"):
        Network(model).scores()


def test_order_of_axes_follows_the_layers():
    model = keras.Sequential([keras.Input((3, 4, 5)), layers.Conv2D(2, 1, data_format="channels_first")])
    network = Network(model)
    assert network.channels_first
    assert network.as_pictures(np.zeros((1, 3, 4, 5))).shape == (1, 4, 5, 3)
    assert network.as_maps(np.zeros((1, 2, 4, 5))).shape == (1, 2, 4, 5)
    assert Network(sequential()).as_maps(np.zeros((1, 4, 5, 2))).shape == (1, 2, 4, 5)


def test_images_of_another_shape_are_refused(images):
    network = Network(sequential())
    assert network.check_images(images).dtype == np.float32
    with pytest.raises(ValueError, match=r"Expected shape \('N', 6, 6, 1\). Received: shape=\(2, 6, 6\)"):
        network.check_images(images[..., 0])


def test_a_layer_called_twice_is_listed_twice():
    image = keras.Input((4, 4, 1))
    conv = layers.Conv2D(1, 3, padding="same", name="twice")
    network = Network(keras.Model(image, conv(conv(image))))
    assert [call.label for call in network.layers] == ["Layer 1: twice", "Layer 1: twice (call 2)"]
