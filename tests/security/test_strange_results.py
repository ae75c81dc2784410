"""Results of the right form with senseless content: every page says something, and none fails."""
import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custom_bokeh.access import Visit
from custom_bokeh.apps import APPS
from custom_bokeh.library import Library
from visualization_files.grants import Grant
from visualization_files.layout import ScriptFolder
from visualization_files.names import VISUALIZATIONS
from visualization_files.writer import dump

STAGED = [name for name in APPS if name != "training_progress"]
PICTURES = {
    "layer_activations": [("conv", np.zeros((2, 4, 4), np.uint8)), ("dense", np.zeros(5, np.uint8))],
    "saliency_maps": np.zeros((4, 4, 1), np.uint8),
    "deconvolutional_network": [(np.zeros((4, 4, 3), np.uint8), "conv", 1)],
    "deep_visualization": [(np.zeros((4, 4, 3), np.uint8), "dense", (1, 2), 1.5)],
    "max_activating_images": [
        (np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4, 3), np.uint8), "conv", 1, "seven.png", 1.0)
    ],
}
KEYS = st.sampled_from([
    "layers", "conv", "dense", "ranges", "min", "max", "minimum", "maximum", "class", "classes", "score", "scores",
    "gradient_norm", "norm", "left_out", "skipped", "parameters", "variants", "units", "maxima", "places", "image",
    "label", "labels", "target", "predicted", "dead", "loss", "iterations", "shown", "of", "range", "0", "1", "black",
])  # fmt: skip
NUMBERS = st.sampled_from([0, -1, 1, 2**31, 2**63, 10**30, 10**400, 0.5, 1e308, -1e308, float("nan"), float("inf")])
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.sampled_from(["", "conv", "<b>", "\0", "\ud800", "x" * 1000]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8,
)  # fmt: skip
DETAILS = st.dictionaries(KEYS, VALUES, max_size=4)
VIEWS = st.dictionaries(st.sampled_from(["stage", "against", "image", "scale", "x"]), VALUES, max_size=2)


def visit_of(tmp_path, name, view=None) -> Visit:
    folder = ScriptFolder(tmp_path / "annie_1" / "mnist", root=tmp_path)
    folder.results.mkdir(parents=True, exist_ok=True)
    return Visit(folder, Grant("annie_1", "mnist", name), "light", view or {})


@pytest.mark.parametrize("name", STAGED)
def test_details_of_any_kind_make_a_page(tmp_path, name):
    results = visit_of(tmp_path, name).folder.results
    history = results / "history" / name
    history.mkdir(parents=True)
    for batch in (1, 2):
        (history / f"{batch}.pickle").write_bytes(dump(PICTURES[name]))
    (results / VISUALIZATIONS[name].file).write_bytes(dump(PICTURES[name]))

    @settings(max_examples=40, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(DETAILS, DETAILS, NUMBERS, NUMBERS, VIEWS)
    def page(first, second, progress, seconds, view):
        lines = [
            {"technique": name, "batch": batch, "progress": progress, "seconds": seconds, "time": seconds,
             "file": f"history/{name}/{batch}.pickle", "details": details}
            for batch, details in ((1, first), (2, second))
        ]  # fmt: skip
        (results / "stages.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        component = APPS[name](visit_of(tmp_path, name, view), Library())
        component.update()
        assert component.root is not None

    page()


@settings(max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=200) | st.text("0123456789.eE+-naif #\n\t", max_size=200).map(str.encode), VIEWS)
def test_any_progress_file_makes_a_page(tmp_path, content, view):
    visit = visit_of(tmp_path, "training_progress", view)
    for name in ("training_progress.txt", "training_progress_val.txt"):
        (visit.folder.results / name).write_bytes(b"# progress accuracy loss a b\n" * (len(content) % 2) + content)
    component = APPS["training_progress"](visit, Library())
    component.update()
    assert component.root is not None
