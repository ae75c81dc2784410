"""Reads the text files of the Indian Movie Face Database, as dirty as they are.

A record has 17 fields, separated by tabs. The names of the files are known by their endings, the expression
and the gender by their words, so most damage can be repaired without guessing.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

from case_study.findings import Finding

FIELDS = (
    "clip", "frame", "face", "x", "y", "width", "height", "movie", "year", "actor",
    "gender", "expression", "occlusion", "illumination", "age", "pose", "make_up",
)  # fmt: skip
EXPRESSIONS = ("NEUTRAL", "ANGER", "HAPPINESS", "SADNESS", "SURPRISE", "FEAR", "DISGUST")
GENDERS = ("MALE", "FEMALE")
_FACE, _GENDER, _EXPRESSION = (FIELDS.index(name) for name in ("face", "gender", "expression"))

_IMAGE = r"\.(?:jpe?g|png|bmp)"
_NUMBER = r"-?\d+(?:\.\d+)?"
_DATE = r"(?:(?:19|20)\d\d|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})"
_IS_IMAGE = re.compile(rf".*{_IMAGE}", re.IGNORECASE)
# The first nine fields, with any white space between and inside of them.
_HEAD = re.compile(
    rf"\s*(\S+)\s+(.*?{_IMAGE})\s+(.*?{_IMAGE})\s+({_NUMBER})\s+({_NUMBER})\s+({_NUMBER})\s+({_NUMBER})"
    rf"\s+(.+?)\s+({_DATE})\s+(.*)",
    re.IGNORECASE,
)
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True)
class Record:
    """An image and its expression, as a line of a text file names them."""

    face: str
    expression: str
    file: str
    line: int


@dataclass(frozen=True)
class _Line:
    """What a line says, or why it says nothing: `reason` is a key of `REPAIRED` or `LEFT_OUT`, or None."""

    face: str | None
    expression: str | None
    reason: str | None
    complete: bool = False


def read_text(data: bytes, file: str) -> tuple[list[str], list[Finding]]:
    """Decode a text file and cut it into lines.

    Args:
        data: its content.
        file: its name in the findings.

    Returns:
        The lines without their ends, and what was repaired.
    """
    findings = []
    if data.startswith(_UTF16):
        findings.append(Finding("byte_order_mark", file))
        text = data.decode("utf-16", errors="replace")
    else:
        if data.startswith(codecs.BOM_UTF8):
            findings.append(Finding("byte_order_mark", file))
            data = data[len(codecs.BOM_UTF8) :]
        try:
            text = data.decode()
        except UnicodeDecodeError:
            text = data.decode("latin-1")
    if "\0" in text:
        findings.append(Finding("nul_bytes", file))
        text = text.replace("\0", "")
    if "\r" in text:
        findings.append(Finding("carriage_returns", file))
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    if not text.strip():
        return [], [*findings, Finding("empty_file", file)]
    if not lines[0].strip():
        findings.append(Finding("empty_first_line", file))
    return lines, findings


def read_records(lines: list[str], file: str) -> Iterator[Record | Finding]:
    """The records of a text file, and a finding for each line that is none or had to be repaired."""
    numbered = [(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    skip = False
    for position, (number, line) in enumerate(numbered):
        if skip:
            skip = False
            continue
        parsed = _parse(line)
        if not parsed.complete and position + 1 < len(numbered):
            following = numbered[position + 1][1]
            joined = _parse(f"{line.rstrip()}\t{following.lstrip()}")
            if joined.complete and not _parse(following).complete:
                parsed, skip = joined, True
                yield Finding("record_over_two_lines", file, number)
        if parsed.expression is None:
            yield Finding(parsed.reason, file, number, detail=" ".join(line.split()))
            continue
        if parsed.reason:
            yield Finding(parsed.reason, file, number)
        yield Record(parsed.face, parsed.expression, file, number)


def _parse(line: str) -> _Line:
    """Understand one line: as it stands, with its spaces turned into tabs, or with its fields moved."""
    fields = _fields(line)
    if _in_order(fields):
        return _line(fields, None)
    spaced = _respaced(line)
    if spaced and _in_order(spaced):
        return _line(spaced, "spaces_for_tabs")
    for candidate in filter(None, (fields, spaced)):
        if moved := _moved(candidate):
            return moved
    return _Line(None, None, _why_not(spaced or fields))


def _fields(line: str) -> list[str]:
    fields = [field.strip() for field in line.split("\t")]
    while fields and not fields[-1]:
        fields.pop()
    return fields


def _respaced(line: str) -> list[str] | None:
    """The fields of a line that has spaces between its first ones, or only spaces at all."""
    found = _HEAD.match(line)
    if not found:
        return None
    *head, rest = found.groups()
    tail = _fields(rest) if "\t" in rest.strip() else rest.split()
    actor, _, gender = tail[0].rpartition(" ") if tail else ("", "", "")
    if actor and gender.upper() in GENDERS:
        tail[:1] = [actor.strip(), gender]
    return [field.strip() for field in head] + tail


def _in_order(fields: list[str]) -> bool:
    # More than the two images of a record would be a second record on the same line.
    return (
        len(fields) > _EXPRESSION
        and sum(bool(_IS_IMAGE.fullmatch(field)) for field in fields) <= 2
        and bool(_IS_IMAGE.fullmatch(fields[_FACE]))
        and fields[_EXPRESSION].upper() in EXPRESSIONS
    )


def _line(fields: list[str], reason: str | None) -> _Line:
    complete = len(fields) == len(FIELDS)
    return _Line(fields[_FACE], fields[_EXPRESSION].upper(), reason, complete)


def _moved(fields: list[str]) -> _Line | None:
    """A line whose one expression word does not stand in its place, but whose damage is plain.

    Shifted by one: a field too many or too few before it. Rotated: the gender still stands before it, counted
    around the seven labels or around the whole line.
    """
    places = [i for i, field in enumerate(fields) if field.upper() in EXPRESSIONS]
    # A movie can have an expression's name, so labels are looked for first where labels stand.
    labels = [i for i in places if i >= _GENDER]
    place = (labels or places)[0] if len(labels) == 1 or len(places) == 1 else None
    if place is None:
        return None
    expression = fields[place].upper()
    genders = [i for i, field in enumerate(fields) if field.upper() in GENDERS]
    ordered = len(fields) > _FACE and _IS_IMAGE.fullmatch(fields[_FACE])
    if ordered and abs(place - _EXPRESSION) == 1 and genders in ([], [place - 1]):
        return _Line(fields[_FACE], expression, "shifted_fields")
    if len(fields) != len(FIELDS) or len(genders) != 1:
        return None
    if ordered and place >= _GENDER and genders[0] == (len(FIELDS) - 1 if place == _GENDER else place - 1):
        return _Line(fields[_FACE], expression, "rotated_fields")
    face = fields[(place - _EXPRESSION + _FACE) % len(FIELDS)]
    if genders[0] == (place - 1) % len(FIELDS) and _IS_IMAGE.fullmatch(face):
        return _Line(face, expression, "rotated_fields")
    return None


def _why_not(fields: list[str]) -> str:
    labels = [field.lower() for field in fields[_GENDER:]]
    if not any(_IS_IMAGE.match(field) for field in fields):
        return "broken_line"
    if "null" in labels:
        return "null_expression"
    return "broken_line" if any(labels) else "no_labels"
