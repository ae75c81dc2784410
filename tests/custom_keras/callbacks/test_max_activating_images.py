"""Max-activating images while training, from a folder with images that cannot be read, and as a function."""
import sys

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image

from custom_keras.callbacks import CustomCallbacks, MaxActivatingImages, find_max_activating_images
from visualization_files.layout import ScriptFolder
from visualization_files.reader import read_visualization
from visualization_files.stages import read_stages

X = np.random.default_rng(0).uniform(size=(32, 6, 6, 1)).astype("float32")
Y = np.arange(32) % 3


def build():
    keras.utils.set_random_seed(1)
    model = keras.Sequential([
        keras.Input((6, 6, 1)), layers.Conv2D(4, 3, activation="relu", name="conv"), layers.Flatten(),
        layers.Dense(3, activation="softmax"),
    ])  # fmt: skip
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


@pytest.fixture
def photos(tmp_path):
    """Five images in two folders, brighter by name; one that is cut, one that is none."""
    folder = tmp_path / "photos"
    for number, name in enumerate(["a/1.png", "a/2.jpg", "b/3.png", "b/4.PNG", "5.png"]):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (6, 6), 40 * number + 20).save(path)
    (folder / "a" / "cut.png").write_bytes((folder / "b" / "3.png").read_bytes()[:40])
    (folder / "b" / "text.jpg").write_text("no image")
    (folder / "notes.txt").write_text("not looked at")
    return folder


def bright():
    """A network whose only map is the mean of a 3x3 window."""
    model = keras.Sequential([keras.Input((6, 6, 1)), layers.Conv2D(1, 3, name="mean", activation="relu")])
    model.set_weights([np.full((3, 3, 1, 1), 1 / 9, "float32"), np.zeros(1, "float32")])
    return model


def test_it_is_drawn_at_the_end_of_the_training_alone(tmp_path):
    folder = ScriptFolder(tmp_path / "script")
    callbacks = CustomCallbacks(folder.path, base_interval=2)
    callbacks.register_max_activating_images(X, "conv", 2, k=3, verbose=False)
    build().fit(X, Y, batch_size=8, epochs=2, verbose=0, callbacks=callbacks.get_list())
    (stage,) = read_stages(folder.results, "max_activating_images")
    assert (stage.batch, stage.progress, stage.details["images"]) == (8, 2.0, 32)
    entries = read_visualization("max_activating_images", folder.results / "max_activating_images.pickle")
    assert [(e[0].shape, e[1].shape, e[2]) for e in entries] == [((3, 3, 1), (3, 3, 1), "conv")] * 6
    told = [(m["feat_map_no"], i["name"], i["activation"]) for m in stage.details["feature_maps"] for i in m["images"]]
    assert told == [entry[3:] for entry in entries]


def test_it_is_drawn_after_every_so_many_epochs(tmp_path):
    callback = MaxActivatingImages(tmp_path / "script", X, "conv", feat_map_nos=[0], epochs=2, k=1, verbose=False)
    build().fit(X, Y, batch_size=8, epochs=5, verbose=0, callbacks=[callback])
    stages = read_stages(tmp_path / "script" / "results", "max_activating_images")
    assert [(stage.batch, stage.progress) for stage in stages] == [(8, 2.0), (16, 4.0), (20, 5.0)]


def test_a_network_that_its_only_batch_builds_is_drawn(tmp_path):
    model = keras.Sequential([layers.Conv2D(4, 3, name="conv"), layers.Flatten(), layers.Dense(3)])
    model.compile("sgd", "mse")
    callback = MaxActivatingImages(tmp_path / "script", X, "conv", 1, verbose=False)
    model.fit(X, np.zeros((32, 3)), batch_size=32, verbose=0, callbacks=[callback])
    assert len(read_stages(tmp_path / "script" / "results", "max_activating_images")) == 1


def test_a_folder_is_read_and_what_cannot_be_read_is_named(photos):
    result = find_max_activating_images(bright(), photos, "mean", 1, k=3, batch_size=2, verbose=False)
    found = [(one.name, round(one.activation)) for one in result.images]
    assert found == [("5.png", 180), ("b/4.PNG", 140), ("b/3.png", 100)]
    assert result.details["images"] == 5
    assert result.details["skipped"] == 2
    assert set(result.details["skipped_names"]) == {"a/cut.png", "b/text.jpg"}
    assert "cannot be read" in result.details["skipped_names"]["a/cut.png"]


def test_a_preprocess_is_used_for_a_folder_and_its_faults_are_told(photos):
    result = find_max_activating_images(
        bright(), photos, "mean", 1, custom_preprocess=lambda image: 255 - image, k=1, verbose=False
    )
    assert result.images[0].name == "a/1.png"

    def strange(image):
        if image[0, 0, 0] == 140:
            raise OSError("too odd")
        return image

    result = find_max_activating_images(bright(), photos, "mean", 1, custom_preprocess=strange, verbose=False)
    assert [one.name for one in result.images] == ["5.png", "b/3.png", "a/2.jpg", "a/1.png"]
    assert "too odd" in result.details["skipped_names"]["b/4.PNG"]
    with pytest.raises(ValueError, match="custom_preprocess does not return what the network takes"):
        find_max_activating_images(bright(), photos, "mean", 1, custom_preprocess=lambda image: image[:3])


def test_what_was_done_to_fit_the_network_is_said(photos):
    Image.new("RGB", (9, 9), "white").save(photos / "0.png")
    result = find_max_activating_images(bright(), photos, "mean", 1, k=1, verbose=False)
    assert (result.images[0].name, round(result.images[0].activation)) == ("0.png", 255)
    assert "turned grey and resized" in result.details["preprocess"]


def test_a_data_set_of_tensorflow_is_gone_through(tmp_path):
    data = pytest.importorskip("tensorflow").data.Dataset.from_tensor_slices({"image": X, "age": Y})
    callback = MaxActivatingImages(tmp_path / "script", data.batch(5), "conv", feat_map_nos=[1], verbose=False)
    image = keras.Input((6, 6, 1), name="image")
    model = keras.Model(image, build()(image))
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(X, Y, verbose=0, callbacks=[callback])
    (stage,) = read_stages(tmp_path / "script" / "results", "max_activating_images")
    assert stage.details["images"] == 32


def test_a_progress_bar_does_not_flood_a_log(photos, capsys):
    find_max_activating_images(bright(), photos, "mean", 1, batch_size=1)
    output = capsys.readouterr().out
    assert not sys.stdout.isatty()
    assert output.count("/7") == 2  # the first and the last image
    assert output.endswith("\n")


def test_an_error_while_drawing_is_told_once_and_the_training_goes_on(tmp_path, capsys):
    def broken():
        yield X[:2]
        raise OSError("the disk is gone")

    class Set:
        def __iter__(self):
            return broken()

    callback = MaxActivatingImages(tmp_path / "script", Set(), "conv", 1, epochs=1, verbose=False)
    history = build().fit(X, Y, epochs=3, verbose=0, callbacks=[callback])
    assert len(history.history["loss"]) == 3
    assert capsys.readouterr().err.count("max_activating_images: OSError: the disk is gone") == 1
    error = tmp_path / "script" / "results" / "max_activating_images.error.txt"
    assert error.read_text() == "OSError: the disk is gone"


@pytest.mark.parametrize(
    ("images", "options", "message"),
    [
        ("/nowhere", {}, "no such folder of images"), (X, {"epochs": 0}, "Received: epochs=0"),
        (X, {"k": -1}, "Received: k=-1"), (X[0, 0, 0], {}, "no set of images"),
        (X, {"feat_map_nos": [0]}, "Expected one of feat_map_amount and feat_map_nos"), (X, {"budget": 2}, "budget=2"),
    ],
)  # fmt: skip
def test_wrong_arguments_fail_at_construction(tmp_path, images, options, message):
    with pytest.raises(ValueError, match=message):
        MaxActivatingImages(tmp_path / "script", images, "conv", 1, **options)


@pytest.mark.parametrize(
    ("images", "layer", "message"),
    [(X, "none", "no such layer"), (X[:, :3], "conv", "do not fit the network"), (X, 3, "no feature maps")],
)
def test_what_needs_the_network_fails_before_the_first_batch(tmp_path, images, layer, message):
    callback = MaxActivatingImages(tmp_path / "script", images, layer, 1)
    model = build()
    before = model.get_weights()
    with pytest.raises(ValueError, match=message):
        model.fit(X, Y, verbose=0, callbacks=[callback])
    np.testing.assert_array_equal(before[0], model.get_weights()[0])


def test_an_empty_folder_is_refused(tmp_path):
    (tmp_path / "photos").mkdir()
    with pytest.raises(ValueError, match="no image in the folder"):
        MaxActivatingImages(tmp_path, tmp_path / "photos", "conv", 1)
