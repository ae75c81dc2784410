"""The part of the user storage that holds kept runs: `runs/<number>/` in a script's folder.

A kept run is put together under a name that nobody looks for, and appears by one rename. Its results are moved, so
that even gigabytes cost nothing; what the next run needs too is copied.
"""

import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from flask import current_app

from visualization_files.layout import BadFileError, ScriptFolder

# While it is copied, and while the results are moved: the former is thrown away after a crash, the latter completed.
_COPYING, _MOVING, _REMOVED = ".copying-", ".moving-", ".removed-"
_MAX_IMAGES = 100


def kept_folder(folder: ScriptFolder, number: int) -> ScriptFolder:
    """The folder of a kept run of a script."""
    return ScriptFolder(folder.runs / str(int(number)), name=folder.name, root=folder.root)


def kept_numbers(folder: ScriptFolder) -> list[int]:
    """The numbers of the kept runs, newest first. Scripts may plant anything here: links are passed over."""
    names = (name for name in _folders(folder) if re.fullmatch(r"[1-9][0-9]{0,8}", name))
    return sorted(map(int, names), reverse=True)


@contextmanager
def keeping(folder: ScriptFolder, number: int) -> Iterator[None]:
    """Keep the results of the last run, unless what is done meanwhile fails; nothing is changed then.

    Args:
        folder: the script's folder, in which nothing runs.
        number: of the last run; nothing is kept where there was none.

    Raises:
        OSError: if it cannot be done, for instance because the disk is full.
    """
    for name in _folders(folder):
        if name.startswith((_COPYING, _REMOVED)):
            shutil.rmtree(folder.runs / name, ignore_errors=True)
    if number < 1 or not any(map(os.path.lexists, _moved(folder))):
        yield
        return
    if not _is_folder(folder.runs):
        folder.runs.unlink(missing_ok=True)
        folder.runs.mkdir(mode=0o700)
    copies = folder.runs / f"{_COPYING}{number}"
    try:
        _copy(folder, copies)
        yield
        # Planted by the script: no run could be kept before it had ended.
        remove_kept(folder, number)
        shutil.rmtree(folder.runs / f"{_MOVING}{number}", ignore_errors=True)
        copies.rename(folder.runs / f"{_MOVING}{number}")
    finally:
        shutil.rmtree(copies, ignore_errors=True)
    complete(folder)


def complete(folder: ScriptFolder) -> None:
    """Finish what a crash broke off; several may do so at a time. Nothing may run in the folder."""
    for name in _folders(folder):
        if re.fullmatch(rf"{re.escape(_MOVING)}[1-9][0-9]{{0,8}}", name):
            _move(folder, int(name.removeprefix(_MOVING)))


def remove_kept(folder: ScriptFolder, number: int) -> None:
    """Remove a kept run, out of sight first, so that a half removed one is never met."""
    grave = folder.runs / f"{_REMOVED}{secrets.token_hex(8)}"
    with suppress(FileNotFoundError):
        kept_folder(folder, number).path.rename(grave)
    if _is_folder(grave):
        shutil.rmtree(grave, ignore_errors=True)
    else:
        grave.unlink(missing_ok=True)


def _move(folder: ScriptFolder, number: int) -> None:
    fresh, kept = folder.runs / f"{_MOVING}{number}", kept_folder(folder, number).path
    if os.path.lexists(kept):  # planted, or somebody else has just finished
        shutil.rmtree(fresh, ignore_errors=True)
        return
    # What was moved already is no longer there; nor is the target, once somebody else has finished.
    for path in _moved(folder):
        if not os.path.lexists(fresh / path.name):
            with suppress(FileNotFoundError):
                path.rename(fresh / path.name)
    with suppress(FileNotFoundError):
        fresh.rename(kept)


def _moved(folder: ScriptFolder) -> tuple[Path, ...]:
    return folder.results, folder.networks, folder.output, folder.run_file


def _copy(folder: ScriptFolder, fresh: Path) -> None:
    """Copy the script and its input images, following no link."""
    shutil.rmtree(fresh, ignore_errors=True)
    (fresh / folder.images.name).mkdir(parents=True, mode=0o700)
    largest = current_app.config["MAX_IMAGE_BYTES"]
    for path in (folder.script, *folder.image_paths()[:_MAX_IMAGES]):
        with suppress(BadFileError, FileNotFoundError), folder.open(path) as source:
            if os.fstat(source.fileno()).st_size <= largest:
                with (fresh / path.relative_to(folder.path)).open("wb") as target:
                    shutil.copyfileobj(source, target)


def _folders(folder: ScriptFolder) -> list[str]:
    """The names of the folders beside the kept runs; links do not count."""
    if not _is_folder(folder.runs):
        return []
    with os.scandir(folder.runs) as entries:
        return [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except OSError:
        return False
