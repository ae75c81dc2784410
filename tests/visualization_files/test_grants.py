"""Grants: bound to what they are for, and void when forged, old or moved."""
import pytest

from visualization_files.grants import BadGrantError, Grant, read_grant, sign_grant

GRANT = Grant("annie", "mnist", "saliency_maps")


def test_a_grant_comes_back():
    assert read_grant("key", sign_grant("key", GRANT), "saliency_maps") == GRANT


@pytest.mark.parametrize(
    ("key", "visualization", "age", "change"),
    [
        ("other", "saliency_maps", 300, str), ("key", "layer_activations", 300, str),
        ("key", "saliency_maps", -1, str), ("key", "saliency_maps", 300, lambda text: text[:-1] + "!"),
        ("key", "saliency_maps", 300, lambda text: ""),
    ],
)  # fmt: skip
def test_any_other_is_refused(key, visualization, age, change):
    with pytest.raises(BadGrantError):
        read_grant(key, change(sign_grant("key", GRANT)), visualization, age)
