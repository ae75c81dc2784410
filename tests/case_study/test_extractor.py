import keras
import numpy as np
import pytest

from case_study.extractor import PREPROCESSING, saved_extractor, vggface_extractor

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy")  # Keras' own
IMAGES = np.random.default_rng(0).uniform(0, 1, (2, 8, 8, 3)).astype(np.float32)


@pytest.fixture
def saved(network, tmp_path):
    network.save(tmp_path / "network.keras")
    return tmp_path / "network.keras"


def output_of(network, layer):
    return keras.Model(network.inputs[0], network.get_layer(layer).output).predict(IMAGES, verbose=0)


@pytest.mark.parametrize("layer", [None, "fc"])
def test_features_are_what_the_last_dense_layer_takes_in(saved, network, layer):
    extractor = saved_extractor(saved, layer)

    assert (extractor.size, extractor.grey, extractor.length) == ((8, 8), False, 6)
    np.testing.assert_allclose(extractor.model.predict(IMAGES, verbose=0), output_of(network, "fc"), rtol=1e-5)


def test_feature_maps_are_averaged_over_their_places(saved, network):
    extractor = saved_extractor(saved, "conv")

    np.testing.assert_allclose(
        extractor.model.predict(IMAGES, verbose=0), np.mean(output_of(network, "conv"), axis=(1, 2)), rtol=1e-5
    )


def test_a_network_for_grey_images(tmp_path):
    keras.Sequential([keras.Input((5, 7, 1)), keras.layers.Flatten()]).save(tmp_path / "grey.keras")

    extractor = saved_extractor(tmp_path / "grey.keras")

    assert (extractor.size, extractor.grey, extractor.length) == ((5, 7), True, 35)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([keras.Input((4,)), keras.layers.Dense(2)], r"does not take images.* Received: \[\(None, 4\)\]"),
        ([keras.Input((None, None, 3)), keras.layers.Conv2D(2, 3)], "images of any size. Expected one size"),
        ([keras.Input((4, 4, 3)), keras.layers.Reshape((4, 12))], r"cannot be features.* Received: \(None, 4, 12\)"),
    ],
)
def test_another_kind_of_network_is_refused(tmp_path, layers, message):
    keras.Sequential(layers).save(tmp_path / "n.keras")

    with pytest.raises(ValueError, match=message):
        saved_extractor(tmp_path / "n.keras")


def test_a_layer_that_is_not_there_is_refused(saved):
    with pytest.raises(ValueError, match="no such layer. Expected one of .*conv, .*fc, output. Received: 'fc9'"):
        saved_extractor(saved, "fc9")


def test_a_network_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="Expected a saved Keras network. Received: .*nowhere.keras"):
        saved_extractor(tmp_path / "nowhere.keras")


def test_vggface_without_weights_is_refused_before_it_is_built(monkeypatch):
    monkeypatch.setattr("case_study.vggface.build_vggface", lambda **_: pytest.fail("built"))

    with pytest.raises(FileNotFoundError, match="keras-vggface/releases"):
        vggface_extractor(None)


def test_preprocessing():
    pixels = np.full((1, 1, 3), 51, np.float32)

    assert PREPROCESSING["none"](pixels) is pixels
    np.testing.assert_allclose(PREPROCESSING["unit"](pixels), 0.2, rtol=1e-6)
    np.testing.assert_allclose(
        PREPROCESSING["vggface"](pixels)[0, 0], (51 - 93.594, 51 - 104.7624, 51 - 129.1863), 1e-5
    )
