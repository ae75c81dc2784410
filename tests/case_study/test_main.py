"""The command line, step by step and from end to end on a few drawn faces."""

import json
import subprocess
import sys

import numpy as np
import pytest

from case_study.__main__ import COMMANDS, main
from case_study.table import read_table

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy")  # Keras' own


def run(*arguments):
    return main([str(argument) for argument in arguments])


def test_the_whole_study_on_a_few_drawn_faces(tmp_path, capsys):
    faces, others, data, backbone = (tmp_path / name for name in ("faces", "others", "data", "backbone.keras"))

    assert run("synthesize", faces, "--actors", 4, "--movies", 4, "--images", 4) == 0
    assert run("synthesize", others, "--actors", 3, "--movies", 1, "--images", 8, "--seed", 1, "--clean") == 0
    assert run("prepare", faces, data) == 0
    assert run("prepare", others, tmp_path / "others_data") == 0
    assert run("backbone", backbone, "--data", tmp_path / "others_data", "--epochs", 1, "--length", 16) == 0
    assert run("features", "--data", data, "--backbone", backbone, "--mirrored") == 0
    assert run("train", "B", "e", "--data", data, "--seeds", 2, "--epochs", 1) == 0
    assert run("report", "--data", data) == 0

    drawn = json.loads((faces / "drawn.json").read_text())
    table = read_table(data)
    assert len(table.rows) == drawn["kept"] and len(table.actors) == 3, "the last one of four has no labels"
    features = np.load(data / "features.npy")
    assert features.shape == (2 * len(table.rows), 16) and (features >= 0).all() and features.any()
    kept = {path.stem: json.loads(path.read_text()) for path in (data / "results").iterdir()}
    assert sorted(kept) == ["B_0", "B_1", "E_0", "E_1"]
    report = (data / "report.md").read_text()
    for letter, result in kept.items():
        assert 0 <= result["testing"]["identification"]["accuracy"] <= 1, letter
    mean = np.mean([kept[f"E_{seed}"]["testing"]["identification"]["accuracy"] for seed in (0, 1)])
    assert f"{mean:.5f} ±" in report and "E - B | 2 |" in report and "These are drawn faces" in report
    assert "E, seed 1: accuracy" in capsys.readouterr().out


def test_what_was_trained_before_is_not_trained_again(data, study, capsys):
    arguments = ("train", "A", "--data", data, "--epochs", 1)
    assert run(*arguments) == run(*arguments) == run(*arguments, "--seeds", 2) == run(*arguments, "--again") == 0
    assert run("train", "A", "--data", data, "--epochs", 2) == 0

    lines = [line.split(":")[0] + line[line.index(":") :][:9] for line in capsys.readouterr().out.splitlines()]
    assert [line for line in lines if line.startswith("A, seed")] == [
        "A, seed 0: accurac", "A, seed 0: trained", "A, seed 0: trained", "A, seed 1: accurac",
        "A, seed 0: accurac", "A, seed 0: accurac",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("prepare", "{folder}", "{folder}/out"), "no face database here. Expected folders <Actor>/<Movie>"),
        (("synthesize", "{folder}"), "folder for the drawn database is not empty"),
        (("backbone", "x.keras", "--data", "{folder}"), "python -m case_study prepare"),
        (("features", "--data", "{folder}"), "python -m case_study prepare"),
        (("train", "all", "--data", "{folder}"), "python -m case_study prepare"),
        (("report", "--data", "{folder}"), "python -m case_study train"),
    ],
)
def test_a_step_without_the_one_before_says_what_to_do(tmp_path, capsys, command, message):
    (tmp_path / "prepare.json").write_text('{"drawn": true}')

    assert run(*(part.format(folder=tmp_path) for part in command)) == 1

    error = capsys.readouterr().err
    assert error.startswith("error: ") and message in error


def test_features_without_weights_say_where_they_come_from(data, capsys):
    assert run("features", "--data", data) == 1
    assert "https://github.com/rcmalli/keras-vggface/releases" in capsys.readouterr().err


def test_train_before_features_says_what_to_do(data, capsys):
    assert run("train", "E", "--data", data) == 1
    assert "python -m case_study features" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [(), ("fly",), ("train",), ("train", "J"), ("features", "--preprocessing", "x")])
def test_a_wrong_command_line_is_explained(arguments, capsys):
    with pytest.raises(SystemExit) as error:
        run(*arguments)

    assert error.value.code == 2 and "usage: python -m case_study" in capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help(command, capsys):
    with pytest.raises(SystemExit) as end:
        run(command, "--help")

    assert end.value.code == 0 and COMMANDS[command] in capsys.readouterr().out


def test_as_a_program(tmp_path, child_environment):
    command = [sys.executable, "-X", "importtime", "-m", "case_study", "prepare", tmp_path, tmp_path / "out"]

    ended = subprocess.run(command, env=child_environment, capture_output=True, text=True)

    assert ended.returncode == 1
    assert "error: There is no face database here." in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "keras" not in ended.stderr and "tensorflow" not in ended.stderr, "preparing needs no Keras"
