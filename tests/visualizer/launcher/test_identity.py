"""A process is told from others that get its pid."""
import os
import subprocess
import sys

from visualizer.launcher.identity import is_alive, start_mark


def test_this_process_and_no_other_time():
    mark = start_mark(os.getpid())
    assert is_alive(os.getpid(), mark)
    assert not is_alive(os.getpid(), mark + 1)
    assert not is_alive(os.getpid(), None) and not is_alive(None, None)


def test_mark_survives_storage_as_a_float():
    mark = start_mark(os.getpid())
    assert float(repr(mark)) == mark and mark < 2**53


def test_zombies_are_gone():
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    mark = start_mark(process.pid)
    assert is_alive(process.pid, mark)
    process.stdin.close()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert not is_alive(process.pid, mark)
    process.wait()
    assert not is_alive(process.pid, mark)
