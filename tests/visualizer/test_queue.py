"""Runs that wait, through the pages' addresses and with real processes."""
import threading
import time
from pathlib import Path

import pytest

from visualizer.extensions import db
from visualizer.models import Run
from visualizer.operations import scheduler


def test_what_does_not_fit_waits_with_its_place_and_the_limits_name(app, annie, queue):
    app.config["MAX_RUNS_PER_USER"] = 1
    for name in ("one.py", "two.py", "three.py"):
        queue.upload(annie, name)
        queue.start(annie, name)
    assert queue.states(annie) == {"one.py": "running", "two.py": "queued", "three.py": "queued"}
    page = annie.get("/uploads/three.py").text
    assert "Place 2 of 2. Limit on runs per user: 1 at the same time." in page
    assert annie.get("/uploads/three.py/live").json["place"].startswith("Place 2 of 2.")
    annie.post("/uploads/one.py/stop")
    queue.until(lambda: queue.schedule() and queue.states(annie)["two.py"] == "running")
    assert queue.states(annie)["three.py"] == "queued"


def test_a_user_with_many_does_not_block_another(app, annie, other, queue):
    app.config["MAX_RUNS"] = 1
    for name in ("one.py", "two.py"):
        queue.upload(annie, name)
        queue.start(annie, name)
    queue.upload(other, "mine.py")
    assert "Place 1 of 2. Limit on runs on this machine: 1 at the same time." in queue.start(other, "mine.py").text
    annie.post("/uploads/one.py/stop")
    queue.until(lambda: queue.schedule() and queue.states(other)["mine.py"] == "running")
    assert queue.states(annie)["two.py"] == "queued"


def test_a_waiting_run_leaves_the_queue_at_once(app, annie, queue):
    app.config["MAX_RUNS"] = 1
    for name in ("one.py", "two.py"):
        queue.upload(annie, name)
        queue.start(annie, name)
    assert "no longer waits" in annie.post("/uploads/two.py/stop", follow_redirects=True).text
    told = annie.get("/uploads/running").json[-1]
    assert (told["state"], told["sentence"], told["reason"]) == (
        "stopped", "two.py was stopped.", "It had not started yet.",
    )  # fmt: skip
    annie.post("/uploads/one.py/stop")
    queue.until(lambda: queue.schedule() and queue.states(annie)["one.py"] == "stopped")
    assert queue.states(annie)["two.py"] == "stopped"


@pytest.mark.parametrize(
    ("settings", "data", "sentence"),
    [
        ({}, {"gpu_count": "1"}, "It asks for 1 GPUs. This machine has none."),
        ({"USER_DISK_BYTES": 1}, {}, "Limit on the disk per user: your files take"),
        ({"MAX_WAITING_PER_USER": 0}, {}, "Limit on waiting runs per user: 0 of your runs wait already."),
    ],
)
def test_what_can_never_start_is_refused_at_once(app, annie, mnist, settings, data, sentence, queue):
    app.config.update(settings)
    answer = queue.start(annie, mnist, **data)
    assert answer.status_code == 422 and sentence in answer.text
    assert queue.states(annie) == {}


def test_no_sandbox_no_run_where_it_is_a_must(app, annie, mnist, monkeypatch, queue):
    app.config["SANDBOX"] = "always"
    monkeypatch.setattr("visualizer.operations.orders.why_not", lambda: "bubblewrap is not installed.")
    answer = queue.start(annie, mnist)
    assert answer.status_code == 422 and "No run can start on this machine. bubblewrap" in answer.text


def test_the_queue_survives_a_restart(app, annie, tmp_path, queue):
    from visualizer.app import create_app

    app.config["MAX_RUNS"] = -1  # less than nothing: all wait
    queue.upload(annie, "quick.py", b"print('here')")
    queue.start(annie, "quick.py")
    assert queue.states(annie) == {"quick.py": "queued"}
    again = create_app({"TESTING": True}, instance=tmp_path / "instance")

    def finished():
        with again.app_context():
            scheduler.schedule()
            return db.session.query(Run).one().state == "finished"

    queue.until(finished)


def test_only_one_scheduler_acts(app, annie, monkeypatch, queue):
    """Many at once, each as slow as can be: every run is started once."""
    app.config["MAX_RUNS"] = -1
    for number in range(4):
        queue.upload(annie, f"script_{number}.py", b"open('started', 'a').write('x')\nimport time; time.sleep(600)")
        queue.start(annie, f"script_{number}.py")
    app.config.update(MAX_RUNS=4, MAX_RUNS_PER_USER=4)
    begun = []
    launch = app.extensions["launcher"].start

    def slow_start(order):
        begun.append(order.number)
        time.sleep(0.1)
        return launch(order)

    monkeypatch.setattr(app.extensions["launcher"], "start", slow_start)
    schedulers = [threading.Thread(target=queue.schedule) for _ in range(6)]
    for one in schedulers:
        one.start()
    for one in schedulers:
        one.join()
    assert sorted(begun) == [1, 2, 3, 4]
    assert set(queue.states(annie).values()) == {"running"}


def test_a_server_killed_between_taking_out_and_starting(app, annie, monkeypatch, queue):
    queue.upload(annie, "one.py")
    with monkeypatch.context() as patch:
        patch.setattr(scheduler, "_start", lambda run: None)
        queue.start(annie, "one.py")
    assert queue.states(annie) == {"one.py": "queued"}
    queue.schedule()
    assert queue.states(annie) == {"one.py": "running"}


def test_a_server_killed_between_starting_and_writing_it_down(app, annie, monkeypatch, queue):
    """The script must not be started a second time."""
    queue.upload(annie, "one.py", b"open('started', 'a').write('x')\nimport time; time.sleep(600)")
    real = scheduler.take_over
    with monkeypatch.context() as patch:
        patch.setattr(scheduler, "take_over", lambda run, status: None)
        queue.start(annie, "one.py")
    assert queue.states(annie) == {"one.py": "queued"} and scheduler.take_over is real
    queue.schedule()
    assert queue.states(annie) == {"one.py": "running"}
    written = Path(app.config["USER_STORAGE"], "annie", "one", "started")
    assert queue.until(lambda: written.exists() and written.read_text()) == "x"


def test_two_clicks_make_one_run(app, annie, queue):
    clients = [app.test_client() for _ in range(3)]
    for client in clients:
        client.post("/login", data={"name": "annie", "password": "long enough"})
    queue.upload(annie, "sleeps.py")
    answers = []
    clicks = [
        threading.Thread(target=lambda client=client: answers.append(queue.start(client, "sleeps.py").status_code))
        for client in clients
    ]
    for click in clicks:
        click.start()
    for click in clicks:
        click.join()
    assert sorted(answers) == [200, 422, 422]
    with app.app_context():
        assert db.session.query(Run).count() == 1
