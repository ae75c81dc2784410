import math

import keras
import numpy as np
import pytest

from case_study.features import extract
from case_study.networks import CONFIGURATIONS
from case_study.study import BATCH_SIZE, Side, Study, epochs_of, inputs, measure, targets
from case_study.table import read_table

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy")  # Keras' own


def test_epochs_are_those_of_the_thesis():
    assert {letter: epochs_of(letter) for letter in CONFIGURATIONS} == {
        "A": 25, "B": 50, "C": 50, "D": 30, "E": 50, "F": 50, "G": 25, "H": 50, "I": 50,
    }  # fmt: skip


def test_sides_have_the_features_and_labels_of_their_rows(data, extractor):
    features = extract(data, extractor, {})[0]
    study, table = Study(data), read_table(data)

    assert (study.identities, study.expressions) == (3, len({row.expression for row in table.rows}))
    for name in ("training", "validation", "testing"):
        side = getattr(study, name)
        rows = [(row, feature) for row, feature in zip(table.rows, features, strict=True) if row.split == name]
        np.testing.assert_array_equal(side.features, [feature for _, feature in rows])
        assert [table.actors[place] for place in side.identity.argmax(1)] == [row.actor for row, _ in rows]
        said = [table.expressions[place] for place in side.expression.argmax(1)]
        assert said == [row.expression for row, _ in rows]
        for one_hot in (side.identity, side.expression):
            assert (one_hot.sum(1) == 1).all() and one_hot.max() == 1 and one_hot.dtype == np.float32
    # 36 images: 25.2 rounded up, 7.2 rounded down, and the rest.
    assert [len(side.features) for side in (study.training, study.validation, study.testing)] == [26, 7, 3]


def test_mirrored_images_are_trained_with_and_never_measured(data, extractor):
    features = extract(data, extractor, {}, mirrored=True)
    study, table = Study(data), read_table(data)
    places = table.places("training")

    np.testing.assert_array_equal(study.training.features, np.concatenate([features[0, places], features[1, places]]))
    np.testing.assert_array_equal(study.training.identity[:26], study.training.identity[26:])
    np.testing.assert_array_equal(study.training.expression[:26], study.training.expression[26:])
    np.testing.assert_array_equal(study.validation.features, features[0, table.places("validation")])
    np.testing.assert_array_equal(study.testing.features, features[0, table.places("testing")])


@pytest.mark.parametrize("letter", CONFIGURATIONS)
def test_each_configuration_gets_what_it_takes(study, letter):
    model, side = study.network(letter), study.validation

    given, wanted = (keras.tree.flatten(of(letter, side)) for of in (inputs, targets))

    assert [tensor.shape[1] for tensor in model.inputs] == [array.shape[1] for array in given]
    assert [tensor.shape[1] for tensor in model.outputs] == [array.shape[1] for array in wanted]
    assert (given[-1] is side.features) and (wanted[0] is side.identity)
    assert all(array is side.expression for array in (*given[:-1], *wanted[1:]))


@pytest.mark.parametrize("letter", ["B", "E", "H"])
def test_training_is_that_of_the_thesis(study, letter):
    model = study.network(letter)

    assert isinstance(model.optimizer, keras.optimizers.Adam)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.0005) and BATCH_SIZE == 512
    assert set(keras.tree.flatten(model.loss)) == {"categorical_crossentropy"}


@pytest.mark.parametrize("letter", ["A", "D", "G"])
def test_measures(study, letter):
    """Networks with no weights but zeros say the same of each class: the first one wins."""
    model, side = study.network(letter), study.testing
    model.set_weights([np.zeros_like(weight) for weight in model.get_weights()])

    found = measure(model, letter, side)

    expected = {"identification": (side.identity, study.identities)}
    if letter == "G":
        expected["expression"] = (side.expression, study.expressions)
    assert list(found) == list(expected)
    for task, (one_hot, classes) in expected.items():
        assert found[task]["accuracy"] == pytest.approx(one_hot[:, 0].mean())
        assert found[task]["loss"] == pytest.approx(math.log(classes), rel=1e-5)


@pytest.mark.parametrize("letter", ["A", "G"])
def test_measures_are_means_over_images_not_over_batches(study, letter):
    """513 images are a batch of 512 and one of a single image, which must not weigh as much as the other 512."""
    model = study.network(letter)
    model.set_weights([np.zeros_like(weight) for weight in model.get_weights()])
    output = model.get_layer("id_output" if letter == "G" else "output")
    # Of three classes with these scores, the first has 2/4 and the others 1/4 each.
    output.set_weights([output.get_weights()[0], np.array([math.log(2), 0, 0], np.float32)])
    identity = np.eye(3, dtype=np.float32)[[0] * 512 + [1]]
    expression = np.eye(study.expressions, dtype=np.float32)[[0] * 513]
    side = Side(np.zeros((513, 6), np.float32), identity, expression)

    found = measure(model, letter, side)["identification"]

    assert found["accuracy"] == pytest.approx(512 / 513)
    assert found["loss"] == pytest.approx((512 * math.log(2) + math.log(4)) / 513, rel=1e-5)


def test_other_features_are_other_data(study, data, extractor):
    assert Study(data).digest == study.digest

    extract(data, extractor, {"network": "another"})

    assert Study(data).digest != study.digest
