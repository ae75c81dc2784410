"""The component without a server: every layer arrives as the right grid, and bad files become sentences."""
import numpy as np
import pytest

from custom_bokeh.layer_activations import LayerActivations


@pytest.fixture
def component(run, library, visit):
    run.image()
    component = LayerActivations(visit(run, "layer_activations"), library)
    component.update()
    return component


def refresh(component):
    component.feed.refresh()
    component.update()


def test_before_the_first_drawing_it_says_what_it_waits_for(component):
    assert "register_layer_activations" in component.message.text
    assert not component.body.visible


def test_without_an_input_image_it_says_so(run, library, visit):
    component = LayerActivations(visit(run, "layer_activations"), library)
    component.update()
    assert "has none" in component.message.text


def test_each_layer_has_its_picture(run, component):
    maps = np.arange(8, dtype=np.uint8).reshape(2, 2, 2)
    units = np.array([9, 8, 7], np.uint8)
    details = {"layers": [{"name": "Layer 1: conv", "low": 0.0, "high": 2.5}],
               "left_out": [{"name": "<b>flatten</b>", "why": "same values"}]}  # fmt: skip
    run.draw("layer_activations", [("Layer 1: conv", maps), ("Layer 2: dense", units)], details)
    refresh(component)
    assert component.body.visible
    conv, dense = component.views.values()
    picture = conv.picture.grey.data["image"][0]
    assert picture.dtype == np.uint8
    assert picture.tolist() == [
        [255, 255, 255, 255, 255, 255, 255],
        [255, 0, 1, 255, 4, 5, 255],
        [255, 2, 3, 255, 6, 7, 255],
        [255, 255, 255, 255, 255, 255, 255],
    ]
    assert dense.picture.grey.data["image"][0].tolist() == [[9, 8, 7]]
    assert "Black is 0, white is 2.5" in conv.heading.text
    assert "2 maps of 2 × 2" in conv.picture.root.html_attributes["aria-label"]
    assert "&lt;b&gt;flatten" in component.left_out.text


def test_the_picture_is_upright(run, component):
    run.activations()
    refresh(component)
    y_range = next(iter(component.views.values())).picture.root.y_range
    assert y_range.start > y_range.end


def test_the_newest_drawing_is_shown_and_the_same_models_are_used(run, component):
    run.activations(batch=10)
    refresh(component)
    views = dict(component.views)
    newest = run.activations(batch=20)
    refresh(component)
    assert component.stage.batch == 20
    assert component.views == views
    name, units = newest[-1]
    assert component.views[name].picture.grey.data["image"][0][0].tolist() == units.tolist()


def test_nothing_is_sent_where_nothing_changed(run, component):
    run.activations()
    refresh(component)
    before = [view.picture.grey.data for view in component.views.values()]
    component.feed.version += 1
    component.update()
    after = [view.picture.grey.data for view in component.views.values()]
    assert all(old is new for old, new in zip(before, after, strict=True))


def test_the_input_image_comes_first(run, component):
    image = run.image()
    run.activations()
    refresh(component)
    assert component.gallery.root.children[0] is component.input.root
    assert component.input.picture.grey.data["image"][0].tolist() == image.tolist()


@pytest.mark.parametrize("details", [
    {"layers": 3, "left_out": "x"}, {"layers": [None, {"name": 5}], "left_out": [1, {}]}, {"layers": [{}]},
    {"layers": [{"name": "a", "low": "x", "high": None}]},
])  # fmt: skip
def test_senseless_details_are_passed_over(run, component, details):
    run.draw("layer_activations", [("a", np.zeros((1, 2, 2), np.uint8))], details)
    refresh(component)
    assert component.body.visible


@pytest.mark.parametrize("content", [b"", b"\x80\x04cut", b"cos\nsystem\n(S'true'\ntR.", b"garbage" * 100])
def test_a_bad_file_becomes_a_sentence_and_it_recovers(run, component, content):
    run.folder.results.joinpath("layer_activations.pickle").write_bytes(content)
    refresh(component)
    assert "error" in component.message.text
    assert not component.body.visible
    run.activations()
    refresh(component)
    assert not component.message.visible
    assert component.body.visible


def test_an_error_of_the_callback_is_said_and_the_last_picture_stays(run, component):
    run.activations()
    (run.folder.results / "layer_activations.error.txt").write_text("The network <has> no layers.")
    refresh(component)
    assert "The network &lt;has&gt; no layers." in component.message.text
    assert component.body.visible
