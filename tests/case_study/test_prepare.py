import csv
import json

import numpy as np
import pytest
from PIL import Image

from case_study.dirt import DIRT, Movie
from case_study.pictures import read_pixels, square
from case_study.prepare import prepare
from case_study.synthesize import synthesize
from case_study.table import Row, read_table, split, write_table


def movie(root, count=4, actor="Savitri", name="Film"):
    """A folder of distinct images, and the records that should name them."""
    folder = root / actor / name
    (folder / "images").mkdir(parents=True)
    records = []
    for number in range(1, count + 1):
        face = f"{actor}_{number}.jpg"
        noise = np.random.default_rng([number, *actor.encode(), *name.encode()]).integers(0, 255, (20, 14, 3))
        Image.fromarray(noise.astype(np.uint8)).save(folder / "images" / face)
        records.append(
            f"{number} x_{number}.png {face} 1 2 14 20 {name} 1990 {actor} FEMALE ANGER NONE HIGH YOUNG LEFT OVER"
            .split()
        )  # fmt: skip
    return Movie(folder, records)


def found(report):
    return {**report["repaired"], **report["left_out"]}


@pytest.mark.parametrize("spoil", DIRT)
def test_each_kind_of_dirt_is_counted_exactly(spoil, tmp_path):
    spoiled = movie(tmp_path / "db", 7)
    movie(tmp_path / "db", 3, actor="Clean").write()
    spoil(spoiled)

    report = prepare(tmp_path / "db", tmp_path / "out")

    assert spoiled.expected and found(report) == spoiled.expected
    lost = ("no_usable_line", "conflicting_expressions", "unreadable_image", "copy")
    assert report["images"] - report["kept"] == sum(spoiled.expected.get(reason, 0) for reason in lost)
    assert report["kept"] == len(read_table(tmp_path / "out").rows)


def test_a_dirty_database_is_reported_as_it_was_drawn(tmp_path):
    expected = synthesize(tmp_path / "db", actors=16, movies=3, images=5, seed=3)

    report = prepare(tmp_path / "db", tmp_path / "out")

    assert len(expected["findings"]) == 22
    assert found(report) == expected["findings"]
    assert (report["images"], report["kept"]) == (expected["images"], expected["kept"])
    assert report["actors"] == 16 and report["actors_kept"] == 14
    assert json.loads((tmp_path / "out" / "prepare.json").read_text())["left_out"] == report["left_out"]
    text = (tmp_path / "out" / "prepare.md").read_text()
    assert "drawn faces" in text and "30,091" in text


def test_the_same_seed_draws_the_same_database(tmp_path):
    for name in "ab":
        synthesize(tmp_path / name, actors=3, movies=1, images=2, seed=5)
    files = [sorted(p for p in (tmp_path / name).rglob("*") if p.is_file()) for name in "ab"]

    assert [a.read_bytes() for a in files[0]] == [b.read_bytes() for b in files[1]]


def test_every_finding_is_listed_with_its_file_and_line(tmp_path):
    dirty = movie(tmp_path / "db", 4)
    lines = ["\t".join(record) for record in dirty.records]
    lines[2] = lines[2].replace("ANGER", "null")
    dirty.write(lines)

    prepare(tmp_path / "db", tmp_path / "out")

    with (tmp_path / "out" / "findings.csv").open() as file:
        rows = list(csv.reader(file))[1:]
    assert rows[0][:4] == ["left out", "null_expression", "Savitri/Film/Film.txt", "3"]
    assert rows[1][:5] == ["left out", "no_usable_line", "Savitri/Film", "", "1"]


def test_a_misspelled_image_is_found_only_without_doubt(tmp_path):
    dirty = movie(tmp_path / "db", 2)
    lines = ["\t".join(record).replace("Savitri_2.jpg", "Savithri_2.jpg") for record in dirty.records]
    dirty.write(lines)
    assert found(prepare(tmp_path / "db", tmp_path / "one")) == {"misspelled_file": 1}

    other = dirty.folder / "images" / "Savitry_2.jpg"
    Image.new("RGB", (9, 9), "red").save(other)
    assert found(prepare(tmp_path / "db", tmp_path / "two")) == {"image_missing": 1, "no_usable_line": 2}


def test_a_line_that_names_a_quite_different_person_is_not_bent(tmp_path):
    dirty = movie(tmp_path / "db", 2)
    dirty.write(["\t".join(record).replace("Savitri_2.jpg", "Madhubala_2.jpg") for record in dirty.records])

    assert found(prepare(tmp_path / "db", tmp_path / "out")) == {"image_missing": 1, "no_usable_line": 1}


def test_copies_can_be_kept_and_contradicting_copies_all_go(tmp_path):
    one, two = movie(tmp_path / "db", 3), movie(tmp_path / "db", 3, actor="Nutan")
    two.image(two.records[0]).write_bytes(one.image(one.records[0]).read_bytes())
    one.write()
    two.write()

    assert found(prepare(tmp_path / "db", tmp_path / "out")) == {"copy": 2}
    assert prepare(tmp_path / "db", tmp_path / "kept", keep_copies=True)["kept"] == 6


def test_a_folder_that_is_no_database_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no face database here. Expected folders <Actor>/<Movie>"):
        prepare(tmp_path, tmp_path / "out")


@pytest.mark.parametrize(
    ("count", "sizes"),
    [(30_091, (21_064, 6_018, 3_009)), (10, (7, 2, 1)), (11, (8, 2, 1)), (1, (1, 0, 0)), (0, (0, 0, 0))],
)
def test_split_sizes(count, sizes):
    sides = split(count, seed=1)

    assert tuple(sides.count(side) for side in ("training", "validation", "testing")) == sizes


def test_split_is_shuffled_and_seeded():
    assert split(100, 1) == split(100, 1) != split(100, 2)
    assert split(100, 1) != sorted(split(100, 1), reverse=True)
    assert {split(10, seed)[0] for seed in range(30)} == {"training", "validation", "testing"}


def test_no_image_is_on_two_sides(tmp_path):
    synthesize(tmp_path / "db", actors=8, movies=3, images=4)
    prepare(tmp_path / "db", tmp_path / "out")
    rows = read_table(tmp_path / "out").rows

    files = [(tmp_path / "out" / row.path).read_bytes() for row in rows]
    assert len(set(files)) == len(files) == len({row.path for row in rows})


def test_images_are_padded_with_black_to_the_middle_of_a_square():
    picture = square(Image.new("RGB", (8, 16), "white"))

    pixels = np.asarray(picture)
    assert pixels.shape == (130, 130, 3)
    # Of 16 columns the middle 8 are white: 32.5 to 97.5 of 130, give or take the smoothing of the edge.
    assert (pixels[:, :28] == 0).all() and (pixels[:, 102:] == 0).all()
    assert (pixels[:, 40:90] == 255).all()


def test_pixels_for_a_network(tmp_path):
    Image.fromarray(np.array([[[255, 0, 0], [0, 0, 255]]], np.uint8)).save(tmp_path / "p.png")

    assert read_pixels(tmp_path / "p.png", (1, 2)).tolist() == [[[255, 0, 0], [0, 0, 255]]]
    assert read_pixels(tmp_path / "p.png", (1, 2), mirrored=True).tolist() == [[[0, 0, 255], [255, 0, 0]]]
    assert read_pixels(tmp_path / "p.png", (4, 6), grey=True).shape == (4, 6, 1)


def test_table_gives_classes(tmp_path):
    rows = [Row("b", "Zora", "FEAR", "testing"), Row("a", "Asha", "NEUTRAL", "training")]
    write_table(tmp_path, rows)
    table = read_table(tmp_path)

    assert table.rows == rows
    assert (table.actors, table.expressions) == (["Asha", "Zora"], ["NEUTRAL", "FEAR"])
    assert (table.identity().tolist(), table.expression().tolist()) == ([1, 0], [1, 0])
    assert table.places("training").tolist() == [1]


def test_a_missing_table_says_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match="python -m case_study prepare"):
        read_table(tmp_path)
