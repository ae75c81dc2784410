"""The pages of the visualizations: each embeds its Bokeh application by a signed grant."""

import json

from bokeh.embed import server_session
from bokeh.util.token import generate_session_id
from flask import Blueprint, current_app, g, render_template, request
from flask_login import current_user, login_required
from markupsafe import Markup

from visualization_files.grants import GRANT_HEADER, Grant, sign_grant
from visualization_files.names import VISUALIZATIONS
from visualizer.addresses import bokeh_url
from visualizer.forms import ConfirmForm
from visualizer.models import FileMeta, Run
from visualizer.operations import files, runs
from visualizer.operations.kept import KeptRun
from visualizer.security import bokeh_key

blueprint = Blueprint("visualizations", __name__)


@blueprint.get(f"/uploads/<filename>/<any({','.join(VISUALIZATIONS)}):visualization>")
@login_required
def show(filename: str, visualization: str):
    file = files.get_file(current_user, filename)
    return render_visualization(file, runs.last_run(file), visualization, request.args.get("stage", type=int))


def render_visualization(
    file: FileMeta, run: Run | None, visualization: str, stage: int | None, kept: KeptRun | None = None
) -> str:
    """The page of a visualization.

    Args:
        file: whose it is; the caller has checked the owner.
        run: the run that it shows.
        visualization: its name.
        stage: the stage to show first, None for the newest.
        kept: the run, where it is a kept one.
    """
    view, number = {"stage": stage}, kept.number if kept else 0
    return render_template(
        "visualization.html",
        file=file,
        run=run,
        kept=kept,
        visualization=VISUALIZATIONS[visualization],
        theme=_theme(),
        plot=embed(file, visualization, _theme(), view, number),
        server=f"{bokeh_url()}/static/js/bokeh.min.js",
        confirm_form=ConfirmForm(),
    )


def embed(file: FileMeta, visualization: str, theme: str, view: dict, run: int = 0) -> Markup:
    """The script tag that loads a visualization from the Bokeh server.

    The grant travels in a header, not in the address, so that no log and no history keeps it.

    Args:
        file: whose results are shown; the caller has checked the owner.
        visualization: its name.
        theme: `light` or `dark`.
        view: what to show first, such as the stage.
        run: number of a kept run; 0 for the last one.
    """
    key = bokeh_key(current_app.config["SECRET_KEY"])
    g.embeds_bokeh = True
    tag = server_session(
        session_id=generate_session_id(secret_key=key.encode(), signed=True),
        url=f"{bokeh_url()}/{visualization}",
        headers={
            GRANT_HEADER: sign_grant(key, Grant(file.owner.name, file.script, visualization, run)),
            "X-Visualization-Theme": theme,
            "X-Visualization-View": _in_script(json.dumps(view)),
        },
    )
    return Markup(tag.replace("<script", f'<script nonce="{g.csp_nonce}"', 1))


def _in_script(text: str) -> str:
    """A text as it has to stand between the quotes of Bokeh's script tag, which escapes nothing."""
    return json.dumps(text)[1:-1].replace("<", "\\u003c")


def _theme() -> str:
    return "dark" if request.cookies.get("theme") == "dark" else "light"
