"""Stages: kept whole, thinned evenly, read in spite of what a script wrote."""
import numpy as np
import pytest

from visualization_files.reader import read_visualization
from visualization_files.stages import StageWriter, history_file, read_skipped, read_stages

MAP = np.zeros((8, 8, 1), np.uint8)


def write(writer, batch):
    writer.write(MAP, batch, batch / 10, 0.5, {"class": 3})


def batches(tmp_path, technique="saliency_maps"):
    return [stage.batch for stage in read_stages(tmp_path, technique)]


def test_a_stage_is_in_its_line_its_history_and_the_newest_file(tmp_path):
    writer = StageWriter(tmp_path, "saliency_maps")
    write(writer, 0)
    write(writer, 10)
    first, second = read_stages(tmp_path, "saliency_maps")
    assert (first.batch, second.batch, second.progress, second.seconds) == (0, 10, 1.0, 0.5)
    assert second.details == {"class": 3}
    assert (tmp_path / second.file).read_bytes() == (tmp_path / "saliency_maps.pickle").read_bytes()


def test_thinning_keeps_the_first_the_newest_and_equal_steps(tmp_path):
    writer = StageWriter(tmp_path, "saliency_maps", limit=4)
    for number in range(11):
        write(writer, number)
    # After 0..4 every second goes (0 2 4), after 6 and 8 again (0 4 8); 10 is the newest.
    assert batches(tmp_path) == [0, 4, 8, 10]
    assert len(list((tmp_path / "history/saliency_maps").iterdir())) == 4


def test_techniques_share_the_lines_and_start_alone(tmp_path):
    one, other = StageWriter(tmp_path, "saliency_maps"), StageWriter(tmp_path, "layer_activations")
    write(one, 0)
    other.write([("Layer 1: a", MAP[..., 0])], 0, 0.0, 0.1, {})
    one.start()
    assert batches(tmp_path) == []
    assert batches(tmp_path, "layer_activations") == [0]
    assert not (tmp_path / "saliency_maps.pickle").exists()


def test_an_error_is_gone_with_the_next_drawing(tmp_path):
    writer = StageWriter(tmp_path, "saliency_maps")
    writer.error("There is no input image.")
    assert (tmp_path / "saliency_maps.error.txt").read_text() == "There is no input image."
    write(writer, 0)
    assert not (tmp_path / "saliency_maps.error.txt").exists()


def test_a_skipped_drawing_is_written_down(tmp_path):
    StageWriter(tmp_path, "saliency_maps").skip(10, 1.0, "over the budget")
    assert batches(tmp_path) == []
    assert [stage.details["skipped"] for stage in read_skipped(tmp_path, "saliency_maps")] == ["over the budget"]


@pytest.mark.parametrize(
    "line",
    [
        b"no json\n", b"[1]\n", b'{"technique": "saliency_maps"}\n', b'{"technique": "saliency_maps", "batch": "x"}\n',
        b'{"technique":"saliency_maps","batch":5,"progress":1,"seconds":0,"time":0,"file":"../../secret"}\n',
        b"[" * 100_000 + b"\n", b'{"technique": "saliency_maps", "batch": 20, "prog',
    ],
)  # fmt: skip
def test_lines_that_make_no_sense_are_passed_over(tmp_path, line):
    write(StageWriter(tmp_path, "saliency_maps"), 0)
    with (tmp_path / "stages.jsonl").open("ab") as file:
        file.write(line)
    assert batches(tmp_path) == [0]


def test_a_limit_below_two_is_refused(tmp_path):
    with pytest.raises(ValueError, match="Expected 2 or more. Received: limit=1"):
        StageWriter(tmp_path, "saliency_maps", limit=1)


def test_variants_lie_beside_their_stage_and_go_with_it(tmp_path):
    writer = StageWriter(tmp_path, "saliency_maps", limit=2)
    picture = np.zeros((2, 2, 1), np.uint8)
    for batch in range(4):
        writer.write(picture, batch, batch / 4, 0.0, {}, {"guided": picture + batch})
    kept = [stage.batch for stage in read_stages(tmp_path, "saliency_maps")]
    assert kept == [0, 3]
    names = sorted(path.name for path in (tmp_path / "history" / "saliency_maps").iterdir())
    assert names == ["0.guided.pickle", "0.pickle", "3.guided.pickle", "3.pickle"]
    assert read_visualization("saliency_maps", tmp_path / history_file("saliency_maps", 3, "guided"))[0, 0, 0] == 3
