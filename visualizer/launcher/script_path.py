"""Makes the folder from which scripts import our callbacks, and with it nothing else of the server."""
import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path

PACKAGES = ("custom_keras", "visualization_files", "examples", "case_study")


def make_script_path(folder: str | Path, source: str | Path | None = None) -> Path:
    """Make the folder for `PYTHONPATH`, or bring it up to date.

    Links where the system allows them; copies elsewhere (Windows without the right to make links).

    Args:
        folder: the folder to make.
        source: where the packages are; next to `visualizer` by default, in a checkout and when installed.

    Raises:
        OSError: if it cannot be made.
    """
    folder = Path(folder).absolute()
    source = Path(source) if source else Path(__file__).resolve().parents[2]
    folder.mkdir(parents=True, exist_ok=True)
    for name in PACKAGES:
        if (source / name).is_dir():
            _expose(source / name, folder / name)
    for path in folder.iterdir():
        if path.name not in PACKAGES:
            _remove(path)
    return folder


def _expose(source: Path, target: Path) -> None:
    with suppress(OSError):
        if target.is_symlink() and target.readlink() == source:
            return
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        temporary.symlink_to(source, target_is_directory=True)
    except (OSError, NotImplementedError):
        shutil.copytree(source, temporary, ignore=shutil.ignore_patterns("__pycache__"))
    if target.exists() and not target.is_symlink():
        shutil.rmtree(target)
    os.replace(temporary, target)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
