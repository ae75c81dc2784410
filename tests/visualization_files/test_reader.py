"""Reading: the thesis' formats come through, and nothing that a script could forge does."""
import os
import pickle

import numpy as np
import pytest

from visualization_files.layout import BadFileError
from visualization_files.reader import read_visualization
from visualization_files.writer import dump

PICTURE = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
GOOD = {
    "layer_activations": [("Layer 1: conv2d", PICTURE), ("Layer 2: dense", PICTURE[0, 0])],
    "saliency_maps": PICTURE[..., :1].copy(),
    "deconvolutional_network": [(PICTURE, "conv2d", 3)],
    "deep_visualization": [(PICTURE, "dense", 3, 1.5), (PICTURE, "conv2d", (1, 2, 0), np.float32(2))],
    "max_activating_images": [
        (PICTURE, PICTURE[..., :1].copy(), "conv2d", 3, "set/7.png", 1.5), (PICTURE, None, "conv2d", 3, "8", 1.0)
    ],
}


@pytest.mark.parametrize("technique", GOOD)
def test_the_formats_of_the_thesis_come_through(tmp_path, technique):
    path = tmp_path / "file.pickle"
    path.write_bytes(dump(GOOD[technique]))
    read = read_visualization(technique, path)
    assert repr(read) == repr(GOOD[technique])


class Runs:
    def __reduce__(self):
        return os.system, ("echo harm",)


class Opens:
    def __reduce__(self):
        return open, ("/etc/passwd",)


@pytest.mark.parametrize(
    "data",
    [
        pickle.dumps(Runs()), pickle.dumps(Opens()), pickle.dumps([("Layer 1", Runs())]),
        pickle.dumps(np.array([Runs()], dtype=object)), pickle.dumps(PICTURE[..., :1])[:-7], b"", b"\x80\x04.",
        pickle.dumps(np.zeros((2, 2, 1))), pickle.dumps(np.zeros((2, 2), np.uint8)), pickle.dumps({"a": 1}),
    ],
)  # fmt: skip
def test_anything_else_is_refused_with_a_sentence(tmp_path, data):
    path = tmp_path / "saliency_maps.pickle"
    path.write_bytes(data)
    with pytest.raises(BadFileError, match="This file"):
        read_visualization("saliency_maps", path)


@pytest.mark.parametrize(
    ("technique", "data"),
    [
        ("layer_activations", [("x" * 501, PICTURE)]), ("layer_activations", [(1, PICTURE)]),
        ("layer_activations", [("a", PICTURE.astype(float))]), ("layer_activations", [("a", PICTURE)] * 10_001),
        ("deconvolutional_network", [(PICTURE, "a", -1)]), ("deep_visualization", [(PICTURE, "a", "b", 1.0)]),
        ("max_activating_images", [(PICTURE, PICTURE[:1].copy(), "a", 1, "b", 1.0)]),
        ("max_activating_images", [(PICTURE, None, "a", 1, "b", "c")]),
    ],
)  # fmt: skip
def test_wrong_forms_are_refused(tmp_path, technique, data):
    path = tmp_path / "file.pickle"
    path.write_bytes(dump(data))
    with pytest.raises(BadFileError, match="does not have the form"):
        read_visualization(technique, path)


def test_links_and_pipes_are_not_followed(tmp_path):
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "map.pickle").write_bytes(dump(GOOD["saliency_maps"]))
    results = tmp_path / "results"
    results.mkdir()
    (results / "file").symlink_to(tmp_path / "secret" / "map.pickle")
    (results / "folder").symlink_to(tmp_path / "secret")
    os.mkfifo(results / "pipe")
    for name in ("file", "folder/map.pickle", "pipe"):
        with pytest.raises(BadFileError):
            read_visualization("saliency_maps", results / name, root=results)
