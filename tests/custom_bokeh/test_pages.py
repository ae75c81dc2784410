"""The pages of the techniques without a server: their pictures, their stages, and their downloads."""
import io
import zipfile

import numpy as np
import pytest

from custom_bokeh.apps import APPS
from custom_bokeh.picture_files import make
from visualization_files.names import VISUALIZATIONS

DRAWINGS = {"saliency_maps": "saliency", "deconvolutional_network": "deconvolution", "deep_visualization": "deep",
            "layer_activations": "activations"}  # fmt: skip


def opened(run, library, visit, name, **view):
    component = APPS[name](visit(run, name, **view), library)
    component.update()
    return component


def drawn(run, name, batch):
    return getattr(run, DRAWINGS[name])(batch=batch)


def stored(component):
    return next(iter(component.views.values())).picture.grey.data["image"][0]


def test_every_visualization_has_a_page():
    assert set(APPS) == set(VISUALIZATIONS)


@pytest.mark.parametrize("name", DRAWINGS)
def test_it_waits_then_shows_the_newest_stage(run, library, visit, name):
    run.image()
    component = opened(run, library, visit, name)
    assert component.message.visible and not component.body.visible
    for batch in (10, 20):
        drawn(run, name, batch)
    component.feed.refresh()
    component.update()
    assert component.body.visible and not component.message.visible
    assert component.stage.batch == 20


@pytest.mark.parametrize("name", ["saliency_maps", "deconvolutional_network", "deep_visualization"])
def test_the_slider_brings_an_earlier_stage_back(run, library, visit, name):
    run.image()
    data = {batch: drawn(run, name, batch) for batch in (0, 10, 20)}
    component = opened(run, library, visit, name)
    expected = {batch: np.squeeze(x if name == "saliency_maps" else x[0][0]) for batch, x in data.items()}
    assert stored(component).tolist() == expected[20].tolist()
    component.bar.slider.value = 1
    assert component.stage.batch == 10
    assert stored(component).tolist() == expected[10].tolist()
    component.bar.follow()
    assert component.stage.batch == 20


def test_the_address_chooses_the_stage(run, library, visit):
    run.image()
    for batch in (0, 10, 20):
        run.saliency(batch=batch)
    assert opened(run, library, visit, "saliency_maps", stage=10).stage.batch == 10


@pytest.mark.parametrize("name", DRAWINGS)
def test_downloads_open_again(run, library, visit, name):
    run.image()
    for batch in (0, 10):
        drawn(run, name, batch)
    component = opened(run, library, visit, name)
    assert make("png", component).startswith(b"\x89PNG")
    assert make("gif", component).startswith(b"GIF89a")
    count = len(component.views)
    assert len(zipfile.ZipFile(io.BytesIO(make("zip", component))).namelist()) == count
    assert len(np.load(io.BytesIO(make("npz", component))).files) >= count
