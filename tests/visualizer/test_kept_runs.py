"""Runs that their owner keeps: put away whole, seen as the last one is, and safe whatever their script planted."""
import io
import json
import os
import shutil
from pathlib import Path

import pytest
from PIL import Image

from visualization_files.layout import ScriptFolder
from visualization_files.names import VISUALIZATIONS
from visualizer import kept_storage, visualizations
from visualizer.extensions import db
from visualizer.models import FileMeta, Run
from visualizer.operations import kept, runs

# Writes what a training does; the text tells one run from another.
SCRIPT = """
import sys
from pathlib import Path
text = sys.argv[1]
print("output of", text)
for name in ("results/training_progress.txt", "networks/train.keras", "notes.txt"):
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_text(text)
"""


@pytest.fixture
def folder(app):
    return Path(app.config["USER_STORAGE"]) / "annie" / "train"


@pytest.fixture
def picture():
    data = io.BytesIO()
    Image.new("L", (4, 4), 200).save(data, "PNG")
    return data.getvalue()


@pytest.fixture
def train(annie, queue):
    """Runs the script to its end."""
    queue.upload(annie, "train.py", SCRIPT.encode())

    def train(text, last_run="delete", **data):
        answer = queue.start(annie, "train.py", arguments=text, last_run=last_run, **data)
        assert answer.status_code == 200, answer.text
        queue.until(lambda: queue.states(annie)["train.py"] == "finished")

    return train


@pytest.fixture
def file(app, train):
    with app.app_context():
        yield db.session.query(FileMeta).one()


def files_in(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_the_last_run_is_kept_whole_and_the_next_begins_anew(annie, train, folder, picture):
    train("first", source="new", images=(io.BytesIO(picture), "a.png"))
    train("second", "keep", source="new", images=(io.BytesIO(picture), "b.png"))
    first = folder / "runs" / "1"
    assert files_in(first) == [
        "images/a.png", "networks/train.keras", "output.txt", "results/training_progress.txt", "run.json", "train.py"
    ]  # fmt: skip
    assert (first / "output.txt").read_text() == "output of first\n"
    assert (folder / "output.txt").read_text() == "output of second\n"
    assert [path.name for path in (folder / "images").iterdir()] == ["b.png"]
    train("third", "keep", source="last")
    assert [path.name for path in (folder / "runs" / "2" / "images").iterdir()] == ["b.png"]
    assert [path.name for path in (folder / "images").iterdir()] == ["b.png"]
    assert os.listdir(folder / "runs") in (["1", "2"], ["2", "1"])


def test_deleting_is_the_default_and_leaves_kept_ones_alone(train, folder):
    train("first")
    train("second", "keep")
    train("third")
    assert os.listdir(folder / "runs") == ["1"]
    assert (folder / "results" / "training_progress.txt").read_text() == "third"


def test_they_are_listed_seen_and_downloaded(annie, train, picture):
    train("first", source="new", images=(io.BytesIO(picture), "a.png"))
    train("second", "keep", source="none")
    assert "Run 1" in annie.get("/uploads/train.py").text
    address = "/uploads/train.py/runs/1"
    page = annie.get(address).text
    assert "finished" in page and "<code>first</code>" in page and f'{address}/images/a.png"' in page
    with annie.get(f"{address}/images/a.png") as answer:
        assert answer.mimetype == "image/png"
    assert "output of first" in annie.get(f"{address}/output").text
    for name, data in (("download", b"first"), ("output/download", b"output of first\n")):
        with annie.get(f"{address}/{name}") as answer:
            assert answer.data == data
            assert answer.headers["Content-Disposition"].startswith("attachment; filename=train_run_1")
    for name in VISUALIZATIONS:
        assert f'href="{address}/{name}"' in page


def test_every_tab_brings_a_grant_for_the_kept_run(annie, train, monkeypatch):
    train("first")
    train("second", "keep")
    grants = []
    sign = visualizations.sign_grant
    monkeypatch.setattr(visualizations, "sign_grant", lambda key, grant: grants.append(grant) or sign(key, grant))
    for name in VISUALIZATIONS:
        assert annie.get(f"/uploads/train.py/runs/1/{name}?stage=3").status_code == 200
        annie.get(f"/uploads/train.py/{name}")
    assert [(grant.visualization, grant.run) for grant in grants] == [
        (name, number) for name in VISUALIZATIONS for number in (1, 0)
    ]
    assert {(grant.user, grant.script) for grant in grants} == {("annie", "train")}


def test_they_are_ones_own(annie, other, train):
    train("first")
    train("second", "keep")
    for path in ("", "/output", "/output/download", "/download", "/images/a.png", "/saliency_maps"):
        assert other.get(f"/uploads/train.py/runs/1{path}").status_code == 404
        for number in ("2", "0", "-1", "99", "x", "1/..", "9" * 30):
            assert annie.get(f"/uploads/train.py/runs/{number}{path}").status_code == 404, (number, path)
    assert other.post("/uploads/train.py/runs/1/delete").status_code == 404
    assert annie.get("/uploads/train.py/runs/1/delete").status_code == 405


def test_one_is_deleted(annie, train, folder):
    train("first")
    train("second", "keep")
    train("third", "keep")
    page = annie.post("/uploads/train.py/runs/1/delete", follow_redirects=True).text
    assert "Run 1 of train.py was deleted." in page and "Run 2" in page
    assert os.listdir(folder / "runs") == ["2"]
    assert annie.get("/uploads/train.py/runs/1").status_code == 404
    train("fourth", "keep")  # numbers are never used twice
    assert sorted(os.listdir(folder / "runs")) == ["2", "3"]
    annie.post("/uploads/train.py/delete")
    assert not folder.exists()


def test_without_a_run_there_is_nothing_to_keep(train, folder):
    (folder / "results").mkdir()  # an archive may have brought it
    train("first", "keep")
    assert not (folder / "runs").exists()


def test_a_bad_image_keeps_nothing(annie, train, folder):
    train("first")
    data = {"source": "new", "last_run": "keep", "images": (io.BytesIO(b"no image"), "a.png")}
    assert annie.post("/uploads/train.py/run", data=data).status_code == 422
    assert os.listdir(folder / "runs") == []
    assert (folder / "results" / "training_progress.txt").read_text() == "first"


def test_it_counts_for_the_limit_of_the_disk(app, annie, train, folder):
    train("first")
    train("second", "keep")
    (folder / "runs" / "1" / "results" / "large").write_bytes(bytes(2_000_000))
    app.config["USER_DISK_BYTES"] = 1_500_000
    refused = annie.post("/uploads/train.py/run", data={"source": "none", "last_run": "keep"})
    assert refused.status_code == 422 and "Delete files or kept runs" in refused.text
    annie.post("/uploads/train.py/runs/1/delete")
    train("third")


@pytest.mark.parametrize("after", range(7))
def test_a_crash_at_any_step_leaves_it_kept_or_in_place(app, train, folder, file, monkeypatch, after):
    """The server is killed after so many renames; the next look at the page completes it."""
    train("first")
    before = [name for name in files_in(folder) if name not in ("train.py", "notes.txt")]
    done = 0
    rename = Path.rename

    def killed(self, target):
        nonlocal done
        if done == after:
            raise KeyboardInterrupt
        done += 1
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", killed)
    # A killed process cleans up nothing.
    monkeypatch.setattr(kept_storage.shutil, "rmtree", lambda *_, **__: None)
    with pytest.raises(KeyboardInterrupt), kept.keeping_last(file):
        pass
    monkeypatch.undo()
    assert kept_storage.kept_numbers(ScriptFolder(folder)) == []  # never half of it
    found = kept.kept_runs(file)
    if after <= 1:  # the two renames before anything is moved: what was planted, and the copies
        assert found == [] and set(before) <= set(files_in(folder))
    else:
        assert [one.number for one in found] == [1]
        assert files_in(folder / "runs" / "1") == sorted([*before, "train.py"])
    with kept.keeping_last(file):
        pass
    assert files_in(folder / "runs" / "1") == sorted([*before, "train.py"])
    assert os.listdir(folder / "runs") == ["1"]


def test_a_full_disk_changes_nothing_and_says_so(train, folder, file, monkeypatch):
    train("first")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(kept_storage.shutil, "copyfileobj", full)
    with pytest.raises(runs.BadInputError, match="could not be kept: No space left"):
        runs.request_run(file, [], "none", last_run="keep")
    assert (folder / "results" / "training_progress.txt").read_text() == "first"
    assert os.listdir(folder / "runs") == [] and db.session.query(Run).count() == 1


def test_a_stop_in_the_queue_loses_nothing(app, annie, train, folder, queue):
    train("first")
    app.config["MAX_RUNS"] = -1
    queue.start(annie, "train.py", last_run="keep")
    annie.post("/uploads/train.py/stop")
    assert "Run 1" in annie.get("/uploads/train.py").text
    assert (folder / "runs" / "1" / "results" / "training_progress.txt").read_text() == "first"


def test_the_audit_log_tells_which_run(app, annie, train):
    train("first")
    train("second", "keep")
    with annie.get("/uploads/train.py/runs/1/download"):
        pass
    annie.get("/uploads/train.py/runs/1/saliency_maps")
    annie.post("/uploads/train.py/runs/1/delete")
    lines = [json.loads(line) for line in Path(app.instance_path, "audit.log").read_text().splitlines()]
    told = [(line["deed"], line["filename"], line["number"]) for line in lines if "number" in line]
    assert told == [
        ("network downloaded", "train.py", 1), ("visualization opened", "train.py", 1),
        ("kept run deleted", "train.py", 1),
    ]  # fmt: skip


class TestPlanted:
    """A script owns its folder, and may have put anything there."""

    @pytest.fixture
    def elsewhere(self, app):
        """Somebody else's folder, with a run."""
        folder = Path(app.config["USER_STORAGE"]) / "other" / "theirs" / "1"
        (folder / "results").mkdir(parents=True)
        (folder / "output.txt").write_text("precious")
        return folder

    def test_a_link_for_all_runs(self, annie, train, folder, elsewhere):
        train("first")
        (folder / "runs").symlink_to(elsewhere.parent)
        assert "Kept runs" not in annie.get("/uploads/train.py").text
        assert annie.get("/uploads/train.py/runs/1/output").status_code == 404
        assert annie.post("/uploads/train.py/runs/1/delete").status_code == 404
        train("second", "keep")
        assert files_in(elsewhere) == ["output.txt"] and (folder / "runs" / "1" / "output.txt").exists()

    def test_a_link_for_one_run(self, annie, train, folder, elsewhere):
        train("first")
        (folder / "runs").mkdir()
        (folder / "runs" / "1").symlink_to(elsewhere)
        assert annie.get("/uploads/train.py/runs/1/output").status_code == 404
        train("second", "keep")
        assert "output of first" in annie.get("/uploads/train.py/runs/1/output").text
        assert (elsewhere / "output.txt").read_text() == "precious"

    def test_links_in_a_run(self, annie, train, folder, elsewhere):
        train("first")
        for name in ("results", "networks"):
            shutil.rmtree(folder / name)
            (folder / name).symlink_to(elsewhere)
        (folder / "output.txt").unlink()
        (folder / "output.txt").symlink_to(elsewhere / "output.txt")
        (folder / "images").rmdir()
        (folder / "images").symlink_to(elsewhere)
        train("second", "keep", source="none")
        for path in ("output", "output/download", "download"):
            assert b"precious" not in annie.get(f"/uploads/train.py/runs/1/{path}", follow_redirects=True).data
        annie.post("/uploads/train.py/runs/1/delete")
        assert (elsewhere / "output.txt").read_text() == "precious" and (elsewhere / "results").is_dir()

    def test_a_folder_in_the_place_of_one(self, annie, train, folder):
        train("first")
        for name in ("1", "7", "0", "01", "-1", "x", "1" * 30):
            (folder / "runs" / name / "results").mkdir(parents=True)
        train("second", "keep")
        assert (folder / "runs" / "1" / "output.txt").read_text() == "output of first\n"
        page = annie.get("/uploads/train.py").text
        assert "Run 1" in page and "Run 7" not in page  # it has not had so many

    def test_what_looks_as_if_a_crash_had_left_it(self, annie, train, folder):
        train("first")
        for name in ("1", "9"):
            (folder / "runs" / f".moving-{name}" / "results" / "planted").mkdir(parents=True)
            (folder / "runs" / name / "planted").mkdir(parents=True)
        assert annie.get("/uploads/train.py").status_code == 200
        (folder / "results").mkdir(exist_ok=True)
        train("second")
        (folder / "runs" / ".moving-2" / "results" / "planted").mkdir(parents=True)
        train("third", "keep")
        assert (folder / "output.txt").read_text() == "output of third\n"

    def test_a_file_for_the_runs_and_huge_or_odd_images(self, app, train, folder):
        train("first", source="none")
        (folder / "runs").write_text("in the way")
        (folder / "images").mkdir(exist_ok=True)
        with (folder / "images" / "huge.png").open("wb") as huge:
            huge.truncate(10**12)
        os.mkfifo(folder / "images" / "pipe.png")
        (folder / "images" / "small.png").write_bytes(b"small")
        train("second", "keep", source="last")
        assert [path.name for path in (folder / "runs" / "1" / "images").iterdir()] == ["small.png"]
