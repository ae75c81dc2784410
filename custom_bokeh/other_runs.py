"""Finds the other runs of the same owner whose progress can be laid beside the one that is shown."""
import os
from dataclasses import dataclass
from pathlib import Path

from custom_bokeh.access import Visit, run_folder
from visualization_files.layout import ScriptFolder, is_safe_name

_MAX_RUNS = 300
_FILE = Path("results") / "training_progress.txt"


@dataclass(frozen=True)
class OtherRun:
    """A run of the same owner.

    Attributes:
        label: what it is called on the page.
        folder: where its files are.
    """

    label: str
    folder: ScriptFolder


def other_runs(visit: Visit) -> list[OtherRun]:
    """All runs of the owner with training progress but the one that is shown, its own script's first."""
    storage, user = visit.folder.root, visit.grant.user
    scripts = sorted(_names(storage / user), key=lambda name: (name != visit.grant.script, name))
    found = []
    for script in scripts:
        kept = [int(name) for name in _names(storage / user / script / "runs") if name.isdecimal()]
        for run in (0, *sorted(kept, reverse=True)):
            folder = run_folder(storage, user, script, run)
            if folder.path != visit.folder.path and (folder.path / _FILE).is_file():
                found.append(OtherRun(f"{script}, run {run}" if run else script, folder))
    return found[:_MAX_RUNS]


def _names(folder: Path) -> list[str]:
    if folder.is_symlink():
        return []
    try:
        with os.scandir(folder) as entries:
            return [e.name for e in entries if is_safe_name(e.name) and e.is_dir(follow_symlinks=False)]
    except OSError:
        return []
