"""What Linux and macOS do in their own way."""
import ctypes
import fcntl
import os
import secrets
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import psutil

_PR_SET_CHILD_SUBREAPER = 36

# A supervisor gets a session of its own: the Ctrl-C of the server's terminal, and its end, do not reach it.
detached: dict[str, Any] = {"start_new_session": True}
# And so does its script, whose `os.killpg(0, ...)` then does not reach the supervisor.
own_group: dict[str, Any] = {"start_new_session": True}


def handle_signals(on_terminate: Callable[[], None]) -> None:
    """Let only a request to terminate through, and adopt the processes that a script's children leave.

    Handlers instead of SIG_IGN: what is ignored would be ignored in the script too, and a script that a
    shell's background job started could not be interrupted.
    """
    for name in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(name, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: on_terminate())
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children_left(script: subprocess.Popen | None) -> bool:
    """Reap what has ended, and tell whether this process still has any child.

    On Linux orphans in the tree become our children, so that no child means no descendant at all. The
    script's own end is left to its `Popen`.
    """
    while True:
        if script is not None:
            script.poll()
        try:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return False
        if ended is None:
            return True
        if script is None or ended.si_pid != script.pid:
            with suppress(ChildProcessError):
                os.waitpid(ended.si_pid, os.WNOHANG)


def session(pid: int) -> int | None:
    """The session that a process belongs to."""
    try:
        return os.getsid(pid)
    except OSError:
        return None


def interrupt(process: psutil.Process) -> None:
    """What Ctrl-C does."""
    process.send_signal(signal.SIGINT)


def lock(file: BinaryIO) -> None:
    """Raises BlockingIOError if another process holds it. It is free once that process is gone."""
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def sync_folder(folder: Path) -> None:
    """Wait until the disk has the names in a folder."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def open_folder(folder: Path) -> int:
    """Hold a folder, whatever its path leads to later."""
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)


def open_output(folder: int, name: str) -> BinaryIO:
    """Open a file to append to, unless an earlier script planted something else there.

    Raises:
        OSError: if it is a link, a pipe, or the same file as one elsewhere.
    """
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
    file = os.fdopen(os.open(name, flags, 0o600, dir_fd=folder), "ab", buffering=0)
    found = os.fstat(file.fileno())
    if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
        file.close()
        raise OSError(f"{name} is not a file of its own.")
    os.set_blocking(file.fileno(), True)
    return file


def replace_in(folder: int, name: str, content: bytes) -> None:
    """Write a file whole or not at all, durably, following no link that a script planted."""
    temporary = f".{name}.{secrets.token_hex(8)}.tmp"
    descriptor = os.open(
        temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=folder
    )
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
        os.fsync(folder)
    except OSError:
        with suppress(OSError):
            os.unlink(temporary, dir_fd=folder)
        raise


def remove_in(folder: int, name: str) -> None:
    """Raises OSError if it is not there or a folder."""
    os.unlink(name, dir_fd=folder)


def is_in(folder: int, name: str) -> bool:
    """Whether something of this name is there."""
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except OSError:
        return False
    return True
