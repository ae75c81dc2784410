"""Walks the folders of the Indian Movie Face Database: `<Actor>/<Movie>/<Movie>.txt` beside `images/`."""

import difflib
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from case_study.findings import Finding
from case_study.records import Record, read_records, read_text

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp")
# How alike two spellings of a name must be, beside having the same number: Savithri and Savitri are at 0.93.
_ALIKE = 0.75


@dataclass(frozen=True)
class Face:
    """An image of the database with its labels.

    Attributes:
        path: the image relative to the database, with forward slashes.
        actor: the name of the actor's folder; texts and file names spell some actors otherwise.
        expression: one of `case_study.records.EXPRESSIONS`.
    """

    path: str
    actor: str
    expression: str


@dataclass
class Database:
    """What was read.

    Attributes:
        faces: the images that have one expression, by path.
        findings: what was repaired and left out.
        actors: names of all actors' folders.
        images: number of images on disk.
        lines: number of lines that are not blank.
    """

    faces: list[Face]
    findings: list[Finding]
    actors: list[str]
    images: int = 0
    lines: int = 0


def read_database(root: Path) -> Database:
    """Read all text files of the database and match them with the images on disk.

    Args:
        root: the folder that holds a folder for each actor.

    Raises:
        ValueError: if there is nothing of the kind.
    """
    root = Path(root)
    actors = _folders(root) if root.is_dir() else []
    database = Database([], [], [actor.name for actor in actors])
    for actor in actors:
        for movie in _folders(actor):
            _read_movie(database, root, actor.name, movie)
    if not database.lines and not database.images:
        raise ValueError(
            "There is no face database here. Expected folders <Actor>/<Movie> with a text file and a folder "
            f"images. Received: {root}"
        )
    database.faces.sort(key=lambda face: face.path)
    return database


def _folders(path: Path) -> list[Path]:
    return sorted(p for p in path.iterdir() if p.is_dir() and not p.name.startswith("."))


def _read_movie(database: Database, root: Path, actor: str, movie: Path) -> None:
    folder = movie.relative_to(root).as_posix()
    images = {p.name for p in (movie / "images").glob("*") if p.suffix.lower() in IMAGE_SUFFIXES}
    database.images += len(images)
    records, findings = _read_texts(database, movie, folder)
    named = {record.face for record in records}
    expressions = defaultdict(list)
    for record in records:
        image = _on_disk(record.face, images, named)
        if image is None:
            findings.append(Finding("image_missing", record.file, record.line, detail=record.face))
            continue
        if image != record.face:
            spelling = f"{record.face}, on disk {image}"
            findings.append(Finding("misspelled_file", record.file, record.line, detail=spelling))
        expressions[image].append(record)
    for image, naming in expressions.items():
        path = f"{folder}/images/{image}"
        if len({record.expression for record in naming}) > 1:
            findings.append(Finding("conflicting_expressions", path, images=1, detail=_said(naming)))
            continue
        findings += [Finding("named_again", again.file, again.line, detail=image) for again in naming[1:]]
        database.faces.append(Face(path, actor, naming[0].expression))
    if unnamed := len(images - expressions.keys()):
        findings.append(Finding("no_usable_line", folder, images=unnamed))
    database.findings += findings


def _read_texts(database: Database, movie: Path, folder: str) -> tuple[list[Record], list[Finding]]:
    # Hidden files are what macOS leaves beside the real ones.
    texts = sorted(p for p in movie.iterdir() if p.suffix.lower() == ".txt" and p.is_file() and p.name[0] != ".")
    findings = []
    if not texts:
        findings.append(Finding("no_text_file", folder))
    elif len(texts) > 1:
        findings.append(Finding("two_text_files", folder, detail=", ".join(text.name for text in texts)))
    elif texts[0].stem != movie.name:
        findings.append(Finding("text_file_name", f"{folder}/{texts[0].name}"))
    records = []
    for text in texts:
        name = f"{folder}/{text.name}"
        lines, repairs = read_text(text.read_bytes(), name)
        findings += repairs
        database.lines += sum(bool(line.strip()) for line in lines)
        for item in read_records(lines, name):
            (records if isinstance(item, Record) else findings).append(item)
    return records, findings


def _on_disk(face: str, images: set[str], named: set[str]) -> str | None:
    """The image that a line means, if there is no doubt about it.

    That is the one of this name; or the only one that differs in case and spaces alone; or, among those that
    no line names rightly, the only one with the same number and a name that is nearly the same.
    """
    if face in images:
        return face
    plain = [image for image in images if _plain(image) == _plain(face)]
    if not plain:
        name, number = _numbered(face)
        plain = [
            image
            for image in images - named
            if _numbered(image)[1] == number
            and difflib.SequenceMatcher(None, _numbered(image)[0], name).ratio() >= _ALIKE
        ]
    return plain[0] if len(plain) == 1 else None


def _plain(name: str) -> str:
    return re.sub(r"\s", "", name).lower()


def _numbered(name: str) -> tuple[str, str]:
    """The letters of a file name, and the number at its end."""
    stem = _plain(name).rpartition(".")[0]
    number = re.search(r"\d*$", stem)[0]
    return re.sub(r"[^a-z]", "", stem[: len(stem) - len(number)]), number.lstrip("0")


def _said(records: list[Record]) -> str:
    return ", ".join(f"{record.expression} in line {record.line}" for record in records)
