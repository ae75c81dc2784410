"""The audit log says who did what, to whom, and no secret."""
import io
import json
import stat
from pathlib import Path
from urllib.parse import quote

from visualizer.audit import record


def lines(app) -> list[dict]:
    text = (Path(app.instance_path) / "audit.log").read_text()
    return [json.loads(line) for line in text.splitlines()]


def test_it_says_who_did_what_from_where(app, annie, mnist):
    annie.post("/uploads/mnist.py/run", data={"source": "new"})
    annie.post("/uploads/mnist.py/stop")
    with annie.get("/uploads/mnist.py/output/download"):
        pass
    annie.get("/uploads/mnist.py/saliency_maps")
    annie.get("/uploads/mnist.py")
    annie.post("/uploads/mnist.py/delete")
    annie.post("/logout")
    told = [(line["user"], line["deed"], line.get("filename"), line.get("status")) for line in lines(app)]
    assert told == [
        ("annie", "logged in", None, None), ("annie", "uploaded", None, 302),
        ("annie", "run asked for", "mnist.py", 422), ("annie", "stop asked for", "mnist.py", 302),
        ("annie", "output downloaded", "mnist.py", 302), ("annie", "visualization opened", "mnist.py", 200),
        ("annie", "deleted", "mnist.py", 302), ("annie", "logged out", None, None),
    ]  # fmt: skip
    assert all(line["address"] == "127.0.0.1" and line["time"] for line in lines(app))


def test_it_holds_no_password_and_no_token(app, annie):
    client = app.test_client()
    client.post("/login", data={"name": "annie", "password": "a wrong secret"})
    client.post("/login", data={"name": "a password in the wrong field", "password": "x"})
    client.post("/login", data={"name": "annie", "password": "long enough"})
    data = {"current": "long enough", "password": "new secret", "confirm": "new secret"}
    client.post("/account", data=data)
    with client.session_transaction() as session:
        key = session["_user_id"]
    text = (Path(app.instance_path) / "audit.log").read_text()
    for secret in ("a wrong secret", "wrong field", "long enough", "new secret", key, "csrf"):
        assert secret not in text
    assert "log-in failed" in text and "(no such user)" in text and "password changed" in text


def test_no_name_makes_a_line_of_its_own(app, annie):
    evil = 'x.py\n{"deed": "logged in", "user": "root"}'
    annie.post(f"/uploads/{quote(evil)}/delete")
    annie.post("/upload", data={"file": (io.BytesIO(b"x = 1"), evil)})
    with app.app_context():
        record("tried", filename=evil * 100)
    assert "root" not in {line["user"] for line in lines(app)}
    assert max(len(json.dumps(line)) for line in lines(app)) < 1000


def test_it_is_its_owner_s_alone_and_bounded(app, annie):
    for handler in app.extensions["audit"].handlers:
        handler.maxBytes, handler.backupCount = 2000, 2
    with app.app_context():
        for number in range(100):
            record("tried", number=number)
    files = sorted(Path(app.instance_path).glob("audit.log*"))
    assert [file.name for file in files] == ["audit.log", "audit.log.1", "audit.log.2"]
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 and file.stat().st_size <= 2000 for file in files)
    assert lines(app)[-1]["number"] == 99


def test_a_stranger_cannot_drown_it(app):
    for number in range(200):
        app.test_client().post("/login", data={"name": "annie", "password": f"wrong {number}"})
        app.test_client().post("/uploads/mnist.py/delete")
    assert len(lines(app)) <= 11
