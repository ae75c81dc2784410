"""Max-activating images: by hand, against a brute force over the whole set, and how sets are gone through."""
import keras
import numpy as np
import pytest
from keras import layers

from custom_keras.techniques.deconvolutional_network import DeconvolutionalNetwork
from custom_keras.techniques.image_sets import ImageArray
from custom_keras.techniques.max_activating_images import MaxActivatingImages


def tiny():
    """One 2x2 convolution with two maps: the sum of the window, and its lower right pixel minus the upper left."""
    model = keras.Sequential([keras.Input((4, 4, 1)), layers.Conv2D(2, 2, activation="relu", name="maps")])
    kernel = np.zeros((2, 2, 1, 2), "float32")
    kernel[..., 0, 0] = 1
    kernel[0, 0, 0, 1], kernel[1, 1, 0, 1] = -1, 1
    model.set_weights([kernel, np.zeros(2, "float32")])
    return model


def dot(row, column, value):
    image = np.zeros((4, 4, 1), "float32")
    image[row, column] = value
    return image


def test_by_hand():
    images = np.stack([dot(1, 1, 2), dot(3, 3, 5), dot(0, 0, 4), dot(2, 1, 5)])
    result = MaxActivatingImages(tiny(), "maps", feat_map_nos=[0, 1], k=2).draw(images)
    # The first map sees the sum: images 1 and 3 give 5. The second cannot see image 2, whose dot is upper left.
    found = [(i.feat_map_no, i.name, i.activation, i.crop.position, i.crop.box) for i in result.images]
    assert found == [
        (0, "1", 5, (2, 2), (2, 2, 4, 4)), (0, "3", 5, (1, 0), (1, 0, 3, 2)),
        (1, "1", 5, (2, 2), (2, 2, 4, 4)), (1, "3", 5, (1, 0), (1, 0, 3, 2)),
    ]  # fmt: skip
    first, second = result.images[0].crop, result.images[2].crop
    np.testing.assert_array_equal(first.image[..., 0], [[0, 0], [0, 255]])  # of 0..5, the range of the set
    np.testing.assert_array_equal(first.deconvolution[..., 0], [[255, 255], [255, 255]])  # 5 times the kernel
    # 5 times the kernel is -5, 0, 0 and 5, outside of it 0.
    np.testing.assert_array_equal(second.deconvolution[..., 0], [[0, 128], [128, 255]])
    assert (first.range, second.range) == ((0, 5), (-5, 5))
    assert [type(entry) for entry in result.pictures()[0]] == [np.ndarray, np.ndarray, str, int, str, float]


def network():
    keras.utils.set_random_seed(4)
    return keras.Sequential([
        keras.Input((12, 10, 2)), layers.Conv2D(4, 3, padding="same", activation="relu"), layers.MaxPooling2D(),
        layers.Conv2D(6, 3, activation="relu", name="deep"), layers.GlobalAveragePooling2D(), layers.Dense(3),
    ])  # fmt: skip


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(3).normal(size=(50, 12, 10, 2)).astype("float32")


def names(result):
    return [(one.feat_map_no, one.name) for one in result.images]


@pytest.fixture(scope="module")
def expected(images):
    model = network()
    deep = keras.Model(model.inputs[0], model.get_layer("deep").output)
    return keras.ops.convert_to_numpy(deep(images)).max(axis=(1, 2))


def test_against_a_brute_force(images, expected):
    result = MaxActivatingImages(network(), "deep", feat_map_amount=-1, k=4, batch_size=7).draw(images)
    order = np.argsort(-expected, axis=0, kind="stable")[:4]
    strongest_first = np.argsort(-expected.max(axis=0), kind="stable")
    assert names(result) == [(m, str(n)) for m in strongest_first for n in order[:, m]]
    values = [expected[int(one.name), one.feat_map_no] for one in result.images]
    np.testing.assert_allclose([one.activation for one in result.images], values, rtol=1e-5)
    assert result.details["images"] == 50
    assert result.details["image_range"] == [images.min(), images.max()]
    assert (result.details["image_size"], result.details["map_size"]) == ([12, 10], [4, 3])


def visible(image):
    return image * 20 + 100


def test_the_pictures_are_crops_of_the_deconvolution_by_itself(images):
    model = network()
    result = MaxActivatingImages(model, "deep", feat_map_nos=[2, 5], k=3, postprocess=visible).draw(images)
    deconvolution = DeconvolutionalNetwork(model, "deep", feat_map_nos=[2, 5])
    for one in result.images:
        whole = deconvolution.draw(images[int(one.name)][None])[0]
        made = next(r for r in whole.reconstructions if r.feat_map_no == one.feat_map_no)
        picture = next(p for p, _, number in whole.pictures(visible) if number == one.feat_map_no)
        top, left, bottom, right = one.crop.box
        assert made.position == one.crop.position
        difference = picture[top:bottom, left:right].astype(int) - one.crop.deconvolution
        assert np.abs(difference).max() <= 1
        outside = made.array.copy()
        outside[top:bottom, left:right] = 0
        assert not outside.any()
        original = np.rint(np.clip(visible(images[int(one.name)]), 0, 255))[top:bottom, left:right]
        np.testing.assert_array_equal(one.crop.image, original)


def batched(images, size=16):
    return (images[start : start + size] for start in range(0, len(images), size))


class Sequence(keras.utils.PyDataset):
    def __init__(self, images):
        super().__init__()
        self.parts = list(batched(images))

    def __len__(self):
        return len(self.parts)

    def __getitem__(self, number):
        return self.parts[number], np.zeros(len(self.parts[number]))


@pytest.mark.parametrize(
    "make",
    [
        lambda x: batched(x), lambda x: Sequence(x), lambda x: ((batch, batch) for batch in batched(x)),
        lambda x: ({"image": batch} for batch in batched(x)),
        lambda x: (keras.ops.convert_to_tensor(batch) for batch in batched(x, 1)),
        lambda x: ImageArray(x), lambda x: x.astype("float64"),
    ],
    ids=["batches", "sequence", "with labels", "by name", "tensors", "set", "float64"],
)  # fmt: skip
def test_any_kind_of_set_gives_the_same(images, make):
    model = network()
    named = keras.Model(image := keras.Input((12, 10, 2), name="image"), model(image))
    find = MaxActivatingImages(named, f"{model.name}/deep", 3, k=5)
    result, plain = find.draw(make(images)), find.draw(images)
    assert names(result) == names(plain)
    for (one, _, *_), (other, _, *_) in zip(result.pictures(), plain.pictures(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_of_equal_images_the_first_ones_are_taken(images):
    find = MaxActivatingImages(network(), "deep", feat_map_nos=[0, 1], k=3, batch_size=2)
    assert names(find.draw(np.repeat(images[:1], 9, axis=0))) == [(m, str(n)) for m in (0, 1) for n in (0, 1, 2)]


def test_fewer_images_than_asked_for_and_values_that_are_no_numbers(images):
    broken = images[:3].copy()
    broken[1] = np.nan
    model = keras.Sequential([keras.Input((12, 10, 2)), layers.Conv2D(2, 3, name="maps")])
    result = MaxActivatingImages(model, "maps", feat_map_nos=[1], k=9).draw(broken)
    assert sorted(names(result)) == [(1, "0"), (1, "2")]


def test_a_stream_is_not_held_in_memory(images):
    import tracemalloc

    find = MaxActivatingImages(network(), "deep", feat_map_nos=[0], k=2, batch_size=50)
    find.draw(images)

    def peak(count):
        tracemalloc.start()
        find.draw(images * (1 + n / 1000) for n in range(count))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    # 200 batches of 48 KB would be 9.6 MB.
    assert peak(200) < peak(10) + 1_000_000


def test_a_network_that_cannot_be_reversed_has_images_alone(images):
    model = keras.Sequential([keras.Input((12, 10, 2)), layers.Conv2D(2, 3, activation="tanh", name="maps")])
    result = MaxActivatingImages(model, "maps", 2, k=2).draw(images)
    assert "tanh" in result.details["no_deconvolution"]
    deep = keras.ops.convert_to_numpy(model(images))
    for one in result.images:
        features = deep[int(one.name), :, :, one.feat_map_no]
        assert one.crop.position == np.unravel_index(features.argmax(), features.shape)
        assert one.crop.deconvolution is None
        assert one.crop.image.shape == (3, 3, 2)


def test_the_pass_tells_how_far_it_is(images):
    told = []
    find = MaxActivatingImages(network(), "deep", 1, batch_size=20)
    find.draw(images, lambda done, total: told.append((done, total)))
    assert told == [(20, 50), (40, 50), (50, 50)]
    told.clear()
    find.draw(batched(images, 25), lambda done, total: told.append((done, total)))
    assert told == [(25, 0), (50, 0), (50, 50)]


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (("deep",), {}, "Expected one of feat_map_amount and feat_map_nos"),
        (("deep", 7), {}, "Expected at most 6. Received: feat_map_amount=7"),
        (("deep", 2), {"k": 0}, "k is no number of images. Expected 1 or more. Received: k=0"),
        (("deep", 2), {"batch_size": 1.5}, "batch_size=1.5"),
        (("dense", 2), {}, "no such layer"),
    ],
)
def test_wrong_arguments(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        MaxActivatingImages(network(), *arguments, **options)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((2, 5, 5, 2)), r"Expected shape \('N', 12, 10, 2\)"), (np.zeros((0, 12, 10, 2)), "no set of images"),
        (iter([]), "Received: an empty set"), ([[1, 2]], "Received: list"), (3, "Received: int"),
        (iter([{"other": np.zeros((1, 12, 10, 2))}]), r"Received: \['other'\]"),
    ],
)  # fmt: skip
def test_wrong_sets(images, message):
    with pytest.raises(ValueError, match=message):
        MaxActivatingImages(network(), "deep", 1).draw(images)
