"""What happens to files behind the pages' back: a sentence, or the last picture stays, and it recovers."""
import json
import os
import pickle
import shutil

import numpy as np
import pytest
from sample_run import SampleRun

from custom_bokeh.apps import APPS
from visualization_files import reader

DRAWINGS = {"saliency_maps": "saliency", "deconvolutional_network": "deconvolution", "deep_visualization": "deep",
            "layer_activations": "activations"}  # fmt: skip
PIXELS = np.zeros((4, 4, 1), np.uint8)


class Forged:
    """Would run a program when a careless reader loads it."""

    def __reduce__(self):
        return os.system, ("touch /tmp/forged",)


def dumped(value):
    return pickle.dumps(value, protocol=4)


BAD = {
    "empty": b"",
    "cut": dumped([("Layer 1", PIXELS)])[:-20],
    "no pickle": b"a text, not a pickle",
    "forged": dumped(Forged()),
    "a number": dumped(5),
    "wrong dtype": dumped([("Layer 1", PIXELS.astype(float)), (PIXELS.astype(float), "layer", 1, 1.0)]),
    "wrong length": dumped([("Layer 1",), (PIXELS,)]),
    "wrong rank": dumped([("Layer 1", np.zeros((2, 2), np.uint8)), (np.zeros(5, np.uint8), "layer", 1)]),
    "objects": dumped([("Layer 1", np.array([Forged()], object))]),
}


@pytest.fixture(params=DRAWINGS)
def opened(request, run, library, visit):
    """A page of each technique after two stages, its run, and what draws another one."""
    run.image()
    draw = getattr(run, DRAWINGS[request.param])
    for batch in (0, 10):
        draw(batch=batch)
    component = APPS[request.param](visit(run, request.param), library)
    component.update()
    return component, run, draw


def refresh(component):
    component.feed.refresh()
    component.update()


def stage_file(run, component, batch):
    return run.folder.results / "history" / component.technique / f"{batch}.pickle"


def says(component, text):
    return component.message.visible and text in component.message.text


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
def test_a_bad_stage_is_a_sentence_and_the_next_one_is_shown(opened, content):
    component, run, draw = opened
    draw(batch=20)
    stage_file(run, component, 20).write_bytes(content)
    refresh(component)
    assert component.message.visible and "error" in component.message.text
    assert component.body.visible and component.stage.batch == 10  # the last picture stays, and the slider works
    draw(batch=30)
    refresh(component)
    assert not component.message.visible
    assert component.stage.batch == 30


def test_a_huge_file_is_refused_without_being_read(opened, monkeypatch):
    component, run, draw = opened
    monkeypatch.setattr(reader, "MAX_PICKLE_BYTES", 10_000)
    draw(batch=20)
    stage_file(run, component, 20).write_bytes(dumped(np.zeros(20_000, np.uint8)))
    refresh(component)
    assert says(component, "larger than")


def test_a_stage_that_is_gone_while_it_is_chosen_is_a_sentence(opened):
    component, run, draw = opened
    stage_file(run, component, 0).unlink()
    component.bar.slider.value = 0
    assert says(component, "This stage is gone")
    component.bar.follow()
    assert not component.message.visible and component.stage.batch == 10


def test_a_run_that_is_deleted_leaves_what_is_waited_for(opened):
    component, run, draw = opened
    shutil.rmtree(run.folder.path)
    refresh(component)
    assert not component.body.visible
    assert component.message.visible and "error" not in component.message.text


def test_a_run_that_is_made_anew_is_shown(opened, tmp_path):
    component, run, draw = opened
    shutil.rmtree(run.folder.path)
    refresh(component)
    again = SampleRun(tmp_path, seed=9)
    again.image()
    getattr(again, draw.__name__)(batch=0)
    refresh(component)
    assert component.body.visible and not component.message.visible
    assert component.stage.batch == 0


def test_a_run_that_writes_over_the_last_one_shows_its_own_pictures(opened):
    component, run, draw = opened
    component.bar.slider.value = 0
    before = shown(component)
    writer = run._stages[component.technique, None]
    writer.start()
    draw(batch=0)
    refresh(component)
    assert component.stage.batch == 0
    assert shown(component) != before


def shown(component):
    picture = next(iter(component.views.values())).picture
    return picture.grey.data["image"][0].tolist()


def test_a_link_to_another_user_s_picture_is_refused(opened, tmp_path):
    component, run, draw = opened
    secret = tmp_path / "secret.pickle"
    shutil.copy(stage_file(run, component, 10), secret)
    draw(batch=20)
    stage_file(run, component, 20).unlink()
    stage_file(run, component, 20).symlink_to(secret)
    refresh(component)
    assert says(component, "cannot be read")


@pytest.mark.parametrize("line", [
    b"{", b"[]", b"null", b'{"technique": 5}', b"\xff\xfe", b"[" * 5000, json.dumps({"technique": "x" * 9}).encode(),
])  # fmt: skip
def test_senseless_lines_among_the_stages_are_passed_over(opened, line):
    component, run, draw = opened
    with (run.folder.results / "stages.jsonl").open("ab") as file:
        file.write(line + b"\n")
    draw(batch=20)
    refresh(component)
    assert component.stage.batch == 20
    assert len(component.bar.stages) == 3


def test_a_last_line_without_its_end_is_not_there_yet(opened):
    component, run, draw = opened
    path = run.folder.results / "stages.jsonl"
    path.write_bytes(path.read_bytes()[:-5])
    refresh(component)
    assert len(component.bar.stages) == 1


def test_nothing_is_sent_where_nothing_changed(opened):
    component, run, draw = opened
    before = [view.picture.grey.data for view in component.views.values()]
    frame = component.screen.frame
    refresh(component)
    component.soon()
    assert component.screen.frame == frame
    assert all(old is view.picture.grey.data for old, view in zip(before, component.views.values(), strict=True))


def test_pictures_that_cannot_be_compared_say_so(run, library, visit):
    run.image()
    run.draw("layer_activations", [("Layer 1: a", np.zeros((2, 4, 4), np.uint8))], batch=0)
    run.draw("layer_activations", [("Layer 1: a", np.zeros((3, 4, 4), np.uint8))], batch=10)
    component = APPS["layer_activations"](visit(run, "layer_activations"), library)
    component.update()
    component.bar.compare.value = "stage"
    assert "cannot be compared" in component.views["Layer 1: a"].difference_text.text
