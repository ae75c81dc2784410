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


def test_the_password_is_changed_on_the_account_page(page, user, log_in):
    page.get_by_role("link", name="Logged in as").click()
    page.get_by_label("Current password").fill("not this one")
    page.get_by_label("New password", exact=True).fill("a longer one")
    page.get_by_label("Confirm new password").fill("a longer one")
    page.get_by_role("button", name="Change password").click()
    expect(page.locator(".invalid-feedback")).to_have_text(["This is not your current password."])
    page.get_by_label("Current password").fill("correct horse battery")
    page.get_by_label("New password", exact=True).fill("a longer one")
    page.get_by_label("Confirm new password").fill("a longer one")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("alert")).to_contain_text("Your password was changed.")
    page.get_by_role("button", name="Log out").click()
    log_in(page, user, "a longer one")
    expect(page.get_by_role("heading", name="Running files")).to_be_visible()


def test_sessions_elsewhere_are_seen_and_ended(page, user, log_in, browser, servers):
    elsewhere = browser.new_context(base_url=servers.url, user_agent="Mozilla/5.0 (Windows NT 10.0) Firefox/128.0")
    phone = elsewhere.new_page()
    log_in(phone, user)
    expect(phone.get_by_role("heading", name="Running files")).to_be_visible()
    page.goto("/account")
    page.get_by_role("button", name="End the session of Firefox on Windows").click()
    expect(page.get_by_role("alert")).to_contain_text("The session was ended.")
    phone.goto("/uploads")
    expect(phone.get_by_role("heading", name="Log in")).to_be_visible()
    log_in(phone, user)
    expect(phone.get_by_role("heading", name="Running files")).to_be_visible()
    page.get_by_role("button", name="End all sessions").click()
    page.get_by_role("dialog").get_by_role("button", name="End all sessions").click()
    expect(page.get_by_role("alert")).to_contain_text("You are logged out everywhere.")
    phone.goto("/uploads")
    expect(phone.get_by_role("heading", name="Log in")).to_be_visible()
    elsewhere.close()
