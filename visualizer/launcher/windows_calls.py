"""What Windows does in its own way. There is no sandbox and no adoption of orphans there."""
import msvcrt
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import psutil

# A console of its own, unseen: the Ctrl-C and the end of the server's console do not reach it.
detached: dict[str, Any] = {
    "creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
}
own_group: dict[str, Any] = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
# How often, with what pause in seconds, a move is tried while a reader holds the target.
_MOVE_TRIES, _MOVE_PAUSE = 50, 0.02


def handle_signals(on_terminate: Callable[[], None]) -> None:
    """Windows has no request to terminate: a terminated supervisor is gone at once."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGBREAK, lambda *_: on_terminate())


def children_left(script: subprocess.Popen | None) -> bool:
    """Whether the script runs. What it leaves behind is found by its environment."""
    return script is not None and script.poll() is None


def session(pid: int) -> int | None:
    """Windows has no sessions in this sense."""
    return None


def interrupt(process: psutil.Process) -> None:
    """Ctrl-Break, which only the first process of a group takes."""
    process.send_signal(signal.CTRL_BREAK_EVENT)


def lock(file: BinaryIO) -> None:
    """Raises BlockingIOError if another process holds it. It is free once that process is gone."""
    file.seek(0)
    try:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    except OSError as error:
        raise BlockingIOError("Another supervisor holds this run.") from error


def sync_folder(folder: Path) -> None:
    """Folders need no flushing."""


def open_folder(folder: Path) -> Path:
    """A folder cannot be held open.

    Raises:
        OSError: if it is not there.
    """
    if not Path(folder).is_dir():
        raise FileNotFoundError(f"There is no folder {folder}.")
    return Path(folder)


def open_output(folder: Path, name: str) -> BinaryIO:
    """Open a file to append to."""
    return open(Path(folder, name), "ab", buffering=0)


def replace_in(folder: Path, name: str, content: bytes) -> None:
    """Write a file whole or not at all, durably; waits while a reader holds it."""
    temporary = Path(folder, f".{name}.{secrets.token_hex(8)}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        for _ in range(_MOVE_TRIES):
            try:
                return os.replace(temporary, Path(folder, name))
            except PermissionError:
                time.sleep(_MOVE_PAUSE)
        return os.replace(temporary, Path(folder, name))
    finally:
        temporary.unlink(missing_ok=True)


def remove_in(folder: Path, name: str) -> None:
    """Raises OSError if it is not there or a folder."""
    Path(folder, name).unlink()


def is_in(folder: Path, name: str) -> bool:
    """Whether something of this name is there."""
    return os.path.lexists(Path(folder, name))
