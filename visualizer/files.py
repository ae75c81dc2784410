"""Pages to upload scripts, find them, and see one."""

from flask import Blueprint, Response, abort, current_app, flash, redirect, render_template, request, send_file, url_for
from flask_login import current_user, login_required
from sqlalchemy import func, select

from visualization_files.layout import BadFileError, ScriptFolder
from visualizer import live, storage
from visualizer.downloads import send_network
from visualizer.extensions import db
from visualizer.forms import ConfirmForm, TagForm, UploadForm
from visualizer.highlight import highlight
from visualizer.launcher.gpus import find_gpus
from visualizer.models import FileMeta
from visualizer.operations import files, kept, runs, uploads
from visualizer.run_form import RunForm
from visualizer.storage import BadInputError

blueprint = Blueprint("files", __name__)
_MAX_PAGES = 1_000_000


@blueprint.route("/upload", methods=["GET", "POST"])
@login_required
def upload():
    form = UploadForm()
    if form.validate_on_submit():
        given = form.file.data
        try:
            file = uploads.upload(current_user, given.filename, given.stream, form.tags.data)
        except BadInputError as error:
            form[error.field].errors = [str(error)]
        else:
            renamed = "" if file.filename == given.filename else " under a safe name"
            flash(f"{file.filename} was uploaded{renamed}.", "success")
            return redirect(url_for("files.overview", filename=file.filename))
    return render_template("upload.html", form=form), 422 if form.errors else 200


@blueprint.get("/uploads")
@login_required
def list_files():
    words = request.args.get("q", "", type=str)[:200]
    sort = request.args.get("sort", "uploaded")
    sort = sort if sort in files.SORTS else "uploaded"
    descending = request.args.get("order", "desc") != "asc"
    runs.of_user(current_user)
    found = db.paginate(
        files.search(current_user, words, sort, descending),
        page=max(1, min(request.args.get("page", 1, type=int), _MAX_PAGES)),
        per_page=current_app.config["FILES_PER_PAGE"],
        max_per_page=current_app.config["FILES_PER_PAGE"],
        error_out=False,
    )
    return render_template(
        "files.html",
        found=found,
        last_runs=files.last_runs(found.items),
        words=words,
        sort=sort,
        descending=descending,
        any_file=words and _has_files(),
    )


@blueprint.get("/uploads/<filename>")
@login_required
def overview(filename: str):
    return render_overview(files.get_file(current_user, filename))


def render_overview(file: FileMeta, run_form: RunForm | None = None, tag_form: TagForm | None = None):
    """The overview of a file, with the run dialog open where its form has errors."""
    run = runs.last_run(file)
    if run_form is None:
        run_form = RunForm(formdata=None)
        run_form.offer(run)
    folder = storage.folder_of(file)
    try:
        code = highlight(files.read_source(file))
    except (OSError, BadFileError):
        code = None
    return render_template(
        "overview.html",
        file=file,
        run=run,
        FACTS=live.FACTS,
        facts=live.facts(run) if run and run.unfinished else {},
        gpus=find_gpus(),
        code=code,
        images=[path.name for path in folder.image_paths()],
        kept_runs=kept.kept_runs(file),
        last_number=kept.last_number(file),
        point=runs.resume_point(file) if run and not run.unfinished else None,
        run_form=run_form,
        tag_form=tag_form or TagForm(formdata=None),
        confirm_form=ConfirmForm(),
    )


@blueprint.post("/uploads/<filename>/tags")
@login_required
def change_tags(filename: str):
    file = files.get_file(current_user, filename)
    if name := request.form.get("remove"):
        files.remove_tag(file, name)
        db.session.commit()
        flash(f"The tag {name} was removed.", "success")
        return redirect(url_for("files.overview", filename=file.filename))
    form = TagForm()
    if form.validate_on_submit():
        try:
            new = files.add_tags(file, form.tags.data)
        except BadInputError as error:
            form.tags.errors.append(str(error))
        else:
            db.session.commit()
            if new:
                flash(f"Added: {', '.join(new)}.", "success")
            else:
                flash("The file has these tags already.", "info")
            return redirect(url_for("files.overview", filename=file.filename))
    return render_overview(file, tag_form=form), 422


@blueprint.post("/uploads/<filename>/delete")
@login_required
def delete(filename: str):
    file = files.get_file(current_user, filename)
    runs.refresh(run for run in file.runs if run.unfinished)
    try:
        files.delete(file)
    except BadInputError as error:
        flash(str(error), "danger")
        return redirect(url_for("files.overview", filename=filename))
    flash(f"{file.filename} was deleted with all that belonged to it.", "success")
    return redirect(url_for("files.list_files"))


@blueprint.get("/uploads/<filename>/download")
@login_required
def download_network(filename: str):
    file = files.get_file(current_user, filename)
    folder = storage.folder_of(file)
    answer = send_network(folder, folder.network.name)
    if answer is None:
        flash(
            "There is no saved network yet. It is there after the script has called fit with the callback "
            "registered by register_network_saver().",
            "warning",
        )
        return redirect(url_for("files.overview", filename=file.filename))
    return answer


@blueprint.get("/uploads/<filename>/images/<name>")
@login_required
def image(filename: str, name: str):
    """An input image of one's own file, as a picture and never as anything else."""
    return send_image(storage.folder_of(files.get_file(current_user, filename)), name)


def send_image(folder: ScriptFolder, name: str) -> Response:
    """An input image, or 404."""
    path = next((path for path in folder.image_paths() if path.name == name), None)
    try:
        content = folder.open(path) if path else abort(404)
    except (OSError, BadFileError):
        abort(404)
    return send_file(content, mimetype="image/png")


def _has_files() -> bool:
    return bool(db.session.scalar(select(func.count()).select_from(FileMeta).filter_by(owner_id=current_user.id)))
