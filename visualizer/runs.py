"""Pages and addresses to run, stop and follow scripts."""

from flask import Blueprint, flash, jsonify, redirect, render_template, url_for
from flask_login import current_user, login_required

from visualizer import storage
from visualizer.extensions import db
from visualizer.files import render_overview
from visualizer.forms import RunForm
from visualizer.models import Run
from visualizer.operations import files, runs
from visualizer.output import read_last_lines
from visualizer.storage import BadInputError

blueprint = Blueprint("runs", __name__)

_ENDS = {
    "finished": "has finished",
    "failed": "has failed",
    "stopped": "was stopped",
    "interrupted": "was interrupted",
}


@blueprint.get("/")
@login_required
def index():
    return render_template("index.html", runs=[run for run in runs.of_user(current_user) if run.unfinished])


@blueprint.post("/uploads/<filename>/run")
@login_required
def start(filename: str):
    file = files.get_file(current_user, filename)
    form = RunForm()
    if form.validate_on_submit():
        given = [(image.filename, image.stream) for image in form.images.data or [] if image and image.filename]
        try:
            run = runs.request_run(file, given, form.source.data)
        except BadInputError as error:
            form.images.errors = [str(error)]
        else:
            if run.state == "failed":
                flash(f"{file.filename} could not be started. {run.reason}", "danger")
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
        runs.request_stop(run)
        flash(f"{file.filename} is being stopped. You will be told when it is gone.", "info")
    else:
        flash(f"{file.filename} does not run.", "warning")
    return redirect(url_for("files.overview", filename=file.filename))


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
        answer["sentence"] = f"{filename} {_ENDS[run.state]}."
        answer["reason"] = run.reason
        answer["announced_url"] = url_for("runs.announced", filename=filename)
        if run.state == "failed":
            answer["url"] = url_for("output.show", filename=filename)
            answer["last_lines"] = "\n".join(read_last_lines(storage.folder_of(run.file), 8)[0])
    return answer
