"""Finding, keeping and deleting earlier runs of a script."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from flask import abort
from sqlalchemy import func, select

from visualization_files.layout import ScriptFolder
from visualizer import kept_storage, storage
from visualizer.extensions import db
from visualizer.models import FileMeta, Run
from visualizer.storage import BadInputError


@dataclass(frozen=True)
class KeptRun:
    """An earlier run whose results its owner chose to keep.

    Attributes:
        number: it is the script's so many-th run.
        run: how it was started, and how it ended.
        folder: where its files are.
    """

    number: int
    run: Run
    folder: ScriptFolder


def kept_runs(file: FileMeta) -> list[KeptRun]:
    """The kept runs of a script, newest first."""
    rows = list(db.session.scalars(select(Run).filter_by(file_id=file.id).order_by(Run.id)))
    if not any(run.unfinished for run in rows):
        finish_keeping(file)
    folder = storage.folder_of(file)
    numbers = [number for number in kept_storage.kept_numbers(folder) if number <= len(rows)]
    return [KeptRun(number, rows[number - 1], kept_storage.kept_folder(folder, number)) for number in numbers]


def get_kept(file: FileMeta, number: int) -> KeptRun:
    """A kept run of a script, or 404."""
    return next((kept for kept in kept_runs(file) if kept.number == number), None) or abort(404)


def last_number(file: FileMeta) -> int:
    """The number of a script's last run: how many it has had."""
    return db.session.scalar(select(func.count()).select_from(Run).filter_by(file_id=file.id))


def finish_keeping(file: FileMeta) -> None:
    """Finish what a crash broke off, of a script that does not run."""
    with suppress(OSError):  # what a script planted can be in the way
        kept_storage.complete(storage.folder_of(file))


@contextmanager
def keeping_last(file: FileMeta) -> Iterator[None]:
    """Keep the last run of a script, which has ended, unless what is done meanwhile fails.

    Raises:
        BadInputError: if it cannot be kept.
    """
    try:
        with kept_storage.keeping(storage.folder_of(file), last_number(file)):
            yield
    except OSError as error:
        why = (error.strerror or "unknown").rstrip(".")
        raise BadInputError(f"The last run could not be kept: {why}.", "run") from error


def delete_kept(kept: KeptRun, file: FileMeta) -> None:
    """Remove what a kept run has left; that it took place stays known."""
    kept_storage.remove_kept(storage.folder_of(file), kept.number)
