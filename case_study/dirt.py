"""Writes a movie's text file with one kind of the database's dirt in it.

Each kind names its reason in the report of `prepare`, and gives how often that reason must stand there then.
"""

import codecs
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from case_study.records import EXPRESSIONS, FIELDS

_EXPRESSION, _GENDER, _FACE = FIELDS.index("expression"), FIELDS.index("gender"), FIELDS.index("face")


@dataclass
class Movie:
    """A movie folder to write: its records are lists of 17 fields, and `expected` the counts to find in it."""

    folder: Path
    records: list[list[str]]
    expected: dict[str, int] = field(default_factory=dict)

    @property
    def text(self) -> Path:
        return self.folder / f"{self.folder.name}.txt"

    def image(self, record: list[str]) -> Path:
        return self.folder / "images" / record[_FACE]

    def write(self, lines: list[str] | None = None, path: Path | None = None) -> None:
        """Write lines, by default the records as they should be."""
        lines = ["\t".join(record) for record in self.records] if lines is None else lines
        (path or self.text).write_bytes("".join(f"{line}\n" for line in lines).encode())

    def change(self, reason: str, change: Callable[[list[str]], str], lost: bool = False) -> None:
        """Write the first and every third record after it changed into another line."""
        changed = range(0, len(self.records), 3)
        lines = ["\t".join(record) for record in self.records]
        for place in changed:
            lines[place] = change(self.records[place])
        self.write(lines)
        self.expected[reason] = len(changed)
        if lost:
            self.expected["no_usable_line"] = len(changed)


def _bytes(reason: str, change: Callable[[bytes], bytes]) -> Callable[[Movie], None]:
    def spoil(movie: Movie) -> None:
        movie.write()
        movie.text.write_bytes(change(movie.text.read_bytes()))
        movie.expected[reason] = 1

    return spoil


def _lines(reason: str, change: Callable[[list[str]], str], lost: bool = False) -> Callable[[Movie], None]:
    return lambda movie: movie.change(reason, change, lost)


def _spaces(record: list[str]) -> str:
    """Spaces between the first fields and inside of the third: 16 fields by tabs."""
    clip, frame, face, *rest = record
    return "\t".join([f"{clip} {frame}", face, *rest])


def _shifted(record: list[str]) -> str:
    return "\t".join([*record[:_GENDER], "", *record[_GENDER:]])


def _rotated(record: list[str]) -> str:
    labels = record[_GENDER:]
    return "\t".join([*record[:_GENDER], *labels[3:], *labels[:3]])


def _with(record: list[str], place: int, text: str) -> str:
    return "\t".join([*record[:place], text, *record[place + 1 :]])


def _over_two_lines(record: list[str]) -> str:
    return "\t".join(record[:_GENDER]) + "\n" + "\t".join(record[_GENDER:])


def _other_spelling(record: list[str]) -> str:
    """The text has an h more than the disk: Savithri for Savitri."""
    name, _, number = record[_FACE].rpartition("_")
    return _with(record, _FACE, f"{name}h_{number}")


def _other_expression(expression: str) -> str:
    return EXPRESSIONS[(EXPRESSIONS.index(expression) + 1) % len(EXPRESSIONS)]


def _again(record: list[str]) -> str:
    return "\t".join(record) + "\n" + "\t".join(record)


def _conflicting(record: list[str]) -> str:
    return "\t".join(record) + "\n" + _with(record, _EXPRESSION, _other_expression(record[_EXPRESSION]))


def _text_file_name(movie: Movie) -> None:
    movie.write(path=movie.folder / "labels.txt")
    movie.expected["text_file_name"] = 1


def _two_text_files(movie: Movie) -> None:
    middle = len(movie.records) // 2
    lines = ["\t".join(record) for record in movie.records]
    movie.write(lines[:middle])
    movie.write(lines[middle:], movie.folder / "labels.txt")
    movie.expected["two_text_files"] = 1


def _no_text_file(movie: Movie) -> None:
    movie.expected.update(no_text_file=1, no_usable_line=len(movie.records))


def _empty_file(movie: Movie) -> None:
    movie.write([])
    movie.expected.update(empty_file=1, no_usable_line=len(movie.records))


def no_labels(movie: Movie) -> None:
    """A whole file whose lines end before the labels."""
    movie.write(["\t".join(record[:_GENDER]) for record in movie.records])
    movie.expected.update(no_labels=len(movie.records), no_usable_line=len(movie.records))


def _unreadable(movie: Movie) -> None:
    movie.write()
    path = movie.image(movie.records[0])
    path.write_bytes(path.read_bytes()[:100])
    movie.expected["unreadable_image"] = 1


def _missing(movie: Movie) -> None:
    movie.write()
    movie.image(movie.records[0]).unlink()
    movie.expected["image_missing"] = 1


def _copy(movie: Movie) -> None:
    """A second file with the very same content, and a line of its own with the same labels."""
    first = movie.records[0]
    again = [*first]
    again[_FACE] = first[_FACE].replace("_", "_9", 1)
    movie.image(again).write_bytes(movie.image(first).read_bytes())
    movie.records.append(again)
    movie.write()
    movie.expected["copy"] = 1


def clean(movie: Movie) -> None:
    """As it should be."""
    movie.write()


# One kind of dirt for each movie; a database gets all of them in turn.
DIRT: tuple[Callable[[Movie], None], ...] = (
    _bytes("byte_order_mark", lambda data: codecs.BOM_UTF8 + data),
    _bytes("carriage_returns", lambda data: data.replace(b"\n", b"\r\n")),
    _bytes("nul_bytes", lambda data: data.replace(b"\t", b"\0\t", 3) + b"\0\0"),
    _bytes("empty_first_line", lambda data: b"\n" + data),
    _text_file_name,
    _two_text_files,
    _no_text_file,
    _empty_file,
    no_labels,
    _lines("record_over_two_lines", _over_two_lines),
    _lines("spaces_for_tabs", _spaces),
    _lines("shifted_fields", _shifted),
    _lines("rotated_fields", _rotated),
    _lines("null_expression", lambda record: _with(record, _EXPRESSION, "null"), lost=True),
    _lines("broken_line", lambda record: _with(record, _EXPRESSION, "?"), lost=True),
    _lines("misspelled_file", _other_spelling),
    _lines("named_again", _again),
    _lines("conflicting_expressions", _conflicting),
    _missing,
    _unreadable,
    _copy,
)


def save_image(path: Path, image: Image.Image) -> None:
    """Save an image of a movie, making its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, quality=92)
