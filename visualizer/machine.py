"""The page of the machine: who runs what, since when, on which graphics processor, and what waits."""

import os
import shutil

import psutil
from flask import Blueprint, abort, current_app, flash, g, redirect, render_template, request, url_for
from flask_login import current_user, login_required
from sqlalchemy import select

from visualizer.extensions import db
from visualizer.launcher.gpus import find_gpus
from visualizer.launcher.limits import in_bytes
from visualizer.launcher.usage import Processor
from visualizer.live import NOW, limits_in_words, say_gpu, say_usage
from visualizer.models import Run, User
from visualizer.operations import runs, scheduler
from visualizer.operations.orders import user_disk_use, why_not_isolated

blueprint = Blueprint("machine", __name__)
_processor = Processor()


@blueprint.get("/machine")
@login_required
def show():
    unfinished = scheduler.unfinished()
    runs.refresh(unfinished)
    by_number = {run.id: run for run in unfinished}
    turns = [turn for turn in scheduler.waiting_turns().values() if turn.number in by_number]
    gpus = find_gpus(NOW)
    memory = psutil.virtual_memory()
    return render_template(
        "machine.html",
        running=[run for run in unfinished if run.state == "running"],
        waiting=[(turn, by_number[turn.number]) for turn in turns],
        may_stop=_may_stop,
        usage=say_usage,
        gpus=[say_gpu(gpu) for gpu in gpus],
        gpu_names={gpu.identity: f"GPU {gpu.index}" for gpu in gpus},
        memory=f"{in_bytes(memory.total - memory.available)} of {in_bytes(memory.total)}",
        processor=f"{_processor.busy():.0%}",
        limits=limits_in_words(),
        not_isolated=why_not_isolated(),
        readable=[folder for folder in current_app.config["READABLE_FOLDERS"].split(os.pathsep) if folder],
    )


@blueprint.get("/machine/disk")
@login_required
def disk():
    """What each user's files take, as a part of the page: it may take a while to count."""
    if not current_user.is_admin:
        abort(404)
    taken = [(user.name, user_disk_use(user)) for user in db.session.scalars(select(User))]
    whole = shutil.disk_usage(current_app.config["USER_STORAGE"])
    return render_template(
        "disk.html",
        users=[(name, in_bytes(size)) for name, size in sorted(taken, key=lambda pair: -pair[1])],
        free=f"{in_bytes(whole.free)} of {in_bytes(whole.total)}",
    )


@blueprint.post("/machine/<int:run_id>/stop")
@login_required
def stop(run_id: int):
    """Stop a run: one's own, or anybody's as an administrator."""
    run = db.session.get(Run, run_id)
    if run is None or not _may_stop(run):
        abort(404)
    g.audit_facts = {"filename": run.file.filename, "owner": run.file.owner.name}
    if run.unfinished:
        runs.request_stop(run, gently="gently" in request.form)
    flash(f"{run.file.filename} of {run.file.owner.name} is being stopped.", "info")
    return redirect(url_for("machine.show"))


def _may_stop(run: Run) -> bool:
    return current_user.is_admin or run.file.owner_id == current_user.id
