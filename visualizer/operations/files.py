"""Finding, tagging and deleting scripts."""

from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from visualizer import storage
from visualizer.extensions import db
from visualizer.models import FileMeta, Run, Tag, User, file_tags
from visualizer.storage import BadInputError

SORTS = ("name", "tags", "uploaded", "run")
_MAX_TAG = 50
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
