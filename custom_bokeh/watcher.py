"""One watcher for all open pages: it says in which script folder something changed.

The system's notifications come first. A slow look at a few file states beside them covers what they miss:
network file systems, folders that are deleted and made again.
"""
import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from watchfiles import awatch

log = logging.getLogger(__name__)

# Milliseconds: how long changes are gathered, and how long to wait for a further one.
_GATHER = 40
_STEP = 10
# Seconds between two looks where no notification came.
_LOOK = 1.0


class Watcher:
    """Watches the script folders that somebody looks at.

    Args:
        changed: called with a folder after something in it may have changed.
        look: seconds between two looks at the files.
        notify: whether to use the system's notifications.
    """

    def __init__(self, changed: Callable[[Path], Awaitable[None]], look: float = _LOOK, notify: bool = True):
        self._changed = changed
        self._look = look
        self._notify = notify
        self._folders: dict[Path, int] = {}
        self._restart = asyncio.Event()
        self._tasks: list[asyncio.Task] = []

    def add(self, folder: Path) -> None:
        """Watch a folder; each `add` needs its `remove`."""
        self._folders[folder] = self._folders.get(folder, 0) + 1
        if self._folders[folder] == 1:
            self._restart.set()

    def remove(self, folder: Path) -> None:
        """Watch a folder no longer, if nobody else looks at it."""
        self._folders[folder] -= 1
        if not self._folders[folder]:
            del self._folders[folder]
            self._restart.set()

    def start(self) -> None:
        """Start watching, on the running event loop."""
        jobs = [self._poll()] + ([self._listen()] if self._notify else [])
        self._tasks = [asyncio.create_task(job) for job in jobs]

    async def stop(self) -> None:
        """Watch no longer."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _listen(self) -> None:
        while True:
            self._restart.clear()
            folders = {str(folder): folder for folder in self._folders if folder.is_dir()}
            if not folders:
                await self._restart.wait()
                continue
            try:
                await self._listen_to(folders)
            except OSError as error:  # too many watches, or a folder that went away just now
                log.warning("Notifications of changed files do not work now: %s", error)
                await asyncio.sleep(self._look)

    async def _listen_to(self, folders: dict[str, Path]) -> None:
        changes = awatch(
            *folders, watch_filter=None, debounce=_GATHER, step=_STEP, rust_timeout=1000, yield_on_timeout=False,
            stop_event=self._restart, recursive=True, ignore_permission_denied=True,
        )  # fmt: skip
        async for batch in changes:
            await self._report(_owners(folders.values(), (path for _, path in batch)))

    async def _poll(self) -> None:
        seen: dict[Path, tuple] = {}
        while True:
            await asyncio.sleep(self._look)
            states = {folder: _state(folder) for folder in list(self._folders)}
            changed = [folder for folder, state in states.items() if seen.get(folder, state) != state]
            # A folder that was made anew needs a new notification.
            if any(seen[folder][0] != states[folder][0] for folder in changed):
                self._restart.set()
            seen = states
            await self._report(changed)

    async def _report(self, folders: Iterable[Path]) -> None:
        for folder in folders:
            try:
                await self._changed(folder)
            except Exception:  # one folder's trouble must not end the watch over the others
                log.exception("Could not follow a change")


def _owners(folders: Iterable[Path], paths: Iterable[str]) -> set[Path]:
    """The watched folders that hold the changed paths."""
    folders = set(folders)
    return {folder for path in paths for folder in (Path(path), *Path(path).parents) if folder in folders}


def _state(folder: Path) -> tuple:
    """States of the folder itself and of what lies directly in its results; changes when a file does."""
    results = folder / "results"
    return (_inode(folder), _inode(results), *_entries(results), *_entries(results / "images"))


def _entries(folder: Path) -> list[tuple]:
    try:
        with os.scandir(folder) as entries:
            stats = [(entry.name, entry.stat(follow_symlinks=False)) for entry in entries]
    except OSError:
        return []
    return sorted((name, stat.st_ino, stat.st_size, stat.st_mtime_ns) for name, stat in stats)


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except OSError:
        return 0
