"""What runs and the machine take, with times worked out by hand."""
import sys
from types import SimpleNamespace

import psutil
import pytest

from visualizer.launcher.usage import Meter, Processor


class Times(SimpleNamespace):
    """Like psutil's times, whose fields can be summed."""

    def __iter__(self):
        return iter(vars(self).values())


def test_the_machines_share_since_the_last_look(monkeypatch):
    looks = iter([
        Times(user=10.0, system=0.0, idle=90.0, iowait=0.0, guest=5.0),
        Times(user=13.0, system=1.0, idle=91.0, iowait=0.0, guest=8.0),
        Times(user=13.1, system=1.0, idle=91.0, iowait=0.0, guest=8.0),
    ])  # fmt: skip
    monkeypatch.setattr(psutil, "cpu_times", lambda: next(looks))
    processor = Processor()
    assert processor.busy() == pytest.approx(0.1)
    assert processor.busy() == pytest.approx(0.8)  # 4 of 5 seconds
    assert processor.busy() == pytest.approx(0.8)  # too soon to say anew


def test_cores_since_the_last_look(monkeypatch):
    clock = iter([100.0, 102.0, 104.0])
    monkeypatch.setattr("visualizer.launcher.usage.time.monotonic", lambda: next(clock))
    seconds = iter([5.0, 8.0, 1.0])
    process = SimpleNamespace(
        cpu_times=lambda: SimpleNamespace(user=next(seconds), system=0.0, children_user=0.0, children_system=0.0),
        memory_info=lambda: SimpleNamespace(rss=1000),
    )
    meter = Meter()
    looks = [meter.measure([process]) for _ in range(3)]
    assert [look.cores for look in looks] == [0.0, 1.5, 0.0]
    assert (looks[0].memory_bytes, looks[0].processes) == (1000, 1)


def test_a_process_that_is_gone_takes_nothing():
    process = psutil.Popen([sys.executable, "-c", ""])
    process.wait()
    assert Meter().measure([psutil.Process()]).memory_bytes > 0
    assert Meter().measure([process]).memory_bytes == 0
