"""Starting, watching and stopping runs. A state is read from the process each time, never assumed."""

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import BinaryIO

from flask import current_app
from sqlalchemy import select, update

from visualizer import storage
from visualizer.extensions import db
from visualizer.launcher.base import Launcher, Order, Status
from visualizer.launcher.environment import script_environment
from visualizer.models import UNFINISHED, FileMeta, Run, User, now
from visualizer.storage import BadInputError


def request_run(file: FileMeta, images: Iterable[tuple[str, BinaryIO]], source: str) -> Run:
    """Queue a run of a script and start it if it can start now.

    Args:
        file: the script.
        images: new input images as pairs of name and open file; none is allowed.
        source: where no new image is given, "last" goes on with those of the last run, "none" with none,
            and "new" is a mistake.

    Raises:
        BadInputError: if it runs already, or an image is bad. Nothing is changed then.
    """
    refresh(run for run in file.runs if run.unfinished)
    if any(run.unfinished for run in file.runs):
        raise BadInputError(f"{file.filename} is running already.")
    images = list(images)
    if source == "new" and not images:
        raise BadInputError("Choose an image, or run without one.")
    if images or source == "none":
        storage.store_images(storage.folder_of(file), images)
    for earlier in file.runs:
        earlier.announced = True
    run = Run(file=file)
    db.session.add(run)
    db.session.commit()
    start_queued()
    return run


def start_queued() -> None:
    """Start what waits, oldest first. One statement claims a run, so that no other process starts it too."""
    for run in db.session.scalars(select(Run).filter_by(state="queued").order_by(Run.id)).all():
        claim = update(Run).where(Run.id == run.id, Run.state == "queued").values(state="running", started=now())
        claimed = db.session.execute(claim).rowcount
        db.session.commit()
        if claimed:
            _start(run)


def _start(run: Run) -> None:
    folder = storage.folder_of(run.file)
    try:
        storage.clear_results(folder)
        status = _launcher().start(
            Order(
                number=run.id,
                folder=folder.path,
                script=run.file.filename,
                python=current_app.config["PYTHON"],
                environment=script_environment(os.environ, current_app.extensions["script_path"]),
                stop_seconds=(current_app.config["INTERRUPT_SECONDS"], current_app.config["TERMINATE_SECONDS"]),
            )
        )
    except OSError as error:
        current_app.logger.exception("run %d could not be started", run.id)
        status = Status("failed", None, None, None, None, None, f"It could not be started: {error.strerror}.")
    _take_over(run, status)
    db.session.commit()


def request_stop(run: Run) -> None:
    """Ask for the end of a run; it is stopped once `refresh` finds no process of it."""
    run.stop_asked = run.stop_asked or now()
    if run.state == "queued":
        run.state, run.ended, run.reason = "stopped", now(), "It was stopped before it started."
    elif run.state == "running":
        _launcher().stop(storage.folder_of(run.file).path, run.id, run.pid, run.pid_started)
    db.session.commit()


def refresh(runs: Iterable[Run]) -> None:
    """Bring the rows of runs in line with their processes."""
    for run in runs:
        if run.state == "running":
            folder = storage.folder_of(run.file)
            _take_over(run, _launcher().poll(folder.path, run.id, run.pid, run.pid_started))
    db.session.commit()


def refresh_all() -> None:
    """Bring all runs in line with their processes, and start what waits."""
    refresh(db.session.scalars(select(Run).filter_by(state="running")).all())
    start_queued()


def of_user(user: User) -> list[Run]:
    """A user's runs that are not finished, or whose end has not been told yet; oldest first."""
    unfinished = Run.state.in_(UNFINISHED)
    query = select(Run).join(FileMeta).where(FileMeta.owner_id == user.id, unfinished | ~Run.announced)
    runs = list(db.session.scalars(query.order_by(Run.id)))
    refresh(runs)
    return runs


def last_run(file: FileMeta) -> Run | None:
    """The newest run of a script, in its true state."""
    run = db.session.scalar(select(Run).filter_by(file_id=file.id).order_by(Run.id.desc()).limit(1))
    if run:
        refresh([run])
    return run


def _take_over(run: Run, status: Status) -> None:
    run.state = status.state
    run.pid, run.pid_started = status.pid or run.pid, status.pid_started or run.pid_started
    run.exit_code, run.reason = status.exit_code, status.reason[:500]
    run.started = _utc(status.started) or run.started
    if not run.unfinished:
        run.ended = _utc(status.ended) or run.ended or now()


def _utc(seconds: float | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None) if seconds else None


def _launcher() -> Launcher:
    return current_app.extensions["launcher"]
