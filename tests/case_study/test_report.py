import json
import math
import re
import xml.etree.ElementTree as ElementTree

import pytest

from case_study import thesis
from case_study.report import write_report
from case_study.train import save_result

PREPARED = {
    "drawn": True, "kept": 1010, "actors_kept": 9,
    "split": {"training": 707, "testing": 101, "validation": 202},
    "expressions": {"FEAR": 405, "ANGER": 605},
}  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    """A folder of prepared, drawn faces without any result."""
    (tmp_path / "prepare.json").write_text(json.dumps(PREPARED))
    return tmp_path


def keep(folder, letter, seed, accuracy, **changed):
    """A result with this identification accuracy on the test set, and others near it."""
    measured = {
        side: {"identification": {"accuracy": accuracy + more, "loss": 1 + more}}
        for side, more in (("validation", 0.01), ("testing", 0))
    }
    if letter in "GHI":
        for side, task in measured.items():
            task["expression"] = {"accuracy": 0.25 if side == "testing" else 0.5, "loss": 1.5}
    result = {"configuration": letter, "seed": seed, "epochs": 50, "minutes": 0.5, "data": "same", **measured}
    save_result(folder, {**result, **changed})


def rows(text, title):
    """Cells of the table under a heading, by their first."""
    section = text.split(f"## {title}")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ") and "---" not in line]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {first: rest for first, *rest in cells[1:]}


def test_tables_have_the_thesis_form(folder):
    for letter in "ABCDEFGHI":
        for seed, accuracy in enumerate((0.5, 0.7)):
            keep(folder, letter, seed, accuracy)

    text = write_report(folder)

    single, two = rows(text, "Table 5.1"), rows(text, "Table 5.2")
    assert ("".join(single), "".join(two), "".join(rows(text, "Table 5.3"))) == ("ABCDEF", "GHI", "GHI")
    # Of 0.5 and 0.7: mean 0.6, standard deviation 0.2 / sqrt(2).
    spread = f"{0.2 / math.sqrt(2):.5f}"
    assert single["A"] == [
        f"0.61000 ± {spread}, th. 0.77235", f"0.60000 ± {spread}, th. 0.75607",
        "1.01000 ± 0.00000, th. 0.90662", "1.00000 ± 0.00000, th. 0.94242",
    ]  # fmt: skip
    assert two["H"][1] == f"0.60000 ± {spread}, th. 0.77966"
    assert rows(text, "Table 5.3")["I"][:2] == ["0.50000 ± 0.00000, th. 0.52210", "0.25000 ± 0.00000, th. 0.53938"]
    assert rows(text, "Table 5.4")["H"] == ["0.50 ± 0.00", "50", "11"]
    assert (folder / "report.md").read_text() == text


def test_what_was_not_trained_is_left_open(folder):
    keep(folder, "A", 0, 0.5)

    text = write_report(folder)

    assert rows(text, "Table 5.1")["A"][1] == "0.50000, th. 0.75607", "no spread of one seed"
    assert rows(text, "Table 5.1")["B"] == [f"-, th. {figure:.5f}" for figure in thesis.IDENTIFICATION["B"]]
    assert rows(text, "Table 5.4")["B"] == ["-", "-", "8"]
    assert "Not answered: train at least two of B, E and H." in text


def test_the_question_is_answered_by_a_paired_test(folder):
    for seed, (b, e, h) in enumerate([(0.70, 0.75, 0.70), (0.71, 0.76001, 0.71), (0.72, 0.77002, 0.72)]):
        for letter, accuracy in (("B", b), ("E", e), ("H", h)):
            keep(folder, letter, seed, accuracy)

    found = rows(write_report(folder), "Does it help")

    assert found["E - B"][:2] == ["3", "+0.05001"] and found["E - B"][-1] == "E is better"
    # The thesis' own difference on the test set: 0.79030 - 0.77866.
    assert found["E - B"][4] == "+0.01164"
    assert found["H - B"][-1] == "no difference that the seeds could show" and found["H - B"][3] == "1.0000"
    assert found["E - H"][-1] == "E is better"


def test_drawn_faces_are_said_to_be_drawn(folder):
    keep(folder, "A", 0, 0.5)
    assert "**These are drawn faces.**" in write_report(folder)
    assert "drawn faces" in (folder / "report.svg").read_text()

    (folder / "prepare.json").write_text(json.dumps({**PREPARED, "drawn": False}))
    assert "drawn" not in write_report(folder)
    assert "drawn" not in (folder / "report.svg").read_text()


def test_the_data_are_described_with_what_guessing_would_reach(folder):
    keep(folder, "A", 0, 0.5)

    text = write_report(folder)

    assert "1,010 images of 9 people: 707 for training, 202 for validation, 101 for testing." in text
    assert "Always to say anger would be right about 59.9% of the expressions." in text


def test_results_of_different_features_are_not_mixed(folder):
    keep(folder, "A", 0, 0.5)
    keep(folder, "B", 0, 0.5, data="other")

    with pytest.raises(ValueError, match="different features, which cannot be compared. Delete the old ones"):
        write_report(folder)


def test_without_results_it_says_what_to_do(folder):
    with pytest.raises(ValueError, match="python -m case_study train"):
        write_report(folder)


def test_the_plot_has_a_dot_for_each_seed_at_its_height(folder):
    for seed, accuracy in enumerate((0.5, 0.6, 0.7)):
        keep(folder, "B", seed, accuracy)
    keep(folder, "E", 0, 0.8)

    write_report(folder)

    tree = ElementTree.parse(folder / "report.svg")
    dots = [(float(dot.get("cx")), float(dot.get("cy"))) for dot in tree.iter() if dot.get("fill-opacity")]
    assert len(dots) == 4
    across = [x for x, _ in dots]
    assert across[0] < across[1] < across[2] < across[3] - 100, "seeds side by side, configurations apart"
    heights = [y for _, y in dots]
    # The same step of accuracy is the same step in the picture, upwards.
    steps = [a - b for a, b in zip(heights, heights[1:], strict=False)]
    assert steps == pytest.approx([steps[0]] * 3, abs=0.11) and steps[0] > 20
    assert len(re.findall("<path", (folder / "report.svg").read_text())) == 3, "two of the thesis and the legend's"


def test_the_thesis_figures_were_typed_rightly():
    """What the thesis says about its own tables: E is best, then F, of one output; H, of two."""
    accuracy = {letter: figures[1] for letter, figures in thesis.IDENTIFICATION.items()}

    assert sorted(accuracy, key=accuracy.get, reverse=True) == list("EFHBCDIGA")
    assert {letter: len(figures) for letter, figures in thesis.IDENTIFICATION.items()} == dict.fromkeys("ABCDEFGHI", 4)
    assert sum(thesis.MINUTES.values()) == 60
