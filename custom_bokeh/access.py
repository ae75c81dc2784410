"""Who may see what: the only place that reads what a browser sent along with its request."""
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from visualization_files.grants import GRANT_HEADER, BadGrantError, Grant, read_grant
from visualization_files.layout import ScriptFolder, script_folder

THEME_HEADER = "X-Visualization-Theme"
VIEW_HEADER = "X-Visualization-View"
_MAX_VIEW = 4000


@dataclass(frozen=True)
class Visit:
    """What an opened page shows.

    Attributes:
        folder: the script's folder, or that of one of its kept runs.
        grant: the permission that it was opened with.
        theme: `light` or `dark`.
        view: wishes of the page's address, such as `{"stage": 120}`; trusted by nobody.
    """

    folder: ScriptFolder
    grant: Grant
    theme: str = "light"
    view: dict[str, Any] = field(default_factory=dict)


def admit(storage: Path, key: str, headers: Mapping[str, str], visualization: str) -> Visit:
    """Find what a page may show.

    Args:
        storage: the user storage.
        key: the key that both servers know.
        headers: those that the page was opened with.
        visualization: the application that was asked.

    Raises:
        BadGrantError: if there is no valid permission for exactly this.
    """
    sent = {name.lower(): value for name, value in headers.items()}
    grant = read_grant(key, sent.get(GRANT_HEADER.lower(), ""), visualization)
    try:
        folder = run_folder(storage, grant.user, grant.script, grant.run)
    except ValueError as error:
        raise BadGrantError("This permission is for something that cannot exist.") from error
    theme = "dark" if sent.get(THEME_HEADER.lower()) == "dark" else "light"
    return Visit(folder, grant, theme, _view(sent.get(VIEW_HEADER.lower(), "")))


def run_folder(storage: Path, user: str, script: str, run: int = 0) -> ScriptFolder:
    """The folder of a script's last run (0) or of a kept one."""
    folder = script_folder(storage, user, script)
    if not run:
        return folder
    return ScriptFolder(folder.runs / str(int(run)), name=script, root=storage)


def _view(text: str) -> dict[str, Any]:
    try:
        view = json.loads(text[:_MAX_VIEW])
    except (ValueError, RecursionError):
        return {}
    return view if isinstance(view, dict) else {}
