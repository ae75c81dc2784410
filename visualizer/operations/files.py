"""Uploading, finding, tagging and deleting scripts."""

import subprocess
import sys
from typing import BinaryIO

from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload, selectinload

from visualizer import storage
from visualizer.extensions import db
from visualizer.models import FileMeta, Run, Tag, User, file_tags
from visualizer.storage import BadInputError

SORTS = ("name", "tags", "uploaded", "run")
_MAX_TAG = 50
# Compiles what comes on its input and says the first error. In a process of its own, because compiling
# hostile source can take for ever or end the process, and because the configured Python knows its syntax.
_COMPILE = """
import sys
try:
    compile(sys.stdin.buffer.read(), "script", "exec", dont_inherit=True)
except SyntaxError as error:
    sys.exit(f"Line {error.lineno}: {error.msg}.")
except (ValueError, RecursionError, MemoryError) as error:
    sys.exit(f"{error}.")
"""


def upload(owner: User, name: str, content: BinaryIO, tags: str) -> FileMeta:
    """Store a script. Nothing is stored where something is wrong with it.

    Args:
        owner: whose it is.
        name: the file's name as the browser sent it.
        content: its source.
        tags: tags, separated by white space.

    Raises:
        BadInputError: with a sentence that says what is wrong.
    """
    filename = storage.safe_script_name(name)
    _check_not_hiding(filename.removesuffix(".py"))
    source = _read_source(content)
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
    storage.store_script(folder, source)
    db.session.commit()
    return file


def get_file(owner: User, filename: str) -> FileMeta:
    """One's own file, or 404: finds it and checks whose it is in one step."""
    query = select(FileMeta).filter_by(owner_id=owner.id, name_key=filename.lower())
    return db.first_or_404(query.options(joinedload(FileMeta.owner), selectinload(FileMeta.tags)))


def search(owner: User, words: str = "", sort: str = "uploaded", descending: bool = True):
    """The query for one's files.

    Args:
        owner: whose files.
        words: each of them has to be in the name or in a tag, in whatever case.
        sort: one of `SORTS`.
        descending: the largest or newest first.
    """
    last = select(func.max(Run.id)).where(Run.file_id == FileMeta.id).correlate(FileMeta).scalar_subquery()
    query = select(FileMeta).outerjoin(Run, Run.id == last).where(FileMeta.owner_id == owner.id)
    for word in words.split():
        tagged = FileMeta.tags.any(Tag.name.icontains(word, autoescape=True))
        query = query.where(FileMeta.filename.icontains(word, autoescape=True) | tagged)
    column = {
        "name": FileMeta.name_key,
        "tags": _first_tag(),
        "uploaded": FileMeta.uploaded,
        "run": func.coalesce(Run.started, Run.queued),
    }[sort]
    order = column.desc().nulls_last() if descending else column.asc().nulls_last()
    return query.order_by(order, FileMeta.id.desc()).options(selectinload(FileMeta.tags))


def last_runs(found: list[FileMeta]) -> dict[int, Run]:
    """The last run of each file that has run, by the file's id."""
    last = select(func.max(Run.id)).where(Run.file_id.in_([file.id for file in found])).group_by(Run.file_id)
    return {run.file_id: run for run in db.session.scalars(select(Run).where(Run.id.in_(last)))}


def add_tags(file: FileMeta, text: str) -> list[str]:
    """Add tags, separated by white space; those it has already are passed over.

    Returns:
        The new ones.

    Raises:
        BadInputError: if one is too long.
    """
    names = dict.fromkeys(text.split())
    if long := next((name for name in names if len(name) > _MAX_TAG), None):
        raise BadInputError(
            f"The tag {long[:20]}… is too long. A tag can have at most {_MAX_TAG} characters.", "tags"
        )
    new = [name for name in names if name not in {tag.name for tag in file.tags}]
    known = {tag.name: tag for tag in db.session.scalars(select(Tag).where(Tag.name.in_(new)))}
    file.tags.extend(known.get(name) or Tag(name=name) for name in new)
    return new


def remove_tag(file: FileMeta, name: str) -> None:
    """Take a tag off a file; a tag that no file carries any more goes."""
    file.tags = [tag for tag in file.tags if tag.name != name]
    db.session.flush()
    _drop_unused_tags()


def delete(file: FileMeta) -> None:
    """Remove a script with all that belongs to it: rows first, then its folder.

    Raises:
        BadInputError: while it runs.
    """
    if any(run.unfinished for run in file.runs):
        raise BadInputError(f"{file.filename} is running. Stop it before you delete it.")
    folder = storage.folder_of(file)
    db.session.delete(file)
    db.session.flush()
    _drop_unused_tags()
    db.session.commit()
    storage.remove_folder(folder)


def read_source(file: FileMeta) -> str:
    """The source of a script, as it lies in the user storage now."""
    folder = storage.folder_of(file)
    with folder.open(folder.script) as source:
        return source.read(current_app.config["MAX_SCRIPT_BYTES"]).decode(errors="replace")


def _first_tag():
    return (
        select(func.min(func.lower(Tag.name)))
        .join(file_tags, file_tags.c.tag_id == Tag.id)
        .where(file_tags.c.file_id == FileMeta.id)
        .correlate(FileMeta)
        .scalar_subquery()
    )


def _drop_unused_tags() -> None:
    used = select(file_tags.c.tag_id)
    for tag in db.session.scalars(select(Tag).where(Tag.id.not_in(used))):
        db.session.delete(tag)


def _check_not_hiding(stem: str) -> None:
    """A script is the first place where its own imports look."""
    packages = ("keras", "tensorflow", "numpy", "scipy", "custom_keras", "visualization_files", "jax", "torch", "PIL")
    if stem in sys.stdlib_module_names or stem in packages:
        raise BadInputError(f"A script called {stem}.py would hide the module {stem} from its own imports. Rename it.")


def _read_source(content: BinaryIO) -> bytes:
    largest = current_app.config["MAX_SCRIPT_BYTES"]
    source = content.read(largest + 1)
    if not source.strip():
        raise BadInputError("This file is empty.")
    if len(source) > largest:
        raise BadInputError(f"This file is larger than {largest / 1e6:.3g} MB, the most that a script can have.")
    try:
        source.decode("utf-8")
    except UnicodeDecodeError as error:
        line = source[: error.start].count(b"\n") + 1
        sentence = f"This file is not UTF-8 text (line {line}). Save it as UTF-8 and upload it again."
        raise BadInputError(sentence) from None
    _check_compiles(source)
    return source


def _check_compiles(source: bytes) -> None:
    command = [current_app.config["PYTHON"], "-I", "-W", "ignore", "-c", _COMPILE]
    try:
        check = subprocess.run(
            command, input=source, capture_output=True, timeout=current_app.config["CHECK_SECONDS"], check=False
        )
    except subprocess.TimeoutExpired:
        raise BadInputError("This file takes too long to compile.") from None
    if check.returncode:
        said = check.stderr.decode(errors="replace").strip()[-300:]
        why = said if check.returncode == 1 else "Python gives up on it."
        raise BadInputError(f"This is not a Python script that can run. {why}")
