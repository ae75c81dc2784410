"""A page of a new user in a browser of their own, and scripts for them to upload."""
import itertools
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

expect.set_options(timeout=15_000)
_numbers = itertools.count(1)
PASSWORD = "correct horse battery"


@pytest.fixture
def page(browser, servers):
    """A fresh browser page at the servers' address."""
    context = browser.new_context(base_url=servers.url)
    page = context.new_page()
    page.set_default_timeout(15_000)
    yield page
    context.close()


@pytest.fixture
def user(page) -> str:
    """A new user, logged in on `page`."""
    name = f"tester_{next(_numbers)}"
    page.goto("/create_user")
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Confirm password").fill(PASSWORD)
    page.get_by_role("button", name="Create user").click()
    expect(page.get_by_role("alert")).to_contain_text("was created")
    _log_in(page, name)
    expect(page.get_by_role("heading", name="Running files")).to_be_visible()
    return name


@pytest.fixture
def log_in():
    """Logs a user in by the form."""
    return _log_in


def _log_in(page: Page, name: str, password: str = PASSWORD) -> None:
    page.goto("/login")
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Log in").click()


@pytest.fixture
def upload(page, user, tmp_path):
    """Uploads a script with the given source."""

    def upload(filename: str, source: str, tags: str = "") -> None:
        path = tmp_path / filename
        path.write_text(source)
        page.goto("/upload")
        page.get_by_label("Keras script").set_input_files(path)
        page.get_by_label("Tags").fill(tags)
        page.get_by_role("button", name="Upload").click()
        expect(page.get_by_role("heading", name=filename, exact=True)).to_be_visible()

    return upload


@pytest.fixture
def seven(tmp_path) -> Path:
    """A grey picture of 28 x 28 pixels with a bright upper half."""
    picture = Image.new("L", (28, 28))
    picture.paste(255, (0, 0, 28, 14))
    path = tmp_path / "half.png"
    picture.save(path)
    return path


@pytest.fixture
def run(page):
    """Presses Run on a file's overview and confirms the dialog, with an image or without."""

    def run(image: Path | None = None) -> None:
        page.get_by_role("button", name="Run", exact=True).first.click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_be_visible()
        if image:
            dialog.get_by_label("New input images").set_input_files(image)
        else:
            dialog.get_by_label("None").check()
        dialog.get_by_role("button", name="Run", exact=True).click()

    return run


@pytest.fixture
def state(page):
    """The label with the state of the run."""
    return page.locator("main h1 + .state")
