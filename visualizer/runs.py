"""Pages and addresses to run, stop and follow scripts."""

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask_login import current_user, login_required

from visualizer import storage
from visualizer.extensions import db
from visualizer.files import render_overview
from visualizer.live import facts
from visualizer.models import Run
from visualizer.operations import files, runs
from visualizer.operations.scheduler import waiting_turns
from visualizer.output import read_last_lines
from visualizer.run_form import RunForm
from visualizer.storage import BadInputError

blueprint = Blueprint("runs", __name__)


@blueprint.get("/")
@login_required
def index():
    unfinished = [run for run in runs.of_user(current_user) if run.unfinished]
    turns = waiting_turns() if any(run.state == "queued" for run in unfinished) else {}
    return render_template("index.html", runs=unfinished, turns=turns)


@blueprint.post("/uploads/<filename>/run")
@login_required
def start(filename: str):
    file = files.get_file(current_user, filename)
    form = RunForm()
    if form.validate_on_submit():
        given = [(image.filename, image.stream) for image in form.images.data or [] if image and image.filename]
        try:
            run = runs.request_run(file, given, form.source.data, form.wishes(), form.last_run.data)
        except BadInputError as error:
            form.show(error)
        else:
            if run.state == "failed":
                flash(f"{file.filename} could not be started. {run.reason}", "danger")
            elif run.state == "queued":
                flash(f"{file.filename} waits. It starts by itself.", "info")
            else:
                flash(f"{file.filename} runs.", "success")
            return redirect(url_for("files.overview", filename=file.filename))
    return render_overview(file, form), 422


@blueprint.post("/uploads/<filename>/stop")
@login_required
def stop(filename: str):
    file = files.get_file(current_user, filename)
    run = runs.last_run(file)
    if run and run.unfinished:
        runs.request_stop(run, gently="gently" in request.form)
        flash(say_stopping(run), "info")
    else:
        flash(f"{file.filename} does not run.", "warning")
    return redirect(url_for("files.overview", filename=file.filename))


def say_stopping(run: Run) -> str:
    """What the user is told after a click on Stop."""
    if run.state == "queued" and not run.stop_asked or not run.unfinished:
        return f"{run.file.filename} no longer waits to run."
    when = "is stopped when its epoch ends" if run.stop_gently else "is being stopped"
    return f"{run.file.filename} {when}. You will be told when it is gone."


@blueprint.get("/uploads/<filename>/live")
@login_required
def live(filename: str):
    """What the overview shows of the last run and what changes by itself."""
    run = runs.last_run(files.get_file(current_user, filename))
    return jsonify(facts(run) if run and run.unfinished else {})


@blueprint.get("/uploads/running")
@login_required
def running():
    """The user's runs that are not finished, and those that ended and were not announced yet."""
    return jsonify([_as_json(run) for run in runs.of_user(current_user)])


@blueprint.post("/uploads/<filename>/announced")
@login_required
def announced(filename: str):
    """Note that the user has seen how the last run ended."""
    for run in files.get_file(current_user, filename).runs:
        run.announced = run.announced or not run.unfinished
    db.session.commit()
    return "", 204


def _as_json(run: Run) -> dict:
    filename = run.file.filename
    state = "stopping" if run.unfinished and run.stop_asked else run.state
    answer = {"run": run.id, "filename": filename, "state": state}
    answer["url"] = url_for("files.overview", filename=filename)
    if not run.unfinished:
        answer["sentence"] = run.end_sentence
        answer["reason"] = run.reason
        answer["announced_url"] = url_for("runs.announced", filename=filename)
        if run.state == "failed":
            answer["url"] = url_for("output.show", filename=filename)
            answer["last_lines"] = "\n".join(read_last_lines(storage.folder_of(run.file), 8)[0])
    return answer
