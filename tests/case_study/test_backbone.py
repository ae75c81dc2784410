import keras
import numpy as np
import pytest

from case_study.backbone import FEATURE_LAYER, build_backbone, train_backbone
from case_study.extractor import saved_extractor
from case_study.table import read_table

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy")  # Keras' own


def test_it_takes_plain_pixels_and_has_features_after_relu():
    model = build_backbone(people=5, length=12)

    features = model.get_layer(FEATURE_LAYER)
    assert model.input_shape == (None, 64, 64, 3) and model.output_shape == (None, 5)
    assert features.output.shape == (None, 12) and features.activation.__name__ == "relu"


def test_it_learns_to_tell_drawn_people_apart(data):
    keras.utils.set_random_seed(0)
    table = read_table(data)
    model = build_backbone(len(table.actors), 32)

    accuracy = train_backbone(model, data, table, epochs=25)

    # Of three people, guessing finds a third.
    assert accuracy > 0.6


def test_saved_it_is_an_extractor_of_its_features(tmp_path):
    model = build_backbone(people=3, length=12)
    model.save(tmp_path / "backbone.keras")
    images = np.random.default_rng(0).uniform(0, 255, (2, 64, 64, 3)).astype(np.float32)

    extractor = saved_extractor(tmp_path / "backbone.keras")

    assert (extractor.size, extractor.length) == ((64, 64), 12)
    expected = keras.Model(model.input, model.get_layer(FEATURE_LAYER).output)(images)
    np.testing.assert_allclose(extractor.model(images), expected, rtol=1e-4)
