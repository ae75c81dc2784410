"""Following a progress file that grows, is cut, replaced or nonsense."""
import numpy as np

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
