"""Starting runs with wishes, waiting, stopping after an epoch, and the page of the machine, in a real browser."""
import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

SLEEPS = "import time; time.sleep(600)"
# Does what the callbacks do for a stop at the end of an epoch, without the seconds that importing Keras takes.
LISTENS = """
import os, time
print("Epoch 1/4", flush=True)
open("stop.ready", "w").close()
while not os.path.exists("stop.request"):
    print("\\r50/100", end="", flush=True)
    time.sleep(0.1)
print("the epoch has ended")
"""


@pytest.fixture
def dialog(page):
    """The dialog that is open."""
    return page.get_by_role("dialog")


def stop(page, button="Stop"):
    page.get_by_role("button", name="Stop", exact=True).first.click()
    page.get_by_role("dialog").get_by_role("button", name=button, exact=True).click()


def test_arguments_and_variables_reach_the_script_and_are_offered_again(page, upload, state, dialog):
    upload("wishes.py", "import os, sys; print(sys.argv[1:], os.environ['GREETING'])")
    page.get_by_role("button", name="Run", exact=True).first.click()
    dialog.get_by_label("None").check()
    dialog.get_by_text("Arguments and environment variables").click()
    dialog.get_by_label("Arguments for the script").fill('--epochs 3 "two words"')
    dialog.get_by_label("Environment variables").fill("HOME=/")
    dialog.get_by_role("button", name="Run", exact=True).click()
    expect(dialog.locator(".invalid-feedback")).to_have_text("HOME cannot be set: it is the folder of your caches.")
    dialog.get_by_label("Environment variables").fill("GREETING=<b>hello</b>")
    dialog.get_by_label("None").check()
    dialog.get_by_role("button", name="Run", exact=True).click()
    expect(state).to_have_text("finished")
    expect(page.locator("#facts code")).to_have_text(['--epochs 3 "two words"', "GREETING=<b>hello</b>"])
    page.get_by_role("button", name="Run", exact=True).first.click()
    expect(dialog.get_by_label("Arguments for the script")).to_have_value('--epochs 3 "two words"')
    page.goto("/uploads/wishes.py/output")
    expect(page.locator("#output")).to_have_text("['--epochs', '3', 'two words'] <b>hello</b>")


def test_the_third_waits_says_why_and_leaves_the_queue(page, upload, run, state):
    for name in ("first.py", "second.py", "third.py"):
        upload(name, SLEEPS)
        run()
    expect(state).to_have_text("queued")
    waits = page.locator('[data-fact="place"]')
    expect(waits).to_have_text("Place 1 of 1. Limit on runs per user: 2 at the same time.")

    page.get_by_role("link", name="Machine").click()
    rows = page.locator("#machine tbody tr")
    expect(rows.filter(has_text="third.py")).to_contain_text("Limit on runs per user: 2 at the same time.")
    rows.filter(has_text="first.py").get_by_role("button", name="Stop").click()
    page.get_by_role("dialog").get_by_role("button", name="Stop", exact=True).click()
    expect(page.locator("#banners")).to_contain_text("first.py was stopped.")
    assert page.locator("#banners .alert").inner_text().count("stopped") == 1

    # Its place is free now.
    page.goto("/uploads/third.py")
    expect(state).to_have_text("running")
    expect(page.locator('[data-fact="memory"]')).to_contain_text("MB of at most")
    upload("fourth.py", SLEEPS)
    run()
    expect(state).to_have_text("queued")
    page.get_by_role("button", name="Leave the queue").click()
    page.get_by_role("dialog").get_by_role("button", name="Leave the queue").click()
    expect(state).to_have_text("stopped")
    for name in ("second.py", "third.py"):
        page.goto(f"/uploads/{name}")
        stop(page)
        expect(state).to_have_text("stopped")


def test_stop_after_the_epoch(page, upload, run, state):
    upload("listens.py", LISTENS)
    run()
    expect(page.locator('[data-fact="left"]')).to_contain_text("about")
    stop(page, "Stop after this epoch")
    expect(page.get_by_role("alert").first).to_contain_text("is stopped when its epoch ends")
    expect(page.locator("#banners")).to_contain_text("listens.py was stopped. The epoch that ran was completed first.")
    page.get_by_role("link", name="Output").click()
    expect(page.locator("#output")).to_contain_text("the epoch has ended")
