"""Pages of kept runs: the same as those of the last run, of what lies still."""

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_login import current_user, login_required

from visualization_files.names import VISUALIZATIONS
from visualizer.downloads import send_network, send_output
from visualizer.files import send_image
from visualizer.launcher.limits import disk_use, in_bytes
from visualizer.models import FileMeta
from visualizer.operations import files, kept
from visualizer.operations.kept import KeptRun
from visualizer.output import read_last_lines
from visualizer.visualizations import render_visualization

blueprint = Blueprint("kept", __name__, url_prefix="/uploads/<filename>/runs/<int:number>")


def _find(filename: str, number: int) -> tuple[FileMeta, KeptRun]:
    """One's own file and its kept run, or 404."""
    file = files.get_file(current_user, filename)
    return file, kept.get_kept(file, number)


@blueprint.get("")
@login_required
def show(filename: str, number: int):
    file, found = _find(filename, number)
    return render_template(
        "kept_run.html",
        file=file,
        run=found.run,
        kept=found,
        images=[path.name for path in found.folder.image_paths()],
        has_network=found.folder.network.is_file(),
        size=in_bytes(disk_use(found.folder.path)),
    )


@blueprint.post("/delete")
@login_required
def delete(filename: str, number: int):
    file, found = _find(filename, number)
    kept.delete_kept(found, file)
    flash(f"Run {number} of {file.filename} was deleted.", "success")
    return redirect(url_for("files.overview", filename=file.filename))


@blueprint.get("/download")
@login_required
def download_network(filename: str, number: int):
    file, found = _find(filename, number)
    answer = send_network(found.folder, f"{file.script}_run_{number}.keras")
    if answer is None:
        flash("This run saved no network.", "warning")
        return redirect(url_for("kept.show", filename=file.filename, number=number))
    return answer


@blueprint.get("/images/<name>")
@login_required
def image(filename: str, number: int, name: str):
    return send_image(_find(filename, number)[1].folder, name)


@blueprint.get("/output")
@login_required
def output(filename: str, number: int):
    file, found = _find(filename, number)
    lines, size = read_last_lines(found.folder, current_app.config["OUTPUT_LINES"])
    return render_template("output.html", file=file, run=found.run, kept=found, lines=lines, size=size)


@blueprint.get("/output/download")
@login_required
def download_output(filename: str, number: int):
    file, found = _find(filename, number)
    answer = send_output(found.folder, f"{file.script}_run_{number}_output.txt")
    if answer is None:
        flash("This run left no output.", "warning")
        return redirect(url_for("kept.output", filename=file.filename, number=number))
    return answer


@blueprint.get(f"/<any({','.join(VISUALIZATIONS)}):visualization>")
@login_required
def visualization(filename: str, number: int, visualization: str):
    file, found = _find(filename, number)
    stage = request.args.get("stage", type=int)
    return render_visualization(file, found.run, visualization, stage, found)
