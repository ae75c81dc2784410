"""Runs that take more than they may."""
import os
import sys
import time

import psutil
import pytest

from visualizer.launcher.limits import Limits, disk_use, exceeds_memory, in_bytes, in_time, memory_use

posix = pytest.mark.skipif(os.name == "nt", reason="needs fork")


def test_time(runs):
    order = runs.start(
        """
        import time
        try:
            print("ready")
            time.sleep(600)
        except KeyboardInterrupt:
            print("tidied up")
        """,
        limits=Limits(seconds=1.0),
    )
    status = runs.wait(order, "stopped")
    assert status.reason == "It reached its time limit of 1 second."
    assert status.ended - status.started >= 1.0
    assert "tidied up" in (order.folder / "output.txt").read_text()


@posix
def test_memory_of_the_whole_tree(runs):
    """Each of the two takes 60 MB of its own, below the limit that both are above."""
    order = runs.start(
        "import os, time; os.fork(); taken = os.urandom(60_000_000); print('taken'); time.sleep(600)",
        limits=Limits(memory_bytes=110_000_000),
    )
    status = runs.wait(order, "failed")
    assert status.reason == "It took more memory than its limit of 110 MB."


@posix
def test_shared_memory_counts_once(runs):
    """Four processes that share 60 MB take more than 200 MB only if it is counted for each."""
    order = runs.start(
        "import os, time; taken = os.urandom(60_000_000); os.fork(); os.fork(); print('taken'); time.sleep(2)",
        limits=Limits(memory_bytes=200_000_000),
    )
    runs.wait_for_output(order, "taken\ntaken\ntaken\ntaken\n")
    processes = psutil.Process(runs.poll(order).pid).children(recursive=True)
    assert memory_use(processes) > 200_000_000 and not exceeds_memory(processes, 200_000_000)
    runs.wait(order, "finished")


def test_output(runs):
    order = runs.start(
        "import os\nos.unlink('output.txt')\nwhile True: print('x' * 100_000)",
        limits=Limits(output_bytes=1_000_000),
    )
    status = runs.wait(order, "failed")
    assert status.reason == "Its output grew past its limit of 1 MB."


def test_disk(runs):
    order = runs.start(
        "import time, os; os.mkdir('a'); open('a/b', 'wb').write(b'x' * 5_000_000); time.sleep(600)",
        limits=Limits(disk_bytes=3_000_000, disk_folders=(str(runs.path / "script_1"),)),
    )
    status = runs.wait(order, "failed")
    assert status.reason == "The files of its user grew past their limit of 3 MB on the disk."


@posix
def test_output_is_limited_also_while_it_is_being_stopped(runs):
    order = runs.start(
        """
        import signal
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        print("ready")
        signal.sigwait([signal.SIGTERM])
        """,
        stop_seconds=(30.0, 30.0),
        limits=Limits(output_bytes=100_000),
    )
    runs.wait_for_output(order, "ready")
    runs.stop(order)
    time.sleep(0.3)
    assert runs.poll(order).state == "running"
    with (order.folder / "output.txt").open("ab") as file:
        file.write(b"x" * 200_000)
    runs.wait(order, "stopped", seconds=5)


@posix
def test_supervisor_that_takes_over_keeps_the_limits(runs):
    order = runs.start("import time; print('ready'); time.sleep(600)", limits=Limits(seconds=3.0))
    runs.wait_for_output(order, "ready")
    psutil.Process(runs.poll(order).pid).kill()
    assert runs.poll(order).state == "running"
    status = runs.wait(order, "stopped")
    assert "time limit" in status.reason and status.ended - status.started < 10


def test_no_limit_is_reached_by_a_modest_run(runs):
    limits = Limits(60.0, 10**9, 10**6, 10**7, (str(runs.path),), 10)
    runs.wait(runs.start("import time; time.sleep(1.2)", limits=limits), "finished")


def test_disk_use_follows_no_links(tmp_path):
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "data").write_bytes(b"x" * 1_000_000)
    before = disk_use(tmp_path)
    assert 1_000_000 <= before < 1_100_000
    (tmp_path / "up").symlink_to(tmp_path)
    (tmp_path / "big").symlink_to(sys.executable)
    assert disk_use(tmp_path) - before < 10_000
    assert disk_use(tmp_path / "nowhere") == 0


def test_numbers_in_words():
    assert [in_bytes(n) for n in (5, 1500, 2.5e9, 3e12)] == ["5 bytes", "1.5 kB", "2.5 GB", "3 TB"]
    assert [in_time(n) for n in (1, 90, 3600, 7200)] == ["1 second", "1.5 minutes", "1 hour", "2 hours"]
