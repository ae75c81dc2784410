"""Creating a user, logging in and out, with right and wrong input, in a real browser."""
import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("name", "password", "confirm", "sentence"),
    [
        ("anna", "long enough", "long enough", "The user name needs 5 to 20 characters."),
        ("annie^^", "long enough", "long enough", "The user name can have letters, digits and underscores only."),
        ("annie_1", "short", "short", "The password needs at least 8 characters; this one has 5."),
        ("annie_1", "long enough", "long enouhg", "The passwords differ."),
    ],
)
def test_wrong_input_is_told_beside_the_field(page, name, password, confirm, sentence):
    page.goto("/create_user")
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_label("Confirm password").fill(confirm)
    page.get_by_role("button", name="Create user").click()
    expect(page.locator(".invalid-feedback")).to_have_text([sentence])


def test_a_name_is_taken_in_another_case_too(page, user, log_in):
    page.get_by_role("button", name="Log out").click()
    page.goto("/create_user")
    page.get_by_label("User name").fill(user.upper())
    page.get_by_label("Password", exact=True).fill("long enough")
    page.get_by_label("Confirm password").fill("long enough")
    page.get_by_role("button", name="Create user").click()
    expect(page.locator(".invalid-feedback")).to_have_text(["This user name is taken. Choose another one."])


def test_a_wrong_password_and_an_unknown_name_read_the_same(page, user, log_in):
    page.get_by_role("button", name="Log out").click()
    for name in (user, "nobody_here"):
        log_in(page, name, "wrong password")
        expect(page.locator(".invalid-feedback")).to_have_text(["User name and password do not belong together."])


def test_after_logging_out_pages_lead_to_the_log_in(page, user):
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("alert")).to_contain_text("You are logged out.")
    page.goto("/uploads")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
