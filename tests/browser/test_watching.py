"""Watching a run on the pages of its visualizations, in a real browser and with both servers."""
import io
import re
from pathlib import Path

import numpy as np
import psutil
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

TABS = ["Training progress", "Layer activations", "Saliency maps", "Deconvolutional network", "Deep visualization"]
# Writes what the callbacks write, without the seconds that importing Keras takes.
DRAWS = """
import os, time
from pathlib import Path
import numpy as np
from visualization_files.writer import ProgressWriter
from visualization_files.stages import StageWriter

results = Path(os.path.dirname(__file__)) / "results"
names = ["layer_activations", "saliency_maps", "deconvolutional_network", "deep_visualization"]
writers = {name: StageWriter(results, name) for name in names}
for kind in ("", "_val"):
    progress = ProgressWriter(results / f"training_progress{kind}.txt", ["progress", "accuracy", "loss"])
    for row in range(1, 41):
        progress.row([row / 10 if kind == "" else row // 10 + 1, min(1, row / 50), 2 / row])
for batch in range(0, 50, 10):
    moment = (batch, batch / 10, 0.01)
    maps = np.random.default_rng(batch).integers(0, 256, (4, 6, 6), np.uint8)
    maps[2] = 0
    picture = np.full((28, 28, 1), batch, np.uint8)
    picture[:14] = 200
    layers = [{"name": "Layer 1: conv2d", "low": 0.0, "high": 2.5}]
    dense = np.arange(10, dtype=np.uint8) * 20
    writers["layer_activations"].write(
        [("Layer 1: conv2d", maps), ("Layer 2: dense", dense)], *moment, {"layers": layers})
    writers["saliency_maps"].write(picture, *moment, {"class_index": 7, "score": 3.5, "variants": ["absolute"]})
    told = [{"feat_map_no": 3, "activation": 2.0, "position": [4, 5]}]
    writers["deconvolutional_network"].write(
        [(picture, "max_pooling2d_1", 3)], *moment, {"feature_maps": told, "map_size": [12, 12]})
    writers["deep_visualization"].write([(picture, "dense_2", n, 5.0 + n) for n in range(3)], *moment, {})
print("drawn", flush=True)
end = Path(os.path.dirname(__file__)) / "end"
for _ in range(1200):
    if end.exists():
        break
    time.sleep(0.1)
"""


@pytest.fixture
def watched(page, upload, run, state, seven, servers, request):
    """A run that has drawn five stages of everything and goes on; gives its file's name."""
    name = re.sub(r"\W", "_", request.node.name)[5:40] + ".py"
    upload(name, DRAWS)
    run(seven)
    expect(state).to_have_text("running")
    page.get_by_role("link", name="Output").click()
    expect(page.locator("#output")).to_contain_text("drawn")
    yield name
    for folder in servers.instance.glob(f"user_storage/*/{name[:-3]}"):
        (folder / "end").touch()


def open_tab(page, title):
    page.get_by_role("link", name=title).click()
    expect(page.locator("#visualization canvas").first).to_be_visible()


def test_the_stage_is_kept_from_tab_to_tab_and_in_the_address(page, watched):
    open_tab(page, "Layer activations")
    page.get_by_text("Stage 5 of 5, the newest; it follows the training.").wait_for()
    page.locator("body").press("ArrowLeft")
    page.locator("body").press("ArrowLeft")
    page.get_by_text("After 20 batches, epoch 2. Stage 3 of 5.").wait_for()
    expect(page).to_have_url(re.compile(r"stage=20$"))
    for title in ("Saliency maps", "Deep visualization", "Output"):
        page.get_by_role("link", name=title).click()
        expect(page).to_have_url(re.compile(r"stage=20$"))
    open_tab(page, "Deconvolutional network")
    page.get_by_text("After 20 batches, epoch 2. Stage 3 of 5.").wait_for()
    page.get_by_text("#3 in max_pooling2d_1").wait_for()
    page.get_by_role("button", name="Newest").click()
    expect(page).not_to_have_url(re.compile("stage="))
    page.get_by_role("link", name="Saliency maps").click()
    page.get_by_text("Stage 5 of 5, the newest").wait_for()


def test_a_killed_plot_server_comes_back_and_the_page_goes_on_by_itself(page, watched, servers):
    open_tab(page, "Training progress")
    children = psutil.Process(servers.process.pid).children(recursive=True)
    plots, = [child for child in children if "custom_bokeh" in child.cmdline()]
    plots.kill()
    page.get_by_text("The server does not answer. This page goes on by itself").wait_for()
    expect(page.get_by_text("The server does not answer")).to_have_count(0, timeout=40_000)
    page.get_by_text("at epoch 4").first.wait_for()
    expect(page.locator("#visualization canvas").first).to_be_visible()


def test_a_page_that_opens_while_the_plot_server_is_away_waits_for_it(page, watched, servers):
    children = psutil.Process(servers.process.pid).children(recursive=True)
    plots, = [child for child in children if "custom_bokeh" in child.cmdline()]
    plots.kill()
    page.get_by_role("link", name="Training progress").click()
    page.get_by_text("at epoch 4").first.wait_for(timeout=40_000)


def test_downloads_are_what_their_names_say(page, watched):
    open_tab(page, "Layer activations")
    starts = {"Picture (PNG)": b"\x89PNG", "Every picture (ZIP of PNG)": b"PK", "All stages (GIF)": b"GIF89a"}
    for label, start in starts.items():
        with page.expect_download() as download:
            page.get_by_label("Download").select_option(label=label)
        assert Path(download.value.path()).read_bytes().startswith(start), label
    with page.expect_download() as download:
        page.get_by_label("Download").select_option(label="Raw arrays (NPZ)")
    arrays = np.load(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert arrays["Layer_2_dense"].tolist() == [20 * n for n in range(10)]
    assert arrays["Layer_1_conv2d_black_white"].tolist() == [0.0, 2.5]
    open_tab(page, "Training progress")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as SVG").or_(page.get_by_title("Save as SVG")).first.click()
    assert Path(download.value.path()).read_bytes().startswith(b"<svg")


def serious(page):
    """What axe-core finds on a page that keeps people from using it."""
    found = Axe().run(page).response["violations"]
    return [
        f"{page.url}: {entry['id']}: {node['target']}: {node['failureSummary']}"
        for entry in found if entry["impact"] in ("serious", "critical") for node in entry["nodes"]
    ]  # fmt: skip


@pytest.mark.parametrize(("scheme", "width"), [("light", 1200), ("dark", 390)])
def test_nothing_keeps_anybody_from_using_a_page(page, watched, scheme, width):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    found = []
    for address in ("/", "/uploads", "/upload", f"/uploads/{watched}", f"/uploads/{watched}/output", "/account"):
        page.goto(address)
        found += serious(page)
    for title in TABS:
        page.goto(f"/uploads/{watched}/{title.lower().replace(' ', '_')}")
        expect(page.locator("#visualization canvas").first).to_be_visible()
        page.locator("#visualization[data-ready]").wait_for()
        found += serious(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, title
    assert not found, "\n".join(found)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_a_stranger_from_logging_in(page, scheme):
    page.emulate_media(color_scheme=scheme)
    found = []
    for address in ("/login", "/create_user"):
        page.goto(address)
        found += serious(page)
    assert not found, "\n".join(found)


def test_each_plot_has_a_text_for_screen_readers(page, watched):
    texts = {
        "Layer activations": "Layer 1: conv2d. 4 maps of 6 × 6. Black is 0, white is 2.5.",
        "Saliency maps": "Saliency map.", "Deconvolutional network": "#3 in max_pooling2d_1. Activation 2.",
        "Deep visualization": "Unit 1 in dense_2. Activation 6.", "Training progress": "Loss over the epochs. Last",
    }  # fmt: skip
    for title, text in texts.items():
        open_tab(page, title)
        expect(page.get_by_role("figure", name=text).first).to_be_visible()


def test_plots_follow_the_colours_of_the_system_while_open_and_when_they_changed_before(page, watched):
    drawn = page.locator("html")
    page.emulate_media(color_scheme="light")
    page.get_by_role("link", name="Training progress").click()
    expect(drawn).to_have_attribute("data-drawn-theme", "light")
    page.emulate_media(color_scheme="dark")
    expect(drawn).to_have_attribute("data-drawn-theme", "dark")
    page.get_by_role("link", name="Overview").click()
    address = page.url
    page.goto("about:blank")
    page.emulate_media(color_scheme="light")
    page.goto(f"{address}/training_progress")
    expect(drawn).to_have_attribute("data-drawn-theme", "light")
    expect(page.locator("#visualization canvas").first).to_be_visible()
