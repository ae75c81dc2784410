"""Scripts that behave badly, run and watched from the pages: each ends in its true state, and nothing of it stays."""
import time

import psutil
import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

IGNORES_INTERRUPTS = """
import signal, time
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.SIG_IGN)
print("deaf")
while True:
    time.sleep(60)
"""

# A child, and a grandchild in a session of its own that nobody waits for. Both are deaf, too.
FORKS = """
import os, signal, subprocess, sys, time
child = "import signal, time; signal.signal(2, signal.SIG_IGN); signal.signal(15, signal.SIG_IGN); time.sleep(999)"
children = [subprocess.Popen([sys.executable, "-c", child, "%(mark)s"], start_new_session=own) for own in (False, True)]
print("forked", len(children))
time.sleep(999)
"""

FLOODS = """
for number in range(400_000):
    print(number, "x" * 80)
print("the last line")
"""

NOT_TEXT = r"""
import os, sys
sys.stdout.buffer.write(b"before \xff\xfe\x00 after\n\x1b]0;title\x07\x1b[31mred\x1b[0m\n")
"""


def stop(page):
    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Stop", exact=True).click()


def processes_with(mark: str) -> list[psutil.Process]:
    """Processes that have a word in their command line."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        if mark in (process.info["cmdline"] or []) and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process)
    return found


def test_a_script_that_ignores_interrupts_is_stopped(page, upload, run, state):
    upload("deaf.py", IGNORES_INTERRUPTS)
    run()
    page.get_by_role("link", name="Output").click()
    expect(page.locator("#output")).to_contain_text("deaf")
    page.get_by_role("link", name="Overview").click()
    stop(page)
    expect(state).to_have_text("stopped")


def test_children_and_grandchildren_are_gone_before_it_says_stopped(page, upload, run, state, user):
    mark = f"child-of-{user}-{time.time_ns()}"
    upload("forks.py", FORKS % {"mark": mark})
    run()
    page.get_by_role("link", name="Output").click()
    expect(page.locator("#output")).to_contain_text("forked 2")
    assert len(processes_with(mark)) == 2
    page.get_by_role("link", name="Overview").click()
    stop(page)
    expect(state).to_have_text("stopped")
    assert not processes_with(mark)


def test_a_segmentation_fault_is_told_by_name(page, upload, run, state):
    upload("faults.py", "import os, signal\nprint('now', flush=True)\nos.kill(os.getpid(), signal.SIGSEGV)")
    run()
    expect(state).to_have_text("failed")
    expect(page.locator("#banners")).to_contain_text("segmentation fault", ignore_case=True)
    expect(page.locator("#banners")).to_contain_text("now")


def test_a_flood_of_output_leaves_the_page_quick(page, upload, run, state):
    upload("floods.py", FLOODS)
    run()
    page.get_by_role("link", name="Output").click()
    expect(page.locator("#output")).to_contain_text("the last line")
    expect(state).to_have_text("finished")
    lines = page.locator("#output").inner_text().splitlines()
    assert len(lines) == 50 and lines[0].startswith("399951 xxx")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download full output").click()
    with open(download.value.path(), encoding="utf-8") as file:
        assert sum(1 for _ in file) == 400_001


def test_bytes_that_are_no_text_and_escape_codes_are_shown_as_text(page, upload, run, state):
    upload("bytes.py", NOT_TEXT)
    run()
    expect(state).to_have_text("finished")
    page.get_by_role("link", name="Output").click()
    output = page.locator("#output")
    expect(output).to_contain_text("after")
    expect(output).to_contain_text("red")
    assert not set(output.inner_text()) & set("\x00\x1b\x07")
    assert "[31m" not in output.inner_text()


def test_a_script_that_deletes_its_own_folder_leaves_working_pages(page, upload, run, state):
    upload("deletes.py", "import os, shutil\nshutil.rmtree(os.path.dirname(os.path.abspath(__file__)), True)")
    run()
    expect(state).to_have_text("finished")
    for tab in ("Output", "Training progress", "Layer activations", "Overview"):
        page.get_by_role("link", name=tab).click()
        expect(page.get_by_role("heading", name="deletes.py", exact=True)).to_be_visible()
