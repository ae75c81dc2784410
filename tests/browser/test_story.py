"""What a user does, from the upload to the deletion, in a real browser and with real processes."""
from pathlib import Path

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

# Writes what the callbacks write, without the seconds that importing Keras takes.
TRAINS = """
import os, sys, time
from pathlib import Path
import numpy as np
from visualization_files.writer import ProgressWriter, replace_file
from visualization_files.stages import StageWriter

folder = Path(os.path.dirname(__file__))
progress = ProgressWriter(folder / "results" / "training_progress.txt", ["progress", "accuracy", "loss"])
stages = StageWriter(folder / "results", "layer_activations")
replace_file(folder / "networks" / "trains.keras", b"a network")
print("\\x1b[1mEpoch 1\\x1b[0m")
for batch in range(2000):
    progress.row([batch / 100, min(1, batch / 500), 2 / (1 + batch / 50)])
    if batch % 20 == 0:
        maps = np.zeros((4, 6, 6), np.uint8)
        maps[:, 0, :] = 255
        stages.write([("Layer 1: conv2d", maps)], batch, batch / 100, 0.01, {})
    sys.stdout.write(f"\\r{batch}/2000 done")
    time.sleep(0.05)
"""


def test_upload_run_watch_stop_download_delete(page, upload, run, state, seven, servers):
    upload("trains.py", TRAINS, "digits first")
    expect(page.locator("main .tag")).to_contain_text(["digits", "first", "trains"])

    page.get_by_role("link", name="Download network").click()
    expect(page.get_by_role("alert")).to_contain_text("There is no saved network yet.")

    run(seven)
    expect(state).to_have_text("running")
    page.get_by_role("link", name="Output").click()
    output = page.locator("#output")
    expect(output).to_contain_text("Epoch 1")
    expect(output).to_contain_text("/2000 done")
    first = output.inner_text()
    assert "\x1b" not in first and first.count("done") == 1, first
    expect(output).not_to_have_text(first)
    expect(state).to_have_text("running")

    for tab in ("Training progress", "Layer activations"):
        page.get_by_role("link", name=tab).click()
        expect(page.locator("#visualization canvas").first).to_be_visible()

    page.get_by_role("link", name="Overview").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download network").click()
    assert download.value.suggested_filename == "trains.keras"
    assert Path(download.value.path()).read_bytes() == b"a network"

    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("alert").first).to_contain_text("is running. Stop it before you delete it.")

    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Stop", exact=True).click()
    banner = page.locator("#banners")
    expect(banner).to_contain_text("trains.py was stopped.")
    expect(state).to_have_text("stopped")

    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("alert").first).to_contain_text("was deleted")
    expect(page.get_by_text("You have no files yet.")).to_be_visible()
    assert not list(servers.instance.glob("user_storage/*/trains"))


def test_a_failed_run_shows_the_end_of_its_traceback(page, upload, run, state):
    upload("fails.py", "raise RuntimeError('the data set is missing')")
    run()
    expect(page.locator("#banners")).to_contain_text("fails.py has failed.")
    expect(page.locator("#banners")).to_contain_text("RuntimeError: the data set is missing")
    expect(state).to_have_text("failed")


def test_what_a_script_prints_is_never_markup(page, upload, run, state):
    upload("prints.py", "print('<img src=x onerror=document.title=1>')")
    run()
    expect(state).to_have_text("finished")
    page.get_by_role("link", name="Output").click()
    expect(page.locator("#output")).to_contain_text("<img src=x onerror=document.title=1>")
    expect(page.locator("#output img")).to_have_count(0)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("notes.txt", b"hello", "has to end in .py"),
        ("empty.py", b"  ", "This file is empty."),
        ("latin.py", "x = 1\n# \xe9".encode("latin-1"), "not UTF-8 text (line 2)"),
        ("broken.py", b"x = 1\nif x\n", "Line 2: expected ':'."),
        ("random.py", b"x = 1", "would hide the module random"),
    ],
)
def test_a_bad_upload_is_told_beside_the_field(page, user, tmp_path, servers, name, content, sentence):
    path = tmp_path / name
    path.write_bytes(content)
    page.goto("/upload")
    page.get_by_label("Keras script").set_input_files(path)
    page.get_by_role("button", name="Upload").click()
    expect(page.locator(".invalid-feedback")).to_contain_text(sentence)
    assert not (servers.instance / "user_storage" / user).exists()


def test_a_bad_image_opens_the_dialog_again_with_the_reason(page, upload, run, tmp_path):
    upload("waits.py", "import time; time.sleep(60)")
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no image")
    run(bad)
    expect(page.get_by_role("dialog").locator(".invalid-feedback")).to_contain_text("not a PNG or JPEG image")


def test_search_sort_and_tags(page, upload):
    for name in ("alpha.py", "beta.py"):
        upload(name, "x = 1", "common")
    page.get_by_label("New tags").fill("special one")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("alert")).to_contain_text("Added: special, one.")
    page.get_by_role("button", name="Remove the tag one").click()
    expect(page.get_by_role("alert")).to_contain_text("The tag one was removed.")

    page.get_by_role("link", name="All files").click()
    names = page.locator(".files tbody tr td:first-child")
    expect(names).to_have_text(["beta.py", "alpha.py"])
    page.get_by_role("link", name="File name").click()
    expect(names).to_have_text(["alpha.py", "beta.py"])
    page.get_by_role("searchbox").fill("spec")
    page.get_by_role("button", name="Search").click()
    expect(names).to_have_text(["beta.py"])
