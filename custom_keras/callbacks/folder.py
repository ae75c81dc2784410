"""Finds the folder in which the callbacks of a script write."""
import os
import sys
from pathlib import Path

from visualization_files.layout import ScriptFolder


def callback_folder(file_folder: str | os.PathLike) -> ScriptFolder:
    """The folder of a script, also of one that was never uploaded.

    Args:
        file_folder: `os.path.dirname(__file__)`, which may be relative or, for a script started in its own
            folder, empty.

    Raises:
        TypeError: if it is no path.
        ValueError: if it is a file.
    """
    try:
        path = Path(file_folder).absolute()
    except TypeError as error:
        raise TypeError(
            "The folder of the script is no path. Expected os.path.dirname(__file__). "
            f"Received: file_folder={file_folder!r}"
        ) from error
    if path.is_file():
        raise ValueError(
            "The folder of the script is a file. Expected os.path.dirname(__file__). "
            f"Received: file_folder={str(file_folder)!r}"
        )
    return ScriptFolder(path, _running_script(path))


def _running_script(folder: Path) -> str | None:
    """Name of the script that runs, where it lies in the folder: uploaded scripts give it to the folder."""
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    if script and Path(script).absolute().parent == folder:
        return Path(script).stem
    return None
