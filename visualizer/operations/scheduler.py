"""Starts what waits. However many web servers share an instance, one of them does it at a time."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import current_app
from sqlalchemy import func, select, update
from sqlalchemy.orm import joinedload

from visualizer import storage
from visualizer.extensions import db
from visualizer.launcher import system
from visualizer.launcher.base import Status
from visualizer.launcher.gpus import find_gpus
from visualizer.models import UNFINISHED, FileMeta, Run, User, now
from visualizer.operations.fair_queue import Rules, Running, Turn, Waiting, plan
from visualizer.operations.orders import make_order, user_disk_use, why_not_isolated
from visualizer.operations.states import launcher, refresh, take_over

_LOOK_PAUSE = 0.01  # seconds between two looks whether the other scheduler is done


def schedule(patience: float = 0.0) -> bool:
    """Bring all runs in line with their processes, and start what fits.

    Args:
        patience: how long, in seconds, to wait while another process or thread does it.

    Returns:
        False where another one was still at it.
    """
    with alone(patience) as free:
        if not free:
            return False
        # What this session has read before may be of the time before the other one was done.
        db.session.rollback()
        runs = unfinished()
        refresh(runs)
        for run in runs:
            if run.state == "running" and run.stop_asked:
                send_stop(run)
        _start_what_was_taken_out(runs)
        rules = rules_now()
        _refuse_what_never_fits(runs, rules)
        by_number = {run.id: run for run in runs}
        for turn in turns(rules):
            if not turn.why:
                _take_out(by_number[turn.number], turn)
    return True


def waiting_turns() -> dict[int, Turn]:
    """The turn of each run that waits, by its id, the next one first."""
    return {turn.number: turn for turn in turns(rules_now())}


def unfinished() -> list[Run]:
    """All users' runs that wait or run, oldest first, with their files and owners."""
    query = select(Run).where(Run.state.in_(UNFINISHED)).order_by(Run.id)
    return list(db.session.scalars(query.options(joinedload(Run.file).joinedload(FileMeta.owner))))


def turns(rules: Rules) -> list[Turn]:
    """The turns of all runs that wait, the next one first."""
    columns = select(Run.id, Run.started, Run.gpu_count, Run.gpus, FileMeta.owner_id)
    rows = db.session.execute(columns.join(FileMeta).where(Run.state.in_(UNFINISHED))).all()
    waiting = [row for row in rows if row.started is None]
    if not waiting:
        return []
    running = [row for row in rows if row.started is not None]
    return plan(
        [Waiting(row.id, row.owner_id, row.gpu_count) for row in waiting],
        [Running(row.owner_id, tuple(filter(None, row.gpus.split(",")))) for row in running],
        _last_starts({row.owner_id for row in waiting}),
        rules,
    )


def rules_now() -> Rules:
    """The limits of the configuration and the graphics processors that are there."""
    config = current_app.config
    gpus = tuple(gpu.identity for gpu in find_gpus())
    return Rules(config["MAX_RUNS"], config["MAX_RUNS_PER_USER"], gpus, config["MAX_GPUS_PER_USER"])


def why_never(user: User, gpu_count: int) -> str:
    """Why a run can never start as things are, as a sentence; empty where it can."""
    config = current_app.config
    if config["SANDBOX"] == "always" and (problem := why_not_isolated()):
        return f"No run can start on this machine. {problem}"
    if gpu_count and (why := _too_many_gpus(gpu_count, rules_now())):
        return why
    waiting = select(func.count()).select_from(Run).join(FileMeta).where(FileMeta.owner_id == user.id)
    most = config["MAX_WAITING_PER_USER"]
    if db.session.scalar(waiting.where(Run.state == "queued")) >= most:
        return f"Limit on waiting runs per user: {most} of your runs wait already."
    if (most := config["USER_DISK_BYTES"]) and (taken := user_disk_use(user)) > most:
        return (
            f"Limit on the disk per user: your files take {taken / 1e9:.3g} GB of {most / 1e9:.3g} GB. "
            "Delete files or kept runs that you no longer need."
        )
    return ""


def send_stop(run: Run) -> None:
    """Ask the launcher for the end of a run; asking twice does no harm."""
    folder = storage.folder_of(run.file).path
    launcher().stop(folder, run.id, run.pid, run.pid_started, run.stop_gently)


@contextmanager
def alone(patience: float, name: str = "scheduler") -> Iterator[bool]:
    """Hold a lock that all processes and threads share; False where another one still holds it.

    Args:
        patience: how long, in seconds, to wait for it.
        name: of the lock.
    """
    deadline = time.monotonic() + patience
    with Path(current_app.instance_path, f"{name}.lock").open("ab") as file:
        while True:
            try:
                system.lock(file)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    yield False
                    return
                time.sleep(_LOOK_PAUSE)
            else:
                yield True
                return


def _last_starts(users: set[int]) -> dict[int, float]:
    query = select(FileMeta.owner_id, func.max(Run.started)).join(Run).where(FileMeta.owner_id.in_(users))
    rows = db.session.execute(query.group_by(FileMeta.owner_id))
    return {user: start.timestamp() for user, start in rows if start}


def _take_out(run: Run, turn: Turn) -> None:
    """Take a run out of the queue and start it. A stop that comes meanwhile finds it there or started."""
    # A record of this number can only be left of another database.
    launcher().forget(run.id)
    claim = update(Run).where(Run.id == run.id, Run.state == "queued", Run.started.is_(None))
    claimed = db.session.execute(claim.values(started=now(), gpus=",".join(turn.gpus))).rowcount
    db.session.commit()
    if claimed:
        _start(run)


def _start_what_was_taken_out(runs: list[Run]) -> None:
    """What a server that was killed meanwhile has taken out of the queue, and maybe started."""
    for run in runs:
        if run.state == "queued" and run.started is not None:
            if launcher().knows(run.id):
                take_over(run, launcher().poll(storage.folder_of(run.file).path, run.id, None, None))
                db.session.commit()
            else:
                _start(run)


def _start(run: Run) -> None:
    try:
        if run.continued_after is None:
            storage.clear_results(storage.folder_of(run.file))
        status = launcher().start(make_order(run))
    except (OSError, ValueError) as error:
        current_app.logger.exception("run %d could not be started", run.id)
        why = error.strerror if isinstance(error, OSError) else str(error)
        status = Status("failed", reason=f"It could not be started: {(why or 'unknown').rstrip('.')}.")
    take_over(run, status)
    db.session.commit()
    if run.stop_asked and run.state == "running":
        send_stop(run)


def _refuse_what_never_fits(runs: list[Run], rules: Rules) -> None:
    """What could start when it was asked for, before processors went or limits were lowered."""
    for run in runs:
        why = _too_many_gpus(run.gpu_count, rules) if run.state == "queued" and run.gpu_count else ""
        if why:
            run.state, run.ended, run.reason = "failed", now(), f"It can no longer start. {why}"
            db.session.commit()


def _too_many_gpus(gpu_count: int, rules: Rules) -> str:
    if gpu_count > len(rules.gpus):
        return f"It asks for {gpu_count} GPUs. This machine has {len(rules.gpus) or 'none'}."
    if rules.gpus_per_user and gpu_count > rules.gpus_per_user:
        return f"It asks for {gpu_count} GPUs. Limit on GPUs per user: {rules.gpus_per_user}."
    return ""
