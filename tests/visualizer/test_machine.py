"""The page of the machine: who runs what, what waits, and who may stop it."""
from pathlib import Path

import pytest

from visualizer.operations import users


@pytest.fixture
def admin(app):
    with app.app_context():
        users.create_user("chief", "long enough", is_admin=True)
    client = app.test_client()
    client.post("/login", data={"name": "chief", "password": "long enough"})
    return client


@pytest.fixture
def one_runs_one_waits(app, annie, other, queue):
    app.config["MAX_RUNS"] = 1
    queue.upload(annie, "runs.py")
    queue.start(annie, "runs.py")
    queue.upload(other, "waits.py")
    queue.start(other, "waits.py")


def test_everybody_sees_who_runs_what_and_what_waits(annie, other, one_runs_one_waits):
    for client in (annie, other):
        page = client.get("/machine").text
        assert "runs.py" in page and "waits.py" in page
        assert "Limit on runs on this machine: 1 at the same time." in page
    assert 'href="/uploads/runs.py"' in annie.get("/machine").text
    assert 'href="/uploads/runs.py"' not in other.get("/machine").text


def test_one_stops_ones_own_alone(annie, other, queue, one_runs_one_waits):
    assert "/machine/1/stop" not in other.get("/machine").text
    assert other.post("/machine/1/stop").status_code == 404
    assert annie.post("/machine/2/stop").status_code == 404
    assert queue.states(annie)["runs.py"] == "running"
    annie.post("/machine/1/stop")
    queue.until(lambda: queue.states(annie)["runs.py"] == "stopped")


def test_an_administrator_stops_all_and_sees_disk_use(app, annie, other, admin, queue, one_runs_one_waits):
    (Path(app.config["USER_STORAGE"]) / "annie" / "large").write_bytes(bytes(3_000_000))
    disk = admin.get("/machine/disk").text
    assert disk.index("annie") < disk.index("other") and "3.0" in disk.partition("annie")[2].partition("MB")[0]
    assert annie.get("/machine/disk").status_code == 404
    admin.post("/machine/2/stop")
    assert queue.states(other)["waits.py"] == "stopped"
    admin.post("/machine/1/stop")
    queue.until(lambda: queue.states(annie)["runs.py"] == "stopped")


def test_it_says_where_runs_are_not_isolated(app, annie):
    app.config["SANDBOX"] = "never"
    page = annie.get("/machine").text
    assert "Runs are not isolated: the setting SANDBOX says so." in page and "what the server sees" in page


def test_what_a_run_takes_is_told_while_it_runs(annie, queue):
    source = b"print('Epoch 1/4')\nprint('50/100 loss')\nkept = b'x' * 50_000_000\nwhile True: pass"
    queue.upload(annie, "busy.py", source)
    queue.start(annie, "busy.py")

    def told():
        facts = annie.get("/uploads/busy.py/live").json
        megabytes, unit = facts.get("memory", "0 MB").split()[:2]
        return facts if float(megabytes) > 50 and unit == "MB" and not facts["processor"].startswith("0 ") else None

    facts = queue.until(told)
    assert " MB of at most " in facts["memory"] and "busy" in facts["processor"]
    assert facts["left"].startswith("about ") and facts["duration"].endswith("s")
    assert facts["processor"].split()[-1] in annie.get("/uploads/busy.py").text
