"""What is particular to the pages of the three techniques that make pictures of the input."""
import numpy as np
import pytest

from custom_bokeh import sheets
from custom_bokeh.apps import APPS
from visualization_files.stages import history_file
from visualization_files.writer import dump

PICTURE = np.full((28, 28, 1), 7, np.uint8)


@pytest.fixture
def opened(run, library, visit):
    run.image()

    def open_page(name):
        component = APPS[name](visit(run, name), library)
        component.update()
        return component

    return open_page


def deconvolution(run, feature_maps, **details):
    data = [(PICTURE, "max_pooling2d_1", entry["feat_map_no"]) for entry in feature_maps]
    run.draw("deconvolutional_network", data, {"feature_maps": feature_maps, **details}, batch=1)


def test_the_maximum_is_marked_in_the_middle_of_what_it_sees(run, opened):
    deconvolution(run, [{"feat_map_no": 3, "activation": 2.0, "position": [9, 1], "box": [20, 2, 26, 8]}])
    component = opened("deconvolutional_network")
    assert component.places.crosses.data == {"x": [5.0], "y": [23.0]}
    assert component.places.labels.data["text"] == ["#3"]
    view, = component.views.values()
    assert "#3 in max_pooling2d_1" in view.heading.text and "Activation 2." in view.heading.text


def test_without_a_box_the_place_in_the_map_is_taken(run, opened):
    deconvolution(run, [{"feat_map_no": 3, "position": [0, 13]}], map_size=[14, 14])
    assert opened("deconvolutional_network").places.crosses.data == {"x": [27.0], "y": [1.0]}


@pytest.mark.parametrize("told", [
    {}, {"position": [1, 2]}, {"position": "x", "box": 5}, {"box": [1, 2, None, 4]}, {"box": [1, 2, float("inf"), 4]},
])  # fmt: skip
def test_without_a_place_nothing_is_marked_and_that_is_said(run, opened, told):
    deconvolution(run, [{"feat_map_no": 3, **told}])
    component = opened("deconvolutional_network")
    assert component.places.crosses.data["x"] == []
    assert "does not tell where" in component.note.text


def test_labels_that_would_cover_each_other_become_one(run, opened):
    places = {3: [0, 0, 4, 4], 5: [0, 2, 4, 6], 8: [20, 20, 24, 24]}
    deconvolution(run, [{"feat_map_no": number, "box": box} for number, box in places.items()])
    assert opened("deconvolutional_network").places.labels.data["text"] == ["#3 #5", "#8"]


def test_cards_keep_their_places_when_other_maps_become_the_strongest(run, opened):
    run.deconvolution(maps=(3, 8), batch=0)
    component = opened("deconvolutional_network")
    views = list(component.views.values())
    run.deconvolution(maps=(8, 21), batch=10)
    component.feed.refresh()
    component.update()
    assert list(component.views.values()) == views
    assert ["#8 in" in views[0].heading.text, "#21 in" in views[1].heading.text] == [True, True]


def test_many_cards_come_in_sheets(run, opened, monkeypatch):
    monkeypatch.setattr(sheets, "SHEET", 4)
    run.deconvolution(maps=range(10), batch=0)
    component = opened("deconvolutional_network")
    assert len(component.views) == 4 and component.sheets.select.visible
    component.sheets.select.value = "8"
    assert ["#8 in" in v.heading.text or "#9 in" in v.heading.text for v in component.views.values()] == [True, True]


def test_all_saliency_maps_that_were_computed_are_shown(run, opened):
    details = {"variants": ["absolute", "guided", "missing", "../../secret"], "ranges": {"guided": [0.0, 0.5]}}
    run.draw("saliency_maps", PICTURE, details, batch=1)
    path = run.folder.results / history_file("saliency_maps", 1, "guided")
    path.write_bytes(dump(PICTURE * 2))
    component = opened("saliency_maps")
    assert list(component.views) == ["absolute", "guided"]
    assert component.views["guided"].picture.grey.data["image"][0][0, 0] == 14
    assert "White is a gradient of 0.5." in component.views["guided"].heading.text


def test_a_bad_variant_is_a_sentence(run, opened):
    run.draw("saliency_maps", PICTURE, {"variants": ["absolute", "guided"]}, batch=1)
    (run.folder.results / history_file("saliency_maps", 1, "guided")).write_bytes(b"no pickle")
    assert "error" in opened("saliency_maps").message.text


def test_the_strength_of_the_map_over_the_image_is_changed_in_the_browser_alone(run, opened):
    run.saliency(batch=1)
    component = opened("saliency_maps")
    assert "value" in str(component.strength.js_property_callbacks)
    assert component.overlay.glyph.global_alpha == 0
    assert component.overlay.picture.ranges == component.views["absolute"].picture.ranges


def test_two_input_images_lie_side_by_side_with_their_difference(run, opened):
    run.image("other.png")
    run.draw("saliency_maps", PICTURE, {"variants": ["absolute"], "ranges": {"absolute": [0.0, 1.0]}}, batch=1)
    other = {"variants": ["absolute"], "ranges": {"absolute": [0.0, 2.0]}}
    run.draw("saliency_maps", PICTURE * 2, other, image="other.png", batch=1)
    component = opened("saliency_maps")
    component.bar.compare.value = "image:other.png"
    view = component.views["absolute"]
    assert "change of 2" in view.difference_text.text
    # From 7/255 of 1 to 14/255 of 2, so larger by 21/255, of 2 at most, which is orange.
    # The shown one is what is looked at, the other one what it is compared with.
    assert view.difference.grey.data["image"][0][0, 0] == round(128 + 127 * (21 / 255) / 2)


def test_units_and_hyper_parameters_of_deep_visualization(run, opened):
    run.deep(units=[3, (1, 2, 4)], batch=1)
    component = opened("deep_visualization")
    texts = [view.heading.text for view in component.views.values()]
    assert "Unit 3 in dense_3" in texts[0] and "Unit (1, 2, 4) in dense_3" in texts[1]
    assert "Activation 100." in texts[1]
    assert "learning rate 50, no of iterations 50" in component.note.text


def test_max_activating_images_come_below_where_they_were_computed(run, opened):
    run.deconvolution(maps=(3,), batch=0)
    component = opened("deconvolutional_network")
    assert not component.max_activating.root.visible
    part = PICTURE[:6, :6]
    data = [(part, part * 2, "pool", 3, "<b>.png", 4.5), (part, None, "pool", 3, "7", 4.0)]
    data.append((part, part, "pool", 1, "8", 3.0))
    run.draw("max_activating_images", data, {"images": 1000}, batch=0)
    component.max_activating.feed.refresh()
    component.update()
    below = component.max_activating
    assert below.root.visible and "of 1,000 that were looked at" in below.heading.text
    of_map_3, of_map_1 = below.cards.children  # each map begins a new line
    assert len(of_map_1.children) == 1 and "#1 in pool" in of_map_1.children[0].children[0].text
    first, second = of_map_3.children
    assert "#3 in pool" in first.children[0].text and "&lt;b&gt;.png: activation 4.5." in first.children[0].text
    assert [picture.visible for picture in second.children[1:]] == [True, False]
