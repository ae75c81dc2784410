"""The pages in a real browser: the right pixels, upright, live, and again after the server was gone."""
import time

import numpy as np
import pytest
from page_bed import KEY

pytestmark = pytest.mark.browser

# Reads the colours of a canvas in the figure whose aria-label starts with a text, through all shadow roots.
_PIXELS = """
([label, points]) => {
  const all = (root) => [...root.querySelectorAll("*")].flatMap((e) => [e, ...(e.shadowRoot ? all(e.shadowRoot) : [])])
  const figure = all(document).find((e) => e.getAttribute("aria-label")?.startsWith(label))
  const canvas = all(figure.shadowRoot).find((e) => e.tagName === "CANVAS" && e.width > 0)
  const context = canvas.getContext("2d")
  return points.map(([x, y]) =>
    [...context.getImageData(Math.floor(x * canvas.width), Math.floor(y * canvas.height), 1, 1).data].slice(0, 3))
}
"""


def pixels(page, label, points):
    """Colours at points of a picture, given as shares of its width and height."""
    return page.evaluate(_PIXELS, [label, points])


def opened(page, bed, name, **options):
    page.goto(bed.url(name, **options))
    page.wait_for_selector("canvas", state="attached")
    page.wait_for_timeout(500)


def until(check, seconds=10):
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, "It did not happen in time."
        time.sleep(0.05)


def test_a_known_array_arrives_upright_in_the_right_grid(run, bed, page):
    run.image()
    maps = np.zeros((2, 4, 4), np.uint8)
    maps[0, 0, 0], maps[0, 3, 0], maps[1, 0, 3] = 250, 120, 60
    run.draw("layer_activations", [("Layer 1: conv", maps)])
    opened(page, bed, "layer_activations")
    # The grid is 11 pixels wide and 6 high: borders at 0, 5 and 10, and at 0 and 5.
    points = {(1, 1): 250, (1, 4): 120, (9, 1): 60, (2, 1): 0, (5, 2): 255, (0, 0): 255, (9, 4): 0}
    places = [((x + 0.5) / 11, (y + 0.5) / 6) for x, y in points]
    assert pixels(page, "Layer 1", places) == [[value] * 3 for value in points.values()]


def test_colours_of_the_input_image_arrive(run, bed, page):
    run.image(colour=True)
    run.activations()
    opened(page, bed, "layer_activations")
    assert pixels(page, "Input image", [(0.3, 0.3), (0.8, 0.8)]) == [[255, 127, 0], [0, 0, 255]]


def test_a_new_drawing_replaces_the_picture_by_itself(run, bed, page):
    run.image()
    run.draw("layer_activations", [("a", np.full((1, 4, 4), 10, np.uint8))], batch=1)
    opened(page, bed, "layer_activations")
    assert pixels(page, "a. ", [(0.5, 0.5)]) == [[10, 10, 10]]
    run.draw("layer_activations", [("a", np.full((1, 4, 4), 200, np.uint8))], batch=2)
    until(lambda: pixels(page, "a. ", [(0.5, 0.5)]) == [[200, 200, 200]])


def test_the_plots_grow(run, bed, page):
    run.train(5)
    opened(page, bed, "training_progress")
    page.get_by_text("at epoch 0.05").first.wait_for()
    run.train(5)
    page.get_by_text("at epoch 0.1.").first.wait_for()


def test_a_page_that_waits_shows_the_first_data(run, bed, page):
    page.goto(bed.url("training_progress"))
    page.get_by_text("register_training_progress").wait_for()
    run.train(5)
    page.get_by_text("at epoch 0.05").first.wait_for()


def test_a_grant_for_another_page_shows_nothing(run, bed, page, monkeypatch):
    run.train(5)
    stolen = bed.headers("layer_activations", {})
    monkeypatch.setattr(bed, "headers", lambda name, options: stolen)
    page.goto(bed.url("training_progress"))
    page.get_by_text("may not be shown").wait_for()
    assert page.locator("canvas").count() == 0


def test_it_says_that_the_server_is_gone_and_goes_on_when_it_is_back(run, bed, page):
    run.train(5)
    opened(page, bed, "training_progress")
    bed.stop()
    page.get_by_text("The server does not answer").wait_for()
    run.train(5)
    bed.start()
    page.get_by_text("at epoch 0.1.").first.wait_for(timeout=15_000)
    assert page.get_by_text("The server does not answer").count() == 0


def test_the_key_never_reaches_the_browser(run, bed, page):
    run.train(5)
    opened(page, bed, "training_progress")
    assert KEY not in page.content()


@pytest.mark.parametrize(("name", "draw"), [
    ("saliency_maps", "saliency"), ("deconvolutional_network", "deconvolution"), ("deep_visualization", "deep"),
])  # fmt: skip
def test_the_techniques_are_served(run, bed, page, name, draw):
    run.image()
    for batch in (0, 10):
        getattr(run, draw)(batch=batch)
    opened(page, bed, name)
    page.get_by_text("Stage 2 of 2").wait_for()


def test_a_finger_drawn_over_a_plot_scrolls_the_page(run, bed, chromium):
    run.train(5)
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    opened(page, bed, "training_progress")
    touch = """() => {
      const inner = (e) => (e.shadowRoot ? all(e.shadowRoot) : [])
      const all = (root) => [...root.querySelectorAll("*")].flatMap((e) => [e, ...inner(e)])
      return all(document).filter((e) => e.classList.contains("bk-events")).map((e) => getComputedStyle(e).touchAction)
    }"""
    until(lambda: page.evaluate(touch) == ["pan-x pan-y"] * 2)
    context.close()
