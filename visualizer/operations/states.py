"""Brings the rows of runs in line with their processes. A state is read from the process, never assumed."""

from collections.abc import Iterable
from datetime import UTC, datetime

from flask import current_app
from sqlalchemy.exc import OperationalError

from visualizer import storage
from visualizer.extensions import db
from visualizer.launcher.base import Launcher, Status
from visualizer.models import Run, now


def launcher() -> Launcher:
    """What starts, polls and stops scripts."""
    return current_app.extensions["launcher"]


def refresh(runs: Iterable[Run]) -> None:
    """Bring the rows of runs in line with their processes."""
    changed = False
    for run in runs:
        if run.state == "running":
            folder = storage.folder_of(run.file)
            take_over(run, launcher().poll(folder.path, run.id, run.pid, run.pid_started))
            changed = changed or db.session.is_modified(run)
    # A commit makes the session read each row anew: that would cost more than all the rest of a page.
    if changed:
        try:
            db.session.commit()
        except OperationalError:  # a full disk: pages show what was known, until there is room again
            db.session.rollback()
            current_app.logger.exception("the states of runs could not be written")


def take_over(run: Run, status: Status) -> None:
    """Write what the launcher says into a run's row."""
    run.state = status.state
    run.pid, run.pid_started = status.pid or run.pid, status.pid_started or run.pid_started
    run.exit_code, run.reason = status.exit_code, status.reason[:500]
    run.started = _utc(status.started) or run.started
    if not run.unfinished:
        run.ended = _utc(status.ended) or run.ended or now()


def _utc(seconds: float | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None) if seconds else None
