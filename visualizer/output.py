"""Pages for what a script prints."""

import os

from flask import Blueprint, current_app, flash, jsonify, redirect, render_template, request, url_for
from flask_login import current_user, login_required

from visualization_files.layout import BadFileError, ScriptFolder
from visualizer import storage
from visualizer.downloads import send_output
from visualizer.forms import ConfirmForm
from visualizer.operations import files, runs
from visualizer.terminal import last_lines

blueprint = Blueprint("output", __name__)


def read_last_lines(folder: ScriptFolder, count: int) -> tuple[list[str], int]:
    """The last lines of a script's output, and its size in bytes. Only its end is read, however long it is."""
    most = current_app.config["OUTPUT_BYTES"]
    try:
        with folder.open(folder.output) as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - most))
            return last_lines(file.read(most), count), size
    except (OSError, BadFileError):
        return [], 0


@blueprint.get("/uploads/<filename>/output")
@login_required
def show(filename: str):
    file = files.get_file(current_user, filename)
    lines, size = read_last_lines(storage.folder_of(file), current_app.config["OUTPUT_LINES"])
    return render_template(
        "output.html", file=file, run=runs.last_run(file), lines=lines, size=size, confirm_form=ConfirmForm()
    )


@blueprint.get("/uploads/<filename>/output/tail")
@login_required
def tail(filename: str):
    """The last lines as JSON; only the size where it is the one that the page has (`?size=`)."""
    folder = storage.folder_of(files.get_file(current_user, filename))
    lines, size = read_last_lines(folder, current_app.config["OUTPUT_LINES"])
    if size == request.args.get("size", type=int):
        return jsonify(size=size)
    return jsonify(size=size, lines=lines)


@blueprint.get("/uploads/<filename>/output/download")
@login_required
def download(filename: str):
    file = files.get_file(current_user, filename)
    answer = send_output(storage.folder_of(file), f"{file.script}_output.txt")
    if answer is None:
        flash("There is no output yet.", "warning")
        return redirect(url_for("output.show", filename=file.filename))
    return answer
