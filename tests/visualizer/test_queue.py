"""Runs that wait, through the pages' addresses and with real processes."""
import io
import threading
import time
from pathlib import Path

import pytest

from visualizer.extensions import db
from visualizer.models import Run
from visualizer.operations import scheduler

SLEEPS = b"import time; time.sleep(600)"


def until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if result := condition():
            return result
        time.sleep(0.05)
    raise AssertionError("it did not come true")


def upload(client, name, source=SLEEPS):
    assert client.post("/upload", data={"file": (io.BytesIO(source), name), "tags": ""}).status_code == 302


def start(client, name, **data):
    return client.post(f"/uploads/{name}/run", data={"source": "none", **data}, follow_redirects=True)


def states(client):
    return {run["filename"]: run["state"] for run in client.get("/uploads/running").json}


@pytest.fixture
def schedule(app):
    def schedule():
        with app.app_context():
            return scheduler.schedule(5.0)

    return schedule


@pytest.fixture(autouse=True)
def quick_stop(app):
    app.config.update(INTERRUPT_SECONDS=0.5, TERMINATE_SECONDS=0.5)
    yield
    with app.app_context():
        app.config["MAX_RUNS"] = -1  # nothing starts any more
        for run in db.session.query(Run).filter_by(state="running"):
            scheduler.send_stop(run)
    until(lambda: not running_rows(app))


def running_rows(app):
    with app.app_context():
        scheduler.schedule()
        return db.session.query(Run).filter_by(state="running").count()


def test_what_does_not_fit_waits_with_its_place_and_the_limits_name(app, annie, schedule):
    app.config["MAX_RUNS_PER_USER"] = 1
    for name in ("one.py", "two.py", "three.py"):
        upload(annie, name)
        start(annie, name)
    assert states(annie) == {"one.py": "running", "two.py": "queued", "three.py": "queued"}
    page = annie.get("/uploads/three.py").text
    assert "Place 2 of 2. Limit on runs per user: 1 at the same time." in page
    assert annie.get("/uploads/three.py/live").json["place"].startswith("Place 2 of 2.")
    annie.post("/uploads/one.py/stop")
    until(lambda: schedule() and states(annie)["two.py"] == "running")
    assert states(annie)["three.py"] == "queued"


def test_a_user_with_many_does_not_block_another(app, annie, other, schedule):
    app.config["MAX_RUNS"] = 1
    for name in ("one.py", "two.py"):
        upload(annie, name)
        start(annie, name)
    upload(other, "mine.py")
    assert "Place 1 of 2. Limit on runs on this machine: 1 at the same time." in start(other, "mine.py").text
    annie.post("/uploads/one.py/stop")
    until(lambda: schedule() and states(other)["mine.py"] == "running")
    assert states(annie)["two.py"] == "queued"


def test_a_waiting_run_leaves_the_queue_at_once(app, annie, schedule):
    app.config["MAX_RUNS"] = 1
    for name in ("one.py", "two.py"):
        upload(annie, name)
        start(annie, name)
    assert "no longer waits" in annie.post("/uploads/two.py/stop", follow_redirects=True).text
    told = annie.get("/uploads/running").json[-1]
    assert (told["state"], told["sentence"], told["reason"]) == (
        "stopped", "two.py was stopped.", "It had not started yet.",
    )  # fmt: skip
    annie.post("/uploads/one.py/stop")
    until(lambda: schedule() and states(annie)["one.py"] == "stopped")
    assert states(annie)["two.py"] == "stopped"


@pytest.mark.parametrize(
    ("settings", "data", "sentence"),
    [
        ({}, {"gpu_count": "1"}, "It asks for 1 GPUs. This machine has none."),
        ({"USER_DISK_BYTES": 1}, {}, "Limit on the disk per user: your files take"),
        ({"MAX_WAITING_PER_USER": 0}, {}, "Limit on waiting runs per user: 0 of your runs wait already."),
    ],
)
def test_what_can_never_start_is_refused_at_once(app, annie, mnist, settings, data, sentence):
    app.config.update(settings)
    answer = start(annie, mnist, **data)
    assert answer.status_code == 422 and sentence in answer.text
    assert states(annie) == {}


def test_no_sandbox_no_run_where_it_is_a_must(app, annie, mnist, monkeypatch):
    app.config["SANDBOX"] = "always"
    monkeypatch.setattr("visualizer.operations.orders.why_not", lambda: "bubblewrap is not installed.")
    answer = start(annie, mnist)
    assert answer.status_code == 422 and "No run can start on this machine. bubblewrap" in answer.text


def test_the_queue_survives_a_restart(app, annie, tmp_path):
    from visualizer.app import create_app

    app.config["MAX_RUNS"] = -1  # less than nothing: all wait
    upload(annie, "quick.py", b"print('here')")
    start(annie, "quick.py")
    assert states(annie) == {"quick.py": "queued"}
    again = create_app({"TESTING": True}, instance=tmp_path / "instance")

    def finished():
        with again.app_context():
            scheduler.schedule()
            return db.session.query(Run).one().state == "finished"

    until(finished)


def test_only_one_scheduler_acts(app, annie, schedule, monkeypatch):
    """Many at once, each as slow as can be: every run is started once."""
    app.config["MAX_RUNS"] = -1
    for number in range(4):
        upload(annie, f"script_{number}.py", b"open('started', 'a').write('x')\nimport time; time.sleep(600)")
        start(annie, f"script_{number}.py")
    app.config.update(MAX_RUNS=4, MAX_RUNS_PER_USER=4)
    begun = []
    launch = app.extensions["launcher"].start

    def slow_start(order):
        begun.append(order.number)
        time.sleep(0.1)
        return launch(order)

    monkeypatch.setattr(app.extensions["launcher"], "start", slow_start)
    schedulers = [threading.Thread(target=schedule) for _ in range(6)]
    for one in schedulers:
        one.start()
    for one in schedulers:
        one.join()
    assert sorted(begun) == [1, 2, 3, 4]
    assert set(states(annie).values()) == {"running"}


def test_a_server_killed_between_taking_out_and_starting(app, annie, schedule, monkeypatch):
    upload(annie, "one.py")
    with monkeypatch.context() as patch:
        patch.setattr(scheduler, "_start", lambda run: None)
        start(annie, "one.py")
    assert states(annie) == {"one.py": "queued"}
    schedule()
    assert states(annie) == {"one.py": "running"}


def test_a_server_killed_between_starting_and_writing_it_down(app, annie, schedule, monkeypatch):
    """The script must not be started a second time."""
    upload(annie, "one.py", b"open('started', 'a').write('x')\nimport time; time.sleep(600)")
    real = scheduler.take_over
    with monkeypatch.context() as patch:
        patch.setattr(scheduler, "take_over", lambda run, status: None)
        start(annie, "one.py")
    assert states(annie) == {"one.py": "queued"} and scheduler.take_over is real
    schedule()
    assert states(annie) == {"one.py": "running"}
    written = Path(app.config["USER_STORAGE"], "annie", "one", "started")
    assert until(lambda: written.exists() and written.read_text()) == "x"


def test_two_clicks_make_one_run(app, annie):
    clients = [app.test_client() for _ in range(3)]
    for client in clients:
        client.post("/login", data={"name": "annie", "password": "long enough"})
    upload(annie, "sleeps.py")
    answers = []
    clicks = [
        threading.Thread(target=lambda client=client: answers.append(start(client, "sleeps.py").status_code))
        for client in clients
    ]
    for click in clicks:
        click.start()
    for click in clicks:
        click.join()
    assert sorted(answers) == [200, 422, 422]
    with app.app_context():
        assert db.session.query(Run).count() == 1
