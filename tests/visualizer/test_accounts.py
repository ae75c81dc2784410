"""Logging in: guessing is limited, nobody can lock others out, and sessions end when they should."""

import re
import time

import pytest
from argon2 import PasswordHasher

from visualizer import passwords
from visualizer.models import LoginSession
from visualizer.operations import users

WRONG = "User name and password do not belong together."


def log_in(client, name="annie", password="long enough", address="10.0.0.1", **more):
    return client.post(
        "/login", data={"name": name, "password": password}, environ_base={"REMOTE_ADDR": address}, **more
    )


def guess(app, times, name="annie", address="10.6.6.6"):
    return [log_in(app.test_client(), name, f"wrong {n}", address).status_code for n in range(times)]


def cookie(client, name="visualizer_session"):
    return client.get_cookie(name).value


def test_guessing_ends_after_ten_failures_also_with_the_right_password(app):
    assert guess(app, 12) == [422] * 10 + [429] * 2
    answer = log_in(app.test_client(), address="10.6.6.6")
    assert answer.status_code == 429 and "Too many attempts. Try again in" in answer.text
    assert 0 < int(answer.headers["Retry-After"]) <= 15 * 60


def test_names_that_nobody_has_are_refused_alike(app):
    assert guess(app, 11, name="nobody") == [422] * 10 + [429]


def test_a_stranger_locks_nobody_out(app):
    guess(app, 20)
    assert log_in(app.test_client(), address="10.0.0.1").status_code == 302


def test_a_known_browser_passes_even_from_the_stranger_s_address(app):
    known = app.test_client()
    log_in(known)
    known.post("/logout")
    guess(app, 20, address="10.0.0.1")
    assert log_in(known).status_code == 302


def test_a_known_browser_cannot_guess_for_ever_and_is_known_for_one_account(app):
    known = app.test_client()
    log_in(known, "other", address="10.6.6.6")
    known.post("/logout")
    codes = [log_in(known, "annie", "wrong", "10.6.6.6").status_code for _ in range(11)]
    assert codes == [422] * 10 + [429]
    codes = [log_in(known, "other", "wrong", "10.6.6.6").status_code for _ in range(21)]
    assert codes[9] == 422 and codes[20] == 429


def test_an_address_cannot_try_every_account(app):
    codes = [log_in(app.test_client(), f"user_{n}", "wrong", "10.6.6.6").status_code for n in range(61)]
    assert codes[59] == 422 and codes[60] == 429


def test_ipv6_addresses_of_one_network_are_one(app):
    codes = [log_in(app.test_client(), password="wrong", address=f"2001:db8::{n}").status_code for n in range(1, 12)]
    assert codes == [422] * 10 + [429]


def test_guessing_from_everywhere_leaves_one_attempt_to_each_new_address(app):
    for n in range(10):
        guess(app, 10, address=f"10.6.6.{n}")
    assert guess(app, 2, address="10.7.7.7") == [422, 429]
    assert log_in(app.test_client(), address="10.0.0.1").status_code == 302


def test_a_forged_forwarded_address_changes_nothing(app):
    for n in range(10):
        log_in(app.test_client(), password="wrong", headers={"X-Forwarded-For": f"10.9.9.{n}"})
    assert log_in(app.test_client(), headers={"X-Forwarded-For": "10.9.9.99"}).status_code == 429


def test_every_failure_has_one_text_and_takes_as_long(app, monkeypatch):
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher())
    passwords._nobodys_hash.cache_clear()
    with app.app_context():
        users.set_password(users.find_user("annie"), "long enough")
    pages, seconds = [], {"annie": [], "nobody": []}
    for _ in range(5):
        for name, times in seconds.items():
            begin = time.perf_counter()
            answer = log_in(app.test_client(), name, "wrong")
            times.append(time.perf_counter() - begin)
            pages.append(re.sub(r'nonce="[^"]+"|value="[^"]*"|content="Ij[^"]*"|content="[^"]{60,}"', "", answer.text))
    assert len(set(pages)) == 1 and WRONG in pages[0]
    assert min(seconds["nobody"]) > min(seconds["annie"]) / 2


def test_a_copied_cookie_is_void_after_logging_out(app, annie):
    copy = cookie(annie)
    annie.post("/logout")
    thief = app.test_client()
    thief.set_cookie("visualizer_session", copy)
    assert thief.get("/uploads").status_code == 302


def test_a_session_is_new_after_log_in(app):
    client = app.test_client()
    client.get("/login")
    with client.session_transaction() as before:
        before["left_by_a_stranger"] = "x"
    log_in(client)
    with client.session_transaction() as session:
        assert "left_by_a_stranger" not in session


def test_sessions_do_not_outlive_their_days(app, annie):
    assert annie.get("/uploads").status_code == 200
    app.config["SESSION_DAYS"] = -1
    assert annie.get("/uploads").status_code == 302


def test_a_new_password_ends_all_other_sessions(app, annie):
    elsewhere = app.test_client()
    log_in(elsewhere)
    old = cookie(annie)
    data = {"current": "long enough", "password": "even longer", "confirm": "even longer"}
    assert annie.post("/account", data=data).status_code == 302
    assert annie.get("/uploads").status_code == 200
    assert elsewhere.get("/uploads").status_code == 302
    thief = app.test_client()
    thief.set_cookie("visualizer_session", old)
    assert thief.get("/uploads").status_code == 302
    assert log_in(app.test_client()).status_code == 422
    assert log_in(app.test_client(), password="even longer").status_code == 302


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"current": "wrong", "password": "even longer", "confirm": "even longer"}, "not your current password"),
        ({"current": "long enough", "password": "short", "confirm": "short"}, "at least 8 characters"),
        ({"current": "long enough", "password": "even longer", "confirm": "other"}, "The passwords differ."),
        ({}, "Type your current password."),
    ],
)
def test_a_wrong_change_is_told_and_changes_nothing(app, annie, data, sentence):
    answer = annie.post("/account", data=data)
    assert answer.status_code == 422 and sentence in answer.text
    assert log_in(app.test_client()).status_code == 302


def test_a_stolen_session_cannot_guess_the_password_for_ever(annie):
    for n in range(11):
        answer = annie.post("/account", data={"current": f"wrong {n}", "password": "x" * 9, "confirm": "x" * 9})
    assert "Too many attempts" not in answer.text
    for n in range(10):
        answer = annie.post("/account", data={"current": f"wrong {n}", "password": "x" * 9, "confirm": "x" * 9})
    assert "Too many attempts" in answer.text


def test_sessions_are_listed_and_ended_by_their_owner_alone(app, annie, other):
    elsewhere = app.test_client()
    log_in(elsewhere, headers={"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"})
    page = annie.get("/account").text
    assert "Firefox on Linux" in page and page.count("this browser") == 1
    number = int(re.findall(r"/account/sessions/(\d+)/end", page)[0])
    other.post(f"/account/sessions/{number}/end")
    assert elsewhere.get("/uploads").status_code == 200
    annie.post(f"/account/sessions/{number}/end")
    assert elsewhere.get("/uploads").status_code == 302
    assert annie.get("/uploads").status_code == 200


def test_all_sessions_end_here_too(app, annie, other):
    elsewhere = app.test_client()
    log_in(elsewhere)
    annie.post("/account/sessions/end")
    assert annie.get("/uploads").status_code == elsewhere.get("/uploads").status_code == 302
    assert other.get("/uploads").status_code == 200


def test_the_database_opens_no_session(app, annie):
    with app.app_context():
        stored = users.find_user("annie").sessions[0].key_hash
    with annie.session_transaction() as session:
        assert session["_user_id"] != stored
        session["_user_id"] = stored
    assert annie.get("/uploads").status_code == 302


def test_a_link_sets_a_password_once(app, annie):
    with app.app_context():
        link = f"/reset_password/{users.reset_token(users.find_user('annie'))}"
    client, data = app.test_client(), {"password": "even longer", "confirm": "even longer"}
    assert "New password for annie" in client.get(link).text
    assert client.post(link, data=data).location == "/login"
    assert annie.get("/uploads").status_code == 302
    assert log_in(app.test_client(), password="even longer").status_code == 302
    data = {"password": "third one", "confirm": "third one"}
    assert "not valid" in client.post(link, data=data, follow_redirects=True).text
    assert log_in(app.test_client(), password="third one").status_code == 422


def test_links_are_not_forged_and_grow_old(app, monkeypatch):
    with app.app_context():
        token = users.reset_token(users.find_user("annie"))
        for bad in ("x", token[:-2], token + "A", "", token.replace(".", "..")):
            assert users.user_of_reset(bad) is None
        assert users.user_of_reset(token).name == "annie"
        day = 24 * 3600
        monkeypatch.setattr(time, "time", lambda now=time.time: now() + day + 2)
        assert users.user_of_reset(token) is None


def test_a_locked_account_opens_by_its_link_alone(app, annie):
    with app.app_context():
        link = f"/reset_password/{users.reset_token(users.find_user('annie'), lock=True)}"
    assert annie.get("/uploads").status_code == 302
    assert log_in(app.test_client()).status_code == 422
    assert "New password for annie" in app.test_client().get(link).text


def test_closed_registration_makes_no_user(app):
    app.config["REGISTRATION_OPEN"] = False
    data = {"name": "stranger", "password": "long enough", "confirm": "long enough"}
    assert app.test_client().post("/create_user", data=data).location == "/login"
    with app.app_context():
        assert users.find_user("stranger") is None
    assert "create_user" not in app.test_client().get("/login").text


def test_one_address_cannot_make_users_without_end(app):
    codes = []
    for n in range(102):
        data = {"name": f"robot_{n}", "password": "long enough", "confirm": "long enough"}
        codes.append(app.test_client().post("/create_user", data=data).status_code)
    assert codes[99:] == [302, 429, 429]


@pytest.mark.parametrize(("scheme", "secure"), [("http", False), ("https", True)])
def test_cookies_are_secure_behind_https(app, scheme, secure):
    client = app.test_client()
    answer = log_in(client, base_url=f"{scheme}://localhost")
    cookies = answer.headers.getlist("Set-Cookie")
    assert len(cookies) == 2
    for text in cookies:
        assert ("Secure" in text) == secure
        assert "HttpOnly" in text and "SameSite=Lax" in text


def test_old_sessions_leave_the_database(app):
    for _ in range(3):
        log_in(app.test_client())
    app.config["SESSION_DAYS"] = -1
    log_in(app.test_client())
    with app.app_context():
        assert LoginSession.query.count() == 1
