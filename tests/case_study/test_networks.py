"""The nine networks against tables 4.2 to 4.4 of the thesis, which are typed in here by hand."""

import keras
import numpy as np
import pytest

from case_study.networks import CONFIGURATIONS, EXTRA_INPUT, EXTRA_OUTPUT, build_network

# Name, layer type, units, and the layers whose output it takes in: a column that the tables say by the number of a
# layer and of its branch.
TABLES = {
    "A": [
        ("input", "InputLayer", 4096, []),
        ("drop", "Dropout", 4096, ["input"]),
        ("output", "Dense", 98, ["drop"]),
    ],
    "B": [
        ("input", "InputLayer", 4096, []),
        ("drop1", "Dropout", 4096, ["input"]),
        ("fc1", "Dense", 1024, ["drop1"]),
        ("drop2", "Dropout", 1024, ["fc1"]),
        ("fc2", "Dense", 1024, ["drop2"]),
        ("drop3", "Dropout", 1024, ["fc2"]),
        ("output", "Dense", 98, ["drop3"]),
    ],
    "C": [
        ("input", "InputLayer", 4096, []),
        ("drop1", "Dropout", 4096, ["input"]),
        ("fc1", "Dense", 1024, ["drop1"]),
        ("drop2", "Dropout", 1024, ["fc1"]),
        ("fc2", "Dense", 1024, ["drop2"]),
        ("drop3", "Dropout", 1024, ["fc2"]),
        ("fc3", "Dense", 1024, ["drop3"]),
        ("drop4", "Dropout", 1024, ["fc3"]),
        ("output", "Dense", 98, ["drop4"]),
    ],
    "D": [
        ("exp_input", "InputLayer", 7, []),
        ("feat_input", "InputLayer", 4096, []),
        ("drop", "Dropout", 4096, ["feat_input"]),
        ("concat", "Concatenate", 4103, ["exp_input", "drop"]),
        ("output", "Dense", 98, ["concat"]),
    ],
    "E": [
        ("exp_input", "InputLayer", 7, []),
        ("feat_input", "InputLayer", 4096, []),
        ("drop1", "Dropout", 4096, ["feat_input"]),
        ("fc1", "Dense", 1024, ["drop1"]),
        ("drop2", "Dropout", 1024, ["fc1"]),
        ("concat", "Concatenate", 1031, ["exp_input", "drop2"]),
        ("fc2", "Dense", 1024, ["concat"]),
        ("drop3", "Dropout", 1024, ["fc2"]),
        ("output", "Dense", 98, ["drop3"]),
    ],
    "F": [
        ("exp_input", "InputLayer", 7, []),
        ("feat_input", "InputLayer", 4096, []),
        ("drop1", "Dropout", 4096, ["feat_input"]),
        ("concat", "Concatenate", 4103, ["exp_input", "drop1"]),
        ("fc1", "Dense", 1024, ["concat"]),
        ("drop2", "Dropout", 1024, ["fc1"]),
        ("fc2", "Dense", 1024, ["drop2"]),
        ("drop3", "Dropout", 1024, ["fc2"]),
        ("output", "Dense", 98, ["drop3"]),
    ],
    "G": [
        ("input", "InputLayer", 4096, []),
        ("drop", "Dropout", 4096, ["input"]),
        ("id_output", "Dense", 98, ["drop"]),
        ("exp_output", "Dense", 7, ["drop"]),
    ],
    "H": [
        ("input", "InputLayer", 4096, []),
        ("drop1", "Dropout", 4096, ["input"]),
        ("fc1", "Dense", 1024, ["drop1"]),
        ("drop2", "Dropout", 1024, ["fc1"]),
        ("fc2", "Dense", 1024, ["drop2"]),
        ("drop3", "Dropout", 1024, ["fc2"]),
        ("id_output", "Dense", 98, ["drop3"]),
        ("fc3", "Dense", 1024, ["drop3"]),
        ("drop4", "Dropout", 1024, ["fc3"]),
        ("exp_output", "Dense", 7, ["drop4"]),
    ],
    "I": [
        ("input", "InputLayer", 4096, []),
        ("drop1", "Dropout", 4096, ["input"]),
        ("fc1", "Dense", 1024, ["drop1"]),
        ("drop2", "Dropout", 1024, ["fc1"]),
        ("fc2", "Dense", 1024, ["drop2"]),
        ("drop3", "Dropout", 1024, ["fc2"]),
        ("exp_output", "Dense", 7, ["drop3"]),
        ("fc3", "Dense", 1024, ["drop3"]),
        ("drop4", "Dropout", 1024, ["fc3"]),
        ("id_output", "Dense", 98, ["drop4"]),
    ],
}
# The thesis has no parameter counts; these follow from its tables: (inputs + 1) times units of each dense layer.
PARAMETERS = {
    "A": 401_506,  # 4097 * 98
    "B": 5_345_378,  # 4097 * 1024 + 1025 * 1024 + 1025 * 98
    "C": 6_394_978,  # 4097 * 1024 + 2 * 1025 * 1024 + 1025 * 98
    "D": 402_192,  # 4104 * 98
    "E": 5_352_546,  # 4097 * 1024 + 1032 * 1024 + 1025 * 98
    "F": 5_352_546,  # 4104 * 1024 + 1025 * 1024 + 1025 * 98
    "G": 430_185,  # 4097 * (98 + 7)
    "H": 6_402_153,  # 4097 * 1024 + 2 * 1025 * 1024 + 1025 * (98 + 7)
    "I": 6_402_153,  # the same
}


@pytest.fixture(scope="module", params=CONFIGURATIONS)
def network(request):
    """A configuration's letter and its network, as large as the thesis'."""
    keras.utils.set_random_seed(1)
    yield request.param, build_network(request.param, identities=98, expressions=7)
    keras.backend.clear_session()


def sources(layer):
    if isinstance(layer, keras.layers.InputLayer):
        return []
    return [tensor._keras_history.operation.name for tensor in keras.tree.flatten(layer.input)]


def test_layers_are_those_of_the_tables(network):
    letter, model = network
    found = {
        layer.name: (type(layer).__name__, keras.tree.flatten(layer.output)[0].shape[1:], sources(layer))
        for layer in model.layers
    }

    assert found == {name: (kind, (units,), before) for name, kind, units, before in TABLES[letter]}
    assert len(model.layers) == len(TABLES[letter])


def test_parameters(network):
    letter, model = network

    assert model.count_params() == PARAMETERS[letter]
    assert all(weight.trainable for weight in model.weights)


def test_inputs_and_outputs_come_in_one_order(network):
    letter, model = network

    expected = ["exp_input", "feat_input"] if letter in EXTRA_INPUT else ["input"]
    assert [tensor.name for tensor in model.inputs] == expected
    expected = ["id_output", "exp_output"] if letter in EXTRA_OUTPUT else ["output"]
    assert model.output_names == expected


def test_rates_activations_and_initial_weights(network):
    _, model = network
    outputs = {"output", "id_output", "exp_output"}

    for layer in model.layers:
        if isinstance(layer, keras.layers.Dropout):
            assert layer.rate == 0.5
        elif isinstance(layer, keras.layers.Dense):
            assert layer.activation.__name__ == ("softmax" if layer.name in outputs else "relu")
            kernel, bias = layer.get_weights()
            # Glorot: uniform within the root of 6 / (inputs + units), whose spread is that by the root of 3.
            limit = np.sqrt(6 / sum(kernel.shape))
            assert np.abs(kernel).max() <= limit * (1 + 1e-6)
            assert np.isclose(kernel.std(), limit / np.sqrt(3), rtol=0.02)
            assert not bias.any()


def test_numbers_of_classes_and_features_come_from_the_data():
    model = build_network("H", identities=3, expressions=2, features=5)

    assert model.input_shape == (None, 5)
    assert model.output_shape == [(None, 3), (None, 2)]


def test_the_expression_reaches_the_identity_only_where_it_is_an_input():
    features = np.random.default_rng(0).normal(size=(1, 5)).astype(np.float32)
    for letter in EXTRA_INPUT:
        model = build_network(letter, identities=3, expressions=2, features=5)
        one, other = (model.predict([np.array([e], np.float32), features], verbose=0) for e in ([1, 0], [0, 1]))
        assert not np.allclose(one, other), letter


@pytest.mark.parametrize("letter", ["J", "a", ""])
def test_an_unknown_configuration_is_refused(letter):
    with pytest.raises(ValueError, match=f"Expected one of A, B, .* Received: configuration='{letter}'"):
        build_network(letter, identities=3, expressions=2)
