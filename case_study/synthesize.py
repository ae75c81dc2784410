"""Draws a face database in the form of the Indian Movie Face Database, with its dirt in known numbers."""

import json
from argparse import ArgumentParser, Namespace
from collections import Counter
from pathlib import Path

import numpy as np
from rich.progress import track

from case_study.dirt import DIRT, Movie, clean, no_labels, save_image
from case_study.faces import Identity, draw_face, draw_identity
from case_study.records import EXPRESSIONS

# How often each expression occurs: neutral faces are the most in films, too.
_WEIGHTS = (0.28, 0.12, 0.22, 0.12, 0.1, 0.08, 0.08)


def add_arguments(parser: ArgumentParser) -> None:
    """Describe the command line of `synthesize`."""
    parser.add_argument("out", type=Path, help="folder for the drawn database")
    parser.add_argument("--actors", type=int, default=20, help="people to draw (default: 20)")
    parser.add_argument("--movies", type=int, default=3, help="movies of each (default: 3)")
    parser.add_argument("--images", type=int, default=12, help="images in each movie (default: 12)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--clean", action="store_true", help="without any dirt")


def run(arguments: Namespace) -> None:
    """Run the command."""
    expected = synthesize(
        arguments.out, arguments.actors, arguments.movies, arguments.images, arguments.seed, arguments.clean
    )
    print(f"Drew {expected['images']} images of {arguments.actors} people into {arguments.out}.")


def synthesize(
    out: Path, actors: int = 20, movies: int = 3, images: int = 12, seed: int = 0, clean_only: bool = False
) -> dict:
    """Draw a database.

    Args:
        out: folder for it, which must be empty or not there.
        actors: how many people; with dirt, the last one of more than two has no labels at all.
        movies: folders of each person; with dirt, the movies get the kinds of `case_study.dirt.DIRT` in turn,
            and a clean one after each round.
        images: images in each movie.
        seed: the same seed draws the same people; another one draws others.
        clean_only: without dirt.

    Returns:
        What `prepare` must find, also written as `drawn.json`: numbers of images on disk and kept, and the
        findings by reason.

    Raises:
        ValueError: if the folder is not empty.
    """
    out = Path(out)
    if out.exists() and any(out.iterdir()):
        raise ValueError(f"The folder for the drawn database is not empty. Received: {out}")
    random = np.random.default_rng(seed)
    found = Counter()
    total = on_disk = 0
    for number in track(range(actors), "Drawing faces"):
        who, name = draw_identity(random), f"Actor{seed:02d}{number:03d}"
        unlabelled = not clean_only and number == actors - 1 and actors > 2
        for _ in range(movies):
            spoil = (*DIRT, clean)[total % (len(DIRT) + 1)]
            movie = Movie(out / name / f"Movie{total:04d}", [])
            total += 1
            _draw_movie(movie, who, name, images, number % 2, random)
            (clean if clean_only else no_labels if unlabelled else spoil)(movie)
            on_disk += sum(1 for _ in (movie.folder / "images").iterdir())
            found.update(movie.expected)
    lost = ("no_usable_line", "conflicting_expressions", "unreadable_image", "copy")
    expected = {
        "images": on_disk,
        "kept": on_disk - sum(found[reason] for reason in lost),
        "findings": dict(found),
    }
    (out / "drawn.json").write_text(json.dumps(expected, indent=1) + "\n")
    return expected


def _draw_movie(movie: Movie, who: Identity, name: str, images: int, man: int, random: np.random.Generator) -> None:
    for number in range(1, images + 1):
        expression = str(random.choice(EXPRESSIONS, p=_WEIGHTS))
        face = draw_face(who, expression, random)
        file = f"{name}_{number}.jpg"
        save_image(movie.folder / "images" / file, face)
        movie.records.append([
            str(number), f"{movie.folder.name}_{number}.png", file,
            *(str(n) for n in random.integers(0, 400, 2)), str(face.width), str(face.height),
            movie.folder.name, str(random.integers(1960, 2014)), name, ("FEMALE", "MALE")[man], expression,
            str(random.choice(["NONE", "GLASSES", "HAIR"])), str(random.choice(["BAD", "MEDIUM", "HIGH"])),
            str(random.choice(["YOUNG", "MIDDLE", "OLD"])), str(random.choice(["FRONTAL", "LEFT", "RIGHT"])),
            str(random.choice(["PARTIAL", "OVER"])),
        ])  # fmt: skip
