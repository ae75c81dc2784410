"""What is kept about a run, through accidents."""
from dataclasses import replace
from pathlib import Path

import pytest

from visualizer.launcher import Order, Status
from visualizer.launcher.exit_reason import explain_exit
from visualizer.launcher.record import Record

ORDER = Order(7, Path("/somewhere"), "main.py", "python", {"A": "1"}, ("--x",), (2.0, 1.0))


@pytest.fixture
def record(tmp_path):
    record = Record(tmp_path / "records" / "7")
    record.create(ORDER)
    return record


def test_order_comes_back(record):
    assert record.order() == ORDER
    assert len(record.token()) == 32


def test_status_comes_back_with_the_script(record):
    status = replace(record.status(), pid=12, pid_started=3.5)
    record.write(status, (13, 4.5))
    assert record.status() == status and record.script() == (13, 4.5)
    record.write(replace(status, state="finished", exit_code=0))
    assert record.status().has_ended and record.script() is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"state": "finished", "unknown": 1}', "null", "\x00"])
def test_damaged_files_are_no_status(record, content):
    (record.folder / "status.json").write_text(content)
    (record.folder / "order.json").write_text(content)
    assert record.status() is None and record.order() is None and record.token() is None


def test_request_to_stop(record):
    assert not record.stop_asked()
    record.ask_stop()
    record.ask_stop()
    assert record.stop_asked()
    record.create(ORDER)
    assert not record.stop_asked()


def test_one_supervisor_only(record):
    with record.lock(), pytest.raises(BlockingIOError), record.lock():
        pass
    with record.lock():
        pass


def test_end_needs_no_new_room_on_the_disk(record, monkeypatch):
    """The file that will hold the end is there from the start, and as long as any status."""
    reserve = record.folder / "reserve"
    before = reserve.stat()
    record.write(Status("finished", exit_code=0, reason="x" * 500))
    assert (record.folder / "status.json").stat().st_ino == before.st_ino
    assert (record.folder / "status.json").stat().st_size == before.st_size


@pytest.mark.parametrize(
    ("exit_code", "state", "words"),
    [
        (0, "finished", ""),
        (3, "failed", "exit code 3"),
        (-11, "failed", "signal 11 (segmentation fault)"),
        (-6, "failed", "signal 6 (aborted)"),
        (-9, "interrupted", "memory"),
        (-15, "interrupted", "signal 15 (terminated) from outside"),
        (-63, "failed", "signal 63"),
    ],
)
def test_ends_in_words(exit_code, state, words):
    found, reason = explain_exit(exit_code)
    assert found == state and words in reason
