"""Each address belongs to a user who is logged in, and each file to its owner; the whole URL map is tried."""
import stat

import pytest

OPEN = {"static", "accounts.login", "accounts.create_user", "accounts.reset_password"}
WITHOUT_FILE = {
    "accounts.logout", "accounts.account", "messages.show", "accounts.end_session", "accounts.end_all_sessions",
    "files.list_files", "files.upload", "runs.index", "runs.running", "machine.show", *OPEN,
}  # fmt: skip
VALUES = {"number": 1, "filename": "mnist.py", "name": "seven.png", "visualization": "saliency_maps", "run_id": 1}


def addresses(app, endpoints):
    for rule in app.url_map.iter_rules():
        if rule.endpoint not in endpoints:
            yield rule.build({name: VALUES[name] for name in rule.arguments})[1], rule.methods - {"HEAD", "OPTIONS"}


def test_a_stranger_is_sent_to_the_log_in(app):
    tried = 0
    for address, methods in addresses(app, OPEN):
        for method in methods:
            answer = app.test_client().open(address, method=method)
            assert answer.status_code == 302 and answer.location.startswith("/login"), (method, address)
            tried += 1
    assert tried > 10


def test_files_of_others_are_not_there(app, mnist, other):
    tried = 0
    for address, methods in addresses(app, WITHOUT_FILE):
        for method in methods:
            assert other.open(address, method=method).status_code == 404, (method, address)
            tried += 1
    assert tried > 8


def test_state_changes_by_post_alone(app, annie, mnist):
    for verb in ("run", "stop", "delete", "tags", "announced"):
        assert annie.get(f"/uploads/mnist.py/{verb}").status_code == 405


def test_without_a_token_nothing_changes(app, annie, mnist):
    app.config["WTF_CSRF_ENABLED"] = True
    annie.post("/uploads/mnist.py/delete")
    assert annie.get("/uploads/mnist.py").status_code == 200


@pytest.mark.parametrize("target", ["//evil.test", "https://evil.test", "/\\evil.test", "\\\\evil.test", ""])
def test_redirects_stay_here(app, target):
    data = {"name": "annie", "password": "long enough"}
    answer = app.test_client().post("/login", query_string={"next": target}, data=data)
    assert answer.location == "/"


def test_every_answer_has_the_headers(app):
    headers = app.test_client().get("/login").headers
    assert "unsafe-inline" not in headers["Content-Security-Policy"].partition("script-src")[2].partition(";")[0]
    assert headers["X-Content-Type-Options"] == "nosniff" and headers["X-Frame-Options"] == "DENY"


def test_the_secret_key_is_its_owners_alone(app):
    from pathlib import Path

    path = Path(app.instance_path) / "secret_key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["../mnist.py", "..%2fmnist.py", "mnist.py%00", "%5c..%5cmnist.py", "runs/1"])
def test_names_lead_nowhere_else(annie, mnist, name):
    assert annie.get(f"/uploads/{name}/output/download").status_code == 404


def test_a_link_to_a_secret_is_not_downloaded(app, annie, mnist):
    from pathlib import Path

    folder = Path(app.config["USER_STORAGE"]) / "annie" / "mnist"
    (folder / "output.txt").symlink_to(Path(app.instance_path) / "secret_key")
    assert annie.get("/uploads/mnist.py/output/download").status_code == 302
    assert annie.get("/uploads/mnist.py/output/tail").json == {"size": 0, "lines": []}
