"""Gradient ascent by hand: start, steps, units, softmax, seeds."""
import keras
import numpy as np
import pytest
from keras import layers, ops
from scipy.ndimage import gaussian_filter

from custom_keras.techniques.deep_visualization import DEEP_VISUALIZATION_PRESETS, DeepVisualization

PERCENTILES = {"value_percentile": 10, "norm_percentile": 20, "contribution_percentile": 30,
               "abs_contribution_percentile": 40}  # fmt: skip


def linear(*last, shape=(3, 2, 1), units=2):
    """Scores that are sums of the pixels, with the factors 0, 1, 2, ..."""
    dense = layers.Dense(units, name="dense")
    model = keras.Sequential([keras.Input(shape), layers.Flatten(), dense, *last])
    size = int(np.prod(shape))
    dense.set_weights([np.arange(size * units).reshape(size, units) / 10, np.arange(units) * 1.0])
    return model


def squares():
    """Feature maps x^2 - bias, whose gradient depends on the image."""
    image = keras.Input((6, 5, 2))
    maps = layers.Conv2D(3, 3, padding="same", name="maps")(ops.square(image))
    keras.utils.set_random_seed(0)
    model = keras.Model(image, maps)
    model.set_weights([np.random.default_rng(1).normal(size=weight.shape) for weight in model.get_weights()])
    return model


def start_of(technique, seed):
    return np.random.default_rng(seed).normal(0, 10, (len(technique.units), *technique.image_shape))


def test_it_starts_from_noise_of_standard_deviation_10():
    technique = DeepVisualization(linear(shape=(50, 50, 1)), [("dense", 0)], 1e-9, 1, seed=3)
    (unit,) = technique.draw().units
    assert unit.array.std() == pytest.approx(10, rel=0.05) and abs(unit.array.mean()) < 1
    np.testing.assert_allclose(unit.array, start_of(technique, 3)[0], atol=1e-5)


def test_each_step_adds_the_learning_rate_times_the_gradient():
    technique = DeepVisualization(linear(), [("dense", 1), ("dense", 0)], 0.5, 4, seed=3)
    first, second = technique.draw().units
    slope = np.arange(12).reshape(6, 2) / 10
    for unit, start, number in ((first, start_of(technique, 3)[0], 1), (second, start_of(technique, 3)[1], 0)):
        assert (unit.layer_name, unit.unit_index) == ("dense", number)
        expected = start + 4 * 0.5 * slope[:, number].reshape(3, 2, 1)
        np.testing.assert_allclose(unit.array, expected, rtol=1e-5)
        assert unit.loss_value == pytest.approx((expected.ravel() * slope[:, number]).sum() + number, rel=1e-5)


@pytest.mark.parametrize("settings", [
    {}, {"l2_decay": 0.25}, {"blur_interval": 2, "blur_std": 0.7}, *({name: at} for name, at in PERCENTILES.items()),
    {"l2_decay": 0.1, "blur_interval": 3, "blur_std": 0.5, **PERCENTILES},
], ids=lambda settings: "+".join(settings) or "none")  # fmt: skip
def test_three_steps_with_each_regularizer(settings):
    model = squares()
    technique = DeepVisualization(model, [("maps", (2, 1, 2))], 0.01, 3, **settings, seed=5)
    (unit,) = technique.draw().units
    kernel, bias = model.get_weights()
    factors = np.zeros((6, 5, 2))
    factors[1:4, 0:3] = kernel[:, :, :, 2]  # around row 2, column 1
    x = start_of(technique, 5)[0]
    for step in (1, 2, 3):
        slope = 2 * x * factors
        x = regularized(x + 0.01 * slope, slope, step, **settings)
    np.testing.assert_allclose(unit.array, x, atol=1e-4 * abs(x).max())
    assert unit.loss_value == pytest.approx((x**2 * factors).sum() + bias[2], rel=1e-4)


def regularized(x, slope, step, l2_decay=0, blur_interval=0, blur_std=0, **percentiles):
    """The thesis' section 2.3.5 once more."""
    x = x * (1 - l2_decay)
    if blur_interval and step % blur_interval == 0:
        x = gaussian_filter(x, (blur_std, blur_std, 0))
    measures = {
        "value_percentile": lambda: abs(x),
        "norm_percentile": lambda: np.sqrt((x**2).sum(axis=-1, keepdims=True)),
        "contribution_percentile": lambda: -(x * slope).sum(axis=-1, keepdims=True),
        "abs_contribution_percentile": lambda: abs((x * slope).sum(axis=-1, keepdims=True)),
    }
    for name, measure in measures.items():
        if percentiles.get(name):
            size = measure()
            x = np.where(size < np.percentile(size, percentiles[name]), 0, x)
    return x


def test_the_presets_are_the_rows_of_table_2_1():
    names = ("l2_decay", "blur_interval", "blur_std", "norm_percentile", "abs_contribution_percentile")
    rows = [[preset.get(name, 0) for name in names] for preset in DEEP_VISUALIZATION_PRESETS.values()]
    assert rows == [[0, 4, 0.5, 50, 0], [0.3, 0, 0, 20, 0], [0.0001, 4, 1.0, 0, 0], [0, 4, 0.5, 0, 90]]
    assert list(DEEP_VISUALIZATION_PRESETS) == ["sparse", "high_frequency", "low_frequency", "dense"]
    for preset in DEEP_VISUALIZATION_PRESETS.values():
        assert set(preset) <= set(names)
        DeepVisualization(linear(), [("dense", 0)], 1, 1, **preset)


@pytest.mark.parametrize("softmax", [
    [layers.Activation("softmax", name="end")], [layers.Softmax(name="end")], [],
], ids=["activation layer", "softmax layer", "none"])  # fmt: skip
def test_softmax_is_taken_off(softmax):
    last = "end" if softmax else "dense"
    (unit,) = DeepVisualization(linear(*softmax), [(last, 1)], 0.5, 2, seed=1).draw().units
    (plain,) = DeepVisualization(linear(), [("dense", 1)], 0.5, 2, seed=1).draw().units
    np.testing.assert_array_equal(unit.array, plain.array)
    assert unit.loss_value == plain.loss_value


def test_softmax_as_the_activation_of_the_layer_is_taken_off_and_stays_in_the_network():
    model = linear()
    dense = model.layers[-1]
    (plain,) = DeepVisualization(model, [("dense", 1)], 0.5, 2, seed=1).draw().units
    dense.activation = keras.activations.softmax
    (unit,) = DeepVisualization(model, [("dense", 1)], 0.5, 2, seed=1).draw().units
    np.testing.assert_array_equal(unit.array, plain.array)
    assert unit.loss_value == plain.loss_value
    assert dense.activation is keras.activations.softmax


def test_a_seed_repeats_the_pictures_and_global_random_numbers_are_left_alone():
    technique = DeepVisualization(squares(), [("maps", (1, 1, 0)), ("maps", (1, 1, 0))], 0.01, 2, seed=8)
    np.random.seed(4)
    before = np.random.get_state()[1].copy()
    one, two = technique.draw(), technique.draw()
    np.testing.assert_array_equal(np.random.get_state()[1], before)
    for first, second in zip(one.units, two.units, strict=True):
        np.testing.assert_array_equal(first.array, second.array)
    assert not np.allclose(one.units[0].array, one.units[1].array)  # each unit starts from noise of its own


def test_without_a_seed_each_drawing_is_another_and_says_how_to_repeat_it():
    model = squares()
    one, two = (DeepVisualization(model, [("maps", (1, 1, 0))], 0.01, 2).draw() for _ in range(2))
    assert not np.allclose(one.units[0].array, two.units[0].array)
    again = DeepVisualization(model, [("maps", (1, 1, 0))], 0.01, 2, seed=one.details["seed"]).draw()
    np.testing.assert_array_equal(again.units[0].array, one.units[0].array)


def test_units_together_are_what_they_are_one_by_one():
    model = squares()
    units = [("maps", (0, 0, 0)), ("maps", (5, 4, 2)), ("maps", (3, 2, 1))]
    settings = {"l2_decay": 0.1, "blur_interval": 2, "blur_std": 0.5, **PERCENTILES}
    technique = DeepVisualization(model, units, 0.01, 3, **settings, seed=2)
    together = technique.draw().units
    start = start_of(technique, 2).astype("float32")
    run = next(iter(technique._runs.values()))
    for number, unit in enumerate(together):
        alone, loss = run(start[number : number + 1], np.array([units[number][1]], "int32"))
        np.testing.assert_allclose(unit.array, alone[0], atol=1e-5)
        assert unit.loss_value == pytest.approx(loss[0], rel=1e-5)


def test_units_of_several_layers_keep_their_order():
    image = keras.Input((4, 4, 1))
    maps = layers.Conv2D(2, 2, name="conv")(image)
    model = keras.Model(image, layers.Dense(3, activation="softmax", name="dense")(layers.Flatten()(maps)))
    units = [("dense", 2), ("conv", (1, 2, 0)), (3, 0), (1, (0, 0, 1))]
    result = DeepVisualization(model, units, 1.0, 2, seed=0).draw()
    assert [(unit.layer_name, unit.unit_index) for unit in result.units] == [
        ("dense", 2), ("conv", (1, 2, 0)), ("dense", 0), ("conv", (0, 0, 1))
    ]  # fmt: skip
    scores = keras.Model(image, [maps, model.layers[-1].output])
    for unit, index in zip(result.units[1::2], [(1, 2, 0), (0, 0, 1)], strict=True):
        assert unit.loss_value == pytest.approx(ops.convert_to_numpy(scores(unit.array[None])[0])[0][index], rel=1e-4)


def test_what_the_file_and_the_page_get():
    result = DeepVisualization(linear(), [("dense", 1)], 0.5, 2, seed=1).draw()
    ((picture, name, index, value),) = result.pictures()
    assert (picture.shape, picture.dtype, name, index) == ((3, 2, 1), np.uint8, "dense", 1)
    assert (picture.min(), picture.max()) == (0, 255)
    array = result.units[0].array
    assert result.details == {"seed": 1, "units": [
        {"layer": "Layer 2: dense", "unit_index": 1, "loss_value": value, "range": [array.min(), array.max()]},
    ]}  # fmt: skip
    ((picture, *_),) = result.pictures(lambda image: image * 0 + 300)
    assert (picture == 255).all()


@pytest.mark.parametrize("units, message", [
    ([], "no unit"),
    ([3], r"Expected \(layer, unit_index\). Received: 3"),
    ([("maps", 1)], r"maps, whose output has the shape \(None, 6, 5, 3\). Expected a tuple of 3 .*unit_index=1"),
    ([("maps", (1, 2))], r"Expected a tuple of 3 .*unit_index=\(1, 2\)"),
    ([("maps", (6, 0, 0))], r"Expected an index within \(6, 5, 3\). Received: unit_index=\(6, 0, 0\)"),
    ([("maps", (0, 0, -1))], r"Received: unit_index=\(0, 0, -1\)"),
    ([("maps", (0.5, 0, 0))], "whole numbers"),
    ([("nothing", 1)], "no such layer.*Received: 'nothing'"),
    ([(99, 1)], "no such layer.*Received: 99"),
])  # fmt: skip
def test_wrong_units_are_named(units, message):
    with pytest.raises(ValueError, match=message):
        DeepVisualization(squares(), units, 1, 1)


def test_a_tuple_for_a_dense_layer_is_named():
    with pytest.raises(ValueError, match=r"Expected a whole number. Received: unit_index=\(0, 1\)"):
        DeepVisualization(linear(), [("dense", (0, 1))], 1, 1)


@pytest.mark.parametrize("rate, steps, message", [
    (0, 5, "learning_rate=0"), (-1, 5, "learning_rate=-1"), ("1", 5, "learning_rate='1'"),
    (1, 0, "no_of_iterations=0"), (1, 2.5, "no_of_iterations=2.5"), (float("inf"), 5, "learning_rate=inf"),
])  # fmt: skip
def test_a_wrong_ascent_is_named(rate, steps, message):
    with pytest.raises(ValueError, match=f"Expected.*Received: {message}"):
        DeepVisualization(linear(), [("dense", 0)], rate, steps)


def test_an_input_of_free_size_is_named():
    model = keras.Sequential([keras.Input((None, None, 1)), layers.Conv2D(2, 3, name="conv")])
    with pytest.raises(ValueError, match=r"fixed input size. Received: \(None, None, 1\)"):
        DeepVisualization(model, [("conv", (0, 0, 0))], 1, 1)
