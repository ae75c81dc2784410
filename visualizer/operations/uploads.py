"""Uploading scripts: what is checked before one is stored."""

import json
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

from flask import current_app
from sqlalchemy.exc import IntegrityError

from visualizer import storage
from visualizer.archives import MAIN, read_archive
from visualizer.extensions import db
from visualizer.models import FileMeta, User
from visualizer.operations.files import add_tags
from visualizer.storage import BadInputError

# Compiles what comes on its input and says the first error. In a process of its own, because compiling
# hostile source can take for ever or end the process, and because the configured Python knows its syntax.
_COMPILE = """
import json, sys
for place, source in json.load(sys.stdin):
    try:
        compile(source, "script", "exec", dont_inherit=True)
    except SyntaxError as error:
        sys.exit(f"{place}Line {error.lineno}: {error.msg}.")
    except (ValueError, RecursionError, MemoryError) as error:
        sys.exit(f"{place}{error}.")
"""


def upload(owner: User, name: str, content: BinaryIO, tags: str) -> FileMeta:
    """Store a script. Nothing is stored where something is wrong with it.

    An archive (`.zip`) is a script with its modules: its `main.py` becomes the script of the archive's name.

    Args:
        owner: whose it is.
        name: the file's name as the browser sent it.
        content: its source, or the archive.
        tags: tags, separated by white space.

    Raises:
        BadInputError: with a sentence that says what is wrong.
    """
    filename = storage.safe_script_name(name)
    _check_not_hiding(filename.removesuffix(".py"))
    if name.lower().endswith(".zip"):
        content_of = _read_modules(filename, content)
    else:
        content_of = {filename: _read_source(content)}
    _check_compiles(content_of, filename)
    file = FileMeta(owner_id=owner.id, filename=filename, name_key=filename.lower())
    db.session.add(file)
    try:
        db.session.flush()
        add_tags(file, f"{tags} {file.script}")
    except IntegrityError:
        db.session.rollback()
        sentence = f"You already have a file called {filename}. Rename this one, or delete the other."
        raise BadInputError(sentence) from None
    except BadInputError:
        db.session.rollback()
        raise
    folder = storage.folder_of(file)
    storage.remove_folder(folder)
    storage.store_script(folder, content_of)
    db.session.commit()
    return file


def _check_not_hiding(stem: str) -> None:
    """A script is the first place where its own imports look."""
    packages = ("keras", "tensorflow", "numpy", "scipy", "custom_keras", "visualization_files", "jax", "torch", "PIL")
    if stem in sys.stdlib_module_names or stem in packages:
        raise BadInputError(f"A script called {stem}.py would hide the module {stem} from its own imports. Rename it.")


def _read_modules(filename: str, content: BinaryIO) -> dict[str, bytes]:
    """The files of an archive by path, its `main.py` under the name of the script."""
    config = current_app.config
    largest, most = config["MAX_ARCHIVE_BYTES"], config["MAX_ARCHIVE_FILES"]
    files = read_archive(content, largest, config["MAX_UNPACKED_BYTES"], most)
    if filename in files:
        raise BadInputError(f"This archive has a {filename} beside its main.py, which gets that name. Rename one.")
    for top in {Path(path).parts[0] for path in files if path != MAIN}:
        _check_not_hiding(top.removesuffix(".py"))
    return {filename: files.pop(MAIN), **files}


def _read_source(content: BinaryIO) -> bytes:
    largest = current_app.config["MAX_SCRIPT_BYTES"]
    source = content.read(largest + 1)
    if len(source) > largest:
        raise BadInputError(f"This file is larger than {largest / 1e6:.3g} MB, the most that a script can have.")
    return source


def _text(place: str, source: bytes) -> str:
    try:
        return source.decode("utf-8")
    except UnicodeDecodeError as error:
        line = source[: error.start].count(b"\n") + 1
        which = place or "This file"
        sentence = f"{which} is not UTF-8 text (line {line}). Save it as UTF-8 and upload it again."
        raise BadInputError(sentence) from None


def _check_compiles(files: dict[str, bytes], filename: str) -> None:
    """Try every Python file among them; errors in others than the script are told with their path."""
    if not files[filename].strip():
        raise BadInputError("This file is empty." if len(files) == 1 else "The main.py of this archive is empty.")
    places = {path: "" if len(files) == 1 else MAIN if path == filename else path for path in files}
    sources = [
        (f"{places[path]}, " if places[path] else "", _text(places[path], source))
        for path, source in files.items()
        if path.endswith(".py")
    ]
    command = [current_app.config["PYTHON"], "-I", "-W", "ignore", "-c", _COMPILE]
    try:
        check = subprocess.run(
            command, input=json.dumps(sources).encode(), capture_output=True,
            timeout=current_app.config["CHECK_SECONDS"], check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise BadInputError("This file takes too long to compile.") from None
    if check.returncode:
        said = check.stderr.decode(errors="replace").strip()[-300:]
        why = said if check.returncode == 1 else "Python gives up on it."
        raise BadInputError(f"This is not a Python script that can run. {why}")
