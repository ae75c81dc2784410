"""Asking for runs and for their end, and finding them. A state is read from the process each time."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from visualization_files.layout import BadFileError
from visualization_files.resume_point import ResumePoint, read_point
from visualizer import storage
from visualizer.extensions import db
from visualizer.models import UNFINISHED, FileMeta, Run, User, now
from visualizer.operations import scheduler
from visualizer.operations.kept import finish_keeping, keeping_last
from visualizer.operations.scheduler import schedule
from visualizer.operations.states import refresh
from visualizer.storage import BadInputError

__all__ = ["Wishes", "last_run", "of_user", "refresh", "request_run", "request_stop", "resume_point", "schedule"]

_PATIENCE = 1.0  # seconds that a request waits for another scheduler to be done
_REQUEST_PATIENCE = 10.0  # seconds that a request waits for another one
_REQUEST_LOCKS = 16  # files that share a lock wait for each other


@dataclass(frozen=True)
class Wishes:
    """How a run is to be started.

    Attributes:
        arguments: words for the script, separated and quoted as in a shell.
        environment: lines of `NAME=value`.
        gpu_count: how many graphics processors it gets.
    """

    arguments: str = ""
    environment: str = ""
    gpu_count: int = 0


def request_run(
    file: FileMeta,
    images: Iterable[tuple[str, BinaryIO]],
    source: str,
    wishes: Wishes = Wishes(),
    last_run: str = "delete",
) -> Run:
    """Queue a run of a script, and start it if it can start now.

    Args:
        file: the script.
        images: new input images as pairs of name and open file; none is allowed.
        source: where no new image is given, "last" goes on with those of the last run, "none" with none,
            and "new" is a mistake.
        wishes: how it is to be started.
        last_run: what becomes of the last run: "delete" removes its results when this one starts, "keep" keeps
            them, and "continue" goes on with them and with its images.

    Raises:
        BadInputError: if it runs already, can never start, or an image is bad. Nothing is changed then.
    """
    if why := scheduler.why_never(file.owner, wishes.gpu_count):
        raise BadInputError(why, "run")
    # A second click must not put away what the first one's run writes.
    with scheduler.alone(_REQUEST_PATIENCE, f"request_{file.id % _REQUEST_LOCKS}") as free:
        if not free:
            raise BadInputError("The server is busy. Try again.", "run")
        run = _queue(file, list(images), source, wishes, last_run)
    schedule(_PATIENCE)
    return run


def _queue(
    file: FileMeta, images: list[tuple[str, BinaryIO]], source: str, wishes: Wishes, last_run: str
) -> Run:
    refresh(run for run in file.runs if run.unfinished)
    if any(run.unfinished for run in file.runs):
        raise _running_already(file)
    run = Run(**vars(wishes))
    finish_keeping(file)
    if last_run == "continue":
        run.continued_after = _epochs_to_go_on_with(file)
    elif last_run == "keep":
        with keeping_last(file):
            _take_images(file, images, source)
    else:
        _take_images(file, images, source)
    for earlier in file.runs:
        earlier.announced = True
    file.runs.append(run)
    try:
        db.session.commit()
    except IntegrityError:  # another click was faster
        db.session.rollback()
        raise _running_already(file) from None
    return run


def _running_already(file: FileMeta) -> BadInputError:
    return BadInputError(f"{file.filename} is running already, or waits to run.", "run")


def resume_point(file: FileMeta) -> ResumePoint | None:
    """How far the saved network of the last run was trained; None where there is none that tells it."""
    folder = storage.folder_of(file)
    try:
        with folder.open(folder.network) as network:
            return read_point(network)
    except (OSError, BadFileError):
        return None


def _epochs_to_go_on_with(file: FileMeta) -> int:
    point = resume_point(file)
    if point is None or not point.resumable or not point.epoch:
        raise BadInputError("There is no saved network that this script can go on with. Let it begin anew.", "run")
    return point.epoch


def _take_images(file: FileMeta, images: list[tuple[str, BinaryIO]], source: str) -> None:
    if source == "new" and not images:
        raise BadInputError("Choose an image, or run without one.", "images")
    if not images and source != "none":
        return
    try:
        storage.store_images(storage.folder_of(file), images)
    except BadInputError as error:
        raise BadInputError(str(error), "images") from error


def request_stop(run: Run, gently: bool = False) -> None:
    """Ask for the end of a run; it is stopped once no process of it is left.

    Args:
        run: the run. One that waits is out of the queue at once.
        gently: whether its epoch may end first. Asking again without it stops at once.
    """
    ended = {"state": "stopped", "ended": now(), "stop_asked": now(), "reason": "It had not started yet."}
    still_waits = update(Run).where(Run.id == run.id, Run.state == "queued", Run.started.is_(None))
    gone = db.session.execute(still_waits.values(ended)).rowcount
    db.session.commit()
    if gone or not run.unfinished:
        return
    run.stop_gently = gently and (run.stop_asked is None or run.stop_gently)
    run.stop_asked = run.stop_asked or now()
    db.session.commit()
    # What is just being started is stopped by who starts it.
    if run.state == "running":
        scheduler.send_stop(run)


def of_user(user: User) -> list[Run]:
    """A user's runs that are not finished, or whose end has not been told yet; oldest first."""
    unfinished = Run.state.in_(UNFINISHED)
    query = select(Run).join(FileMeta).where(FileMeta.owner_id == user.id, unfinished | ~Run.announced)
    query = query.options(joinedload(Run.file).joinedload(FileMeta.owner))
    runs = list(db.session.scalars(query.order_by(Run.id)))
    refresh(runs)
    return runs


def last_run(file: FileMeta) -> Run | None:
    """The newest run of a script, in its true state."""
    run = db.session.scalar(select(Run).filter_by(file_id=file.id).order_by(Run.id.desc()).limit(1))
    if run:
        refresh([run])
    return run
