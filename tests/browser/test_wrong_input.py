"""Wrong input in the forms of a file, and what they keep; and the whole story by keyboard alone."""
import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def send(page, path, tags=""):
    page.goto("/upload")
    page.get_by_label("Keras script").set_input_files(path)
    page.get_by_label("Tags").fill(tags)
    page.get_by_role("button", name="Upload").click()


def test_a_second_file_of_the_same_name_is_refused_and_the_first_stays(page, upload, tmp_path, servers, user):
    upload("twice.py", "x = 1")
    path = tmp_path / "TWICE.py"
    path.write_text("x = 2")
    send(page, path, "other")
    expect(page.locator(".invalid-feedback")).to_contain_text("You already have a file called TWICE.py.")
    expect(page.get_by_label("Tags")).to_have_value("other")
    assert (servers.instance / "user_storage" / user / "twice" / "twice.py").read_text() == "x = 1"


def test_a_file_over_the_limit_is_refused_with_the_limit(page, user, tmp_path, servers):
    path = tmp_path / "large.py"
    path.write_bytes(b"#" * 1_000_001)
    send(page, path)
    expect(page.locator(".invalid-feedback")).to_contain_text("1 MB")
    assert not (servers.instance / "user_storage" / user).exists()


def test_no_file_and_a_tag_too_long_are_told_beside_their_fields(page, user, tmp_path):
    page.goto("/upload")
    page.get_by_role("button", name="Upload").click()
    expect(page.locator(".invalid-feedback")).to_have_text(["Choose a file."])
    path = tmp_path / "fine.py"
    path.write_text("x = 1")
    send(page, path, "t" * 51)
    expect(page.locator(".invalid-feedback")).to_contain_text("at most 50")


def test_wrong_tags_are_told_beside_the_field(page, upload):
    upload("tagged.py", "x = 1")
    page.get_by_label("New tags").fill("t" * 51)
    page.get_by_role("button", name="Add").click()
    expect(page.locator(".invalid-feedback")).to_contain_text("at most 50")
    page.get_by_label("New tags").fill("tagged")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("alert")).to_contain_text("The file has these tags already.")


def test_a_run_with_a_new_image_needs_one(page, upload):
    upload("waits.py", "import time; time.sleep(60)")
    page.get_by_role("button", name="Run", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("A new one").check()
    dialog.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_role("dialog").locator(".invalid-feedback")).to_contain_text("Choose")


def test_a_page_that_is_not_there_leads_back(page, user):
    assert page.goto("/uploads/nothing.py").status == 404
    expect(page.get_by_role("heading", name="There is no such page, or it is not yours.")).to_be_visible()
    page.get_by_role("link", name="To the start page").click()
    expect(page.get_by_role("heading", name="Running files")).to_be_visible()


def press_until_focused(page, name: str, role: str) -> None:
    """Press Tab until an element with this role and name has the focus."""
    wanted = page.get_by_role(role, name=name, exact=True).first
    expect(wanted).to_be_visible()
    for _ in range(60):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reaches {name}.")


def test_run_and_stop_by_keyboard_alone(page, upload, state):
    upload("keys.py", "import time; time.sleep(60)")
    press_until_focused(page, "Run", "button")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name="Run", exact=True).first).to_be_focused()

    page.keyboard.press("Enter")
    expect(dialog).to_be_focused()
    chosen = dialog.get_by_role("radio", checked=True)
    for _ in range(20):
        if chosen.evaluate("element => element === document.activeElement"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    expect(dialog.get_by_label("None")).to_be_checked()
    page.keyboard.press("Enter")
    expect(state).to_have_text("running")

    press_until_focused(page, "Stop", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_focused()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == "Stop":
            break
    page.keyboard.press("Enter")
    expect(state).to_have_text("stopped")
