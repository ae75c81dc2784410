"""Following a progress file that grows, is cut, replaced or nonsense."""
import tracemalloc

import numpy as np
import pytest

from visualization_files import progress
from visualization_files.layout import BadFileError
from visualization_files.progress import ProgressReader
from visualization_files.writer import ProgressWriter


def test_only_new_rows_come_and_a_cut_line_waits(tmp_path):
    path = tmp_path / "training_progress.txt"
    writer = ProgressWriter(path, ["progress", "accuracy", "loss", "learning rate"])
    reader = ProgressReader(path)
    writer.row([0.0, 0.5, 2.0, 0.1])
    np.testing.assert_array_equal(reader.read(), [[0.0, 0.5, 2.0, 0.1]])
    assert reader.columns == ("progress", "accuracy", "loss", "learning_rate")
    assert reader.read().shape == (0, 4)
    writer.close()
    with path.open("ab") as file:
        file.write(b"0.1 nan 1.5")
        file.flush()
        assert len(reader.read()) == 0
        file.write(b"5 0.1\n")
    np.testing.assert_array_equal(reader.read(), [[0.1, np.nan, 1.55, 0.1]])


def test_the_thesis_own_file_has_three_columns(tmp_path):
    path = tmp_path / "training_progress.txt"
    path.write_text("0.0 0.109375 2.3\n0.002 0.14 2.2\n")
    assert ProgressReader(path).read().tolist() == [[0.0, 0.109375, 2.3], [0.002, 0.14, 2.2]]


def test_a_long_file_comes_whole_in_little_memory(tmp_path):
    path = tmp_path / "training_progress.txt"
    path.write_bytes(b"# progress accuracy loss\n" + b"1 2 3\n" * 300_000)
    tracemalloc.start()
    rows = ProgressReader(path).read()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert rows.shape == (300_000, 3) and (rows == [1, 2, 3]).all()
    assert most < 4 * rows.nbytes + 200e6


def test_a_file_without_end_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "MAX_NUMBERS", 1000)
    path = tmp_path / "training_progress.txt"
    path.write_bytes(b"1 2 3\n" * 400)
    with pytest.raises(BadFileError, match="more than 1000 numbers"):
        ProgressReader(path).read()


def test_nonsense_without_end_is_a_sentence_until_there_is_another_file(tmp_path):
    path = tmp_path / "training_progress.txt"
    path.write_bytes(b"x\n" * 1_500_000)
    reader = ProgressReader(path)
    for _ in range(2):
        with pytest.raises(BadFileError, match="lines that are no rows"):
            reader.read()
    path.write_bytes(b"1 2 3\n")
    assert reader.read().tolist() == [[1, 2, 3]]


@pytest.mark.parametrize("content", [
    b"1" * 3_000_000 + b" 2 3\n" + b"1 2 3\n" * 100_000, b"# " + b"x" * 3_000_000 + b" a b\n1 2 3\n",
])  # fmt: skip
def test_what_is_far_too_long_takes_no_memory(tmp_path, content):
    path = tmp_path / "training_progress.txt"
    path.write_bytes(content)
    tracemalloc.start()
    reader = ProgressReader(path)
    reader.read()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 1e9 and max(map(len, reader.columns)) <= 200


def test_lines_that_are_no_rows_are_passed_over(tmp_path):
    path = tmp_path / "training_progress.txt"
    path.write_bytes(b"0 1 2\nhello\n1 2\n\xff\xfe\n3 4 5\n")
    assert ProgressReader(path).read().tolist() == [[0, 1, 2], [3, 4, 5]]


def test_a_new_run_is_another_generation(tmp_path):
    path = tmp_path / "training_progress.txt"
    path.write_text("0 1 2\n1 1 2\n")
    reader = ProgressReader(path)
    reader.read()
    path.unlink()
    assert reader.read().shape == (0, 3) and reader.generation == 1
    path.write_text("0 0 9\n")
    assert reader.read().tolist() == [[0, 0, 9]]
