"""Makes one table and one folder of equal squares out of the database, and reports what it met."""

import csv
import hashlib
import json
from argparse import ArgumentParser, Namespace
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image
from rich.progress import track

from case_study.database import Database, Face, read_database
from case_study.findings import LEFT_OUT, REPAIRED, Finding, count
from case_study.pictures import square
from case_study.table import SPLITS, Row, split, write_table

_CHUNK = 256
# What the thesis found and kept.
_THESIS = {"images": 34_512, "actors": 100, "kept": 30_091, "actors_kept": 98}


def add_arguments(parser: ArgumentParser) -> None:
    """Describe the command line of `prepare`."""
    parser.add_argument("database", type=Path, help="folder of the database, with a folder for each actor")
    parser.add_argument("out", type=Path, help="folder for the prepared data")
    parser.add_argument("--seed", type=int, default=0, help="seed of the split (default: 0)")
    parser.add_argument(
        "--keep-copies", action="store_true", help="keep images that are the very same file as another one"
    )


def run(arguments: Namespace) -> None:
    """Run the command."""
    report = prepare(arguments.database, arguments.out, arguments.seed, arguments.keep_copies)
    print(
        f"Kept {report['kept']} of {report['images']} images, {report['actors_kept']} of {report['actors']} "
        f"actors. What was repaired and left out stands in {arguments.out / 'prepare.md'}."
    )


def prepare(database: Path, out: Path, seed: int = 0, keep_copies: bool = False) -> dict:
    """Read the database, write padded and scaled images, the table with the split, and the report.

    Args:
        database: folder with a folder for each actor.
        out: folder for `table.csv`, `images/`, `prepare.md`, `prepare.json` and `findings.csv`.
        seed: seed of the split.
        keep_copies: keep images that are the same file, byte for byte, as another one; two sides of the split
            may then hold the same picture.

    Returns:
        The report: counts of images and actors, and of each thing repaired and left out.
    """
    database, out = Path(database), Path(out)
    read = read_database(database)
    readable = _readable(database, read)
    faces = list(readable) if keep_copies else _without_copies(readable, read.findings)
    out.mkdir(parents=True, exist_ok=True)
    rows = _write_images(database, out, faces, split(len(faces), seed))
    write_table(out, rows)
    report = _summary(read, rows, seed, (database / "drawn.json").is_file())
    _write_report(out, report, read.findings)
    if not rows:
        raise ValueError(f"Not one image of {database} can be used. Why stands in {out / 'prepare.md'}.")
    return report


def _readable(root: Path, database: Database) -> dict[Face, bytes]:
    """The images that can be read, each with the digest of its file; the others are left out."""

    def read(face: Face) -> bytes | str:
        try:
            with Image.open(root / face.path) as image:
                image.load()
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            return type(error).__name__
        return hashlib.sha256((root / face.path).read_bytes()).digest()

    readable = {}
    with ThreadPoolExecutor() as pool:
        digests = track(pool.map(read, database.faces), "Reading images", total=len(database.faces))
        for face, digest in zip(database.faces, digests, strict=True):
            if isinstance(digest, bytes):
                readable[face] = digest
            else:
                database.findings.append(Finding("unreadable_image", face.path, images=1, detail=digest))
    return readable


def _without_copies(faces: dict[Face, bytes], findings: list[Finding]) -> list[Face]:
    """Leave out copies of a file, and all of them where they carry different labels."""
    same = defaultdict(list)
    for face, digest in faces.items():
        same[digest].append(face)
    kept = []
    for copies in same.values():
        one_label = len({(face.actor, face.expression) for face in copies}) == 1
        kept += copies[:1] if one_label else []
        for face in copies[1:] if one_label else copies:
            others = ", ".join(other.path for other in copies if other is not face)
            findings.append(Finding("copy", face.path, images=1, detail=others))
    return sorted(kept, key=lambda face: face.path)


def _write_images(root: Path, out: Path, faces: list[Face], sides: list[str]) -> list[Row]:
    def write(face: Face, side: str) -> Row:
        path = Path("images", face.path.replace("/images/", "/") + ".png")
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        with Image.open(root / face.path) as image:
            square(image).save(out / path)
        return Row(path.as_posix(), face.actor, face.expression, side)

    with ThreadPoolExecutor() as pool:
        return list(track(pool.map(write, faces, sides), "Scaling images", total=len(faces)))


def _summary(database: Database, rows: list[Row], seed: int, drawn: bool) -> dict:
    kept = {row.actor for row in rows}
    return {
        "drawn": drawn,
        "seed": seed,
        "lines": database.lines,
        "images": database.images,
        "kept": len(rows),
        "actors": len(database.actors),
        "actors_kept": len(kept),
        "actors_left_out": [actor for actor in database.actors if actor not in kept],
        "split": Counter(row.split for row in rows),
        "expressions": Counter(row.expression for row in rows),
        "repaired": count(database.findings, REPAIRED),
        "left_out": count(database.findings, LEFT_OUT),
    }


def _write_report(out: Path, report: dict, findings: list[Finding]) -> None:
    (out / "prepare.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    with (out / "findings.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("what", "reason", "file", "line", "images", "detail"))
        for f in findings:
            what = "repaired" if f.reason in REPAIRED else "left out"
            writer.writerow((what, f.reason, f.file, f.line or "", f.images or "", f.detail))
    (out / "prepare.md").write_text("\n".join(_markdown(report, findings)) + "\n", encoding="utf-8")


def _markdown(report: dict, findings: list[Finding]) -> Iterator[str]:
    yield "# What was prepared\n"
    if report["drawn"]:
        yield "These are drawn faces, not the Indian Movie Face Database.\n"
    yield "| | here | thesis |\n| --- | --: | --: |"
    for name in _THESIS:
        yield f"| {name.replace('_', ' ')} | {report[name]:,} | {_THESIS[name]:,} |"
    sides = ", ".join(f"{side} {report['split'].get(side, 0):,}" for side in SPLITS)
    yield f"\nSplit with seed {report['seed']}: {sides}."
    if report["actors_left_out"]:
        yield f"\nActors without a usable image: {', '.join(report['actors_left_out'])}."
    for title, key, meanings in (("Repaired", "repaired", REPAIRED), ("Left out", "left_out", LEFT_OUT)):
        yield f"\n## {title}\n\n| reason | count | what it is |\n| --- | --: | --- |"
        for reason, number in report[key].items():
            yield f"| {reason} | {number:,} | {meanings[reason]} |"
    yield "\n## File by file\n\nEach single finding stands in `findings.csv`.\n"
    yield "| file or folder | reason | count |\n| --- | --- | --: |"
    files = defaultdict(list)
    for finding in findings:
        name = finding.file.rpartition("/images/")[0] or finding.file
        files[name].append(finding)
    for name in sorted(files):
        for reason, number in count(files[name], [*REPAIRED, *LEFT_OUT]).items():
            yield f"| {name} | {reason} | {number:,} |"
