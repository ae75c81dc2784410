"""A run that is stopped, continued, kept beside a new one, looked at, and deleted, as a user does it."""
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from visualization_files.layout import ScriptFolder
from visualization_files.stages import read_stages

pytestmark = pytest.mark.browser

TRAINS = """
import os
import sys
import time
import keras
import numpy as np
from custom_keras.callbacks import CustomCallbacks

keras.utils.set_random_seed(1)
x = np.random.default_rng(1).random((64, 12, 12, 1)).astype("float32")
y = (x.mean((1, 2, 3)) > 0.5).astype("int32")
model = keras.Sequential([
    keras.Input((12, 12, 1)),
    keras.layers.Conv2D(4, 3, activation="relu", name="edges"),
    keras.layers.Flatten(),
    keras.layers.Dense(2, activation="softmax", name="output"),
])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
slow = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: time.sleep(0.1))
callbacks = CustomCallbacks(os.path.dirname(__file__), base_interval=4)
callbacks.register_network_saver()
callbacks.register_training_progress()
callbacks.register_layer_activations()
epoch = callbacks.resume(model)
model.fit(x, y, 8, epochs=epoch + int(sys.argv[1]), initial_epoch=epoch, shuffle=False,
          callbacks=[slow, *callbacks.get_list()])
"""


def start(page, choice, arguments):
    """Press Run, choose what becomes of the last run, and confirm."""
    page.get_by_role("button", name="Run", exact=True).first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    if choice:
        dialog.get_by_label(re.compile(choice)).check()
    page.locator("summary").click() if not dialog.get_by_label("Arguments").is_visible() else None
    dialog.get_by_label("Arguments").fill(arguments)
    return dialog


def test_stopped_continued_kept_and_deleted(page, upload, seven, run, state, servers, user):
    upload("train.py", TRAINS)
    folder = ScriptFolder(Path(servers.instance) / "user_storage" / user / "train")
    dialog = start(page, "", "50")
    expect(dialog.get_by_text("The last run")).to_have_count(0)
    dialog.get_by_label("New input images").set_input_files(seven)
    dialog.get_by_role("button", name="Run", exact=True).click()

    page.get_by_role("link", name="Output").click()
    expect(page.locator("#output")).to_contain_text("Epoch 3/50", timeout=90_000)
    page.get_by_role("link", name="Overview").click()
    page.get_by_role("button", name="Stop").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Stop", exact=True).click()
    expect(state).to_have_text("stopped", timeout=30_000)
    # The page that saw it stop offers to continue.
    expect(page.locator("#last-run-continue")).to_be_attached()
    dialog = start(page, "Continue the last run after epoch", "1")
    expect(dialog.get_by_text("Image to visualize")).to_be_hidden()
    dialog.get_by_role("button", name="Run", exact=True).click()
    expect(state).to_have_text("finished", timeout=90_000)
    lines = folder.output.read_text().splitlines()
    (epochs,) = [int(found[1]) for line in lines if (found := re.search(r"goes on after epoch (\d+)", line))]
    rows = (folder.results / "training_progress.txt").read_text().splitlines()[1:]
    assert [float(row.split()[0]) for row in rows] == [n / 8 for n in range(1, 8 * (epochs + 1) + 1)]
    stages = [stage.batch for stage in read_stages(folder.results, "layer_activations")]
    assert stages == list(range(0, 8 * (epochs + 1) + 1, 4))
    page.reload()
    expect(page.locator("#facts")).to_contain_text(f"after epoch {epochs}")

    start(page, "Keep them as run 2", "1").get_by_role("button", name="Run", exact=True).click()
    kept = page.get_by_role("region", name="Kept runs")
    expect(kept.get_by_role("row")).to_have_count(2)  # the first is the table's head
    expect(state).to_have_text("finished", timeout=90_000)
    kept.get_by_role("link", name="Run 2", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("train.py run 2")
    page.get_by_role("link", name="Output").click()
    expect(page.locator("#output")).to_contain_text(f"Epoch {epochs + 1}/{epochs + 1}")
    page.get_by_role("link", name="Layer activations").click()
    expect(page.locator("#visualization")).to_contain_text(f"After {stages[-1]} batches, epoch {epochs + 1}")
    page.get_by_role("link", name="Training progress").click()
    page.wait_for_function(
        "count => window.Bokeh?.documents.some(d => [...d._all_models.values()].some("
        "m => m.type === 'ColumnDataSource' && m.data.x?.length === count))", arg=len(rows)
    )  # fmt: skip

    expect(page.get_by_label("Add a run").locator("option", has_text="train")).to_have_count(1)

    page.get_by_role("link", name="Overview").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download network").click()
    assert download.value.suggested_filename == "train_run_2.keras"
    page.get_by_role("button", name="Delete run").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Delete run 2?")
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("alert")).to_contain_text("Run 2 of train.py was deleted.")
    expect(page.get_by_role("region", name="Kept runs")).to_have_count(0)
    assert not any((folder.path / "runs").iterdir())
