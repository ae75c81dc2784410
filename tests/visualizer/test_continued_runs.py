"""Runs that go on with what the last one saved: offered where it can be, and told to the script."""
import io
from pathlib import Path

import pytest

from visualizer.extensions import db
from visualizer.models import Run
from visualizer.operations import pace, runs

# Stands for a training: it saves a network of the third epoch, and says how it was started.
SCRIPT = """
import os, sys, zipfile
from pathlib import Path
from visualization_files.resume_point import ResumePoint, write_point
print("resume", os.environ.get("TRAINING_RESUME"))
with open("networks_seen.txt", "a") as seen:
    print(Path("networks/train.keras").exists(), file=seen)
Path("networks").mkdir(exist_ok=True)
with zipfile.ZipFile("networks/train.keras", "w") as archive:
    archive.writestr("config.json", "{}")
write_point(Path("networks/train.keras"), ResumePoint(EPOCH, 30, RESUMABLE))
"""
OFFER = "Continue the last run after epoch 3"


@pytest.fixture
def train(annie, queue):
    """Uploads the script and lets it run; its page afterwards."""

    def train(epoch=3, resumable=True):
        source = SCRIPT.replace("EPOCH", str(epoch)).replace("RESUMABLE", str(resumable))
        queue.upload(annie, "train.py", source.encode())
        return again("delete")

    def again(last_run, **data):
        answer = queue.start(annie, "train.py", last_run=last_run, **data)
        if answer.status_code == 200:
            queue.until(lambda: queue.states(annie)["train.py"] == "finished")
        return answer if answer.status_code != 200 else annie.get("/uploads/train.py")

    train.again = again
    return train


@pytest.fixture
def folder(app):
    return Path(app.config["USER_STORAGE"]) / "annie" / "train"


def test_it_is_offered_and_deletes_nothing(train, folder):
    assert OFFER in train().text
    (folder / "results").mkdir(exist_ok=True)
    (folder / "results" / "training_progress.txt").write_text("0.2 0.5 1.0\n")
    page = train.again("continue").text
    assert "<dt>Continued</dt><dd>after epoch 3</dd>" in page
    assert (folder / "output.txt").read_text().splitlines() == ["resume None", "resume 1"]
    assert (folder / "networks_seen.txt").read_text().split() == ["False", "True"]
    assert (folder / "results" / "training_progress.txt").exists()


def test_to_begin_anew_is_the_default(train, annie, queue, folder):
    train()
    queue.start(annie, "train.py")
    queue.until(lambda: queue.states(annie)["train.py"] == "finished")
    assert (folder / "output.txt").read_text() == "resume None\n"
    assert (folder / "networks_seen.txt").read_text().split() == ["False", "False"]


@pytest.mark.parametrize(
    ("epoch", "resumable", "hint"),
    [(3, False, "initial_epoch=callbacks.resume(model)"), (0, True, "no epoch was completed")],
)
def test_where_it_cannot_go_on_the_page_says_why(train, folder, epoch, resumable, hint):
    page = train(epoch, resumable).text
    assert "Continue the last run" not in page and hint in page
    refused = train.again("continue")
    assert refused.status_code == 422 and "no saved network that this script can go on with" in refused.text
    assert (folder / "networks" / "train.keras").exists() and (folder / "output.txt").exists()


def test_somebody_elses_network_is_none_of_ours(app, train, folder):
    train()
    elsewhere = folder.with_name("network")
    (folder / "networks").rename(elsewhere)
    (folder / "networks").symlink_to(elsewhere)
    assert train.again("continue").status_code == 422


def test_its_images_stay(train, annie, folder):
    train()
    (folder / "images").mkdir(exist_ok=True)
    (folder / "images" / "one.png").write_bytes(b"it is not read")
    train.again("continue", source="none")
    assert (folder / "images" / "one.png").exists()


def test_only_the_dialog_sets_it(annie, train):
    train()
    refused = train.again("delete", environment="TRAINING_RESUME=1")
    assert refused.status_code == 422 and "choose to continue the last run" in refused.text
    assert train.again("whatever").status_code == 422


def test_time_left_counts_from_where_it_went_on(app, train, folder):
    """The output begins with the earlier run, whose epochs cost this one nothing."""
    train()
    (folder / "output.txt").write_text("Epoch 1/10\nEpoch 4/10\nEpoch 6/10\n")
    with app.app_context():
        run = db.session.query(Run).one()
        begun = run.started
        run.continued_after = 3
        left = pace.seconds_left(run)
        run.continued_after = None
        # Five epochs are done and five are left: two were this run's, so that the rest takes 5 / 2 of its time.
        assert left == pytest.approx(2.5 * pace.seconds_left(run), rel=0.05) and begun == run.started


def test_a_run_may_be_asked_for_with_new_images_as_before(app, annie, train):
    train()
    with app.app_context():
        file = db.session.query(Run).one().file
        with pytest.raises(runs.BadInputError, match="PNG or JPEG"):
            runs.request_run(file, [("a.png", io.BytesIO(b"no image"))], "new")
        assert db.session.query(Run).count() == 1
