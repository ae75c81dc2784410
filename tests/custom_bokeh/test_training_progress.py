"""The component without a server: it builds, updates, skips, and survives bad files."""
import numpy as np
import pytest
from bokeh.models import ColumnDataSource

from custom_bokeh import trace
from custom_bokeh.training_progress import TrainingProgress
from visualization_files.writer import ProgressWriter


@pytest.fixture
def component(run, library, visit):
    component = TrainingProgress(visit(run), library)
    component.update()
    return component


def refresh(component):
    component.feed.refresh()
    component.update()


def test_before_the_first_batch_it_says_what_it_waits_for(component):
    assert "register_training_progress" in component.message.text
    assert component.message.visible
    assert component.curves == {}


def test_accuracy_and_loss_come_as_they_are_written(run, component):
    run.train(3)
    refresh(component)
    assert list(component.curves) == ["accuracy", "loss"]
    line = component.curves["loss"].line.source.data
    assert line["x"].tolist() == [0.01, 0.02, 0.03]
    assert line["y"].tolist() == component.feed.training.column("loss").tolist()
    assert not component.message.visible


def test_only_new_rows_are_sent(run, component, monkeypatch):
    run.train(3)
    refresh(component)
    streamed = []
    monkeypatch.setattr(ColumnDataSource, "stream", lambda source, rows: streamed.append(rows["x"].tolist()))
    run.train(2)
    refresh(component)
    assert streamed == [[0.04, 0.05], [0.04, 0.05]]


def test_nothing_is_sent_where_nothing_changed(run, component):
    run.train(3)
    refresh(component)
    before = component.curves["loss"].line.source.data
    refresh(component)
    assert component.curves["loss"].line.source.data is before


def test_validation_is_shown_at_whole_epochs(run, component):
    run.train(250)
    refresh(component)
    assert component.curves["accuracy"].dots.source.data["x"].tolist() == [1.0, 2.0]
    assert "validation" in component.curves["accuracy"].summary()


def test_a_column_without_values_gets_no_plot_and_a_sentence(run, component):
    writer = ProgressWriter(run.folder.results / "training_progress.txt", ["progress", "accuracy", "loss"])
    writer.row([0.5, np.nan, 1.0])
    writer.close()
    refresh(component)
    assert list(component.curves) == ["loss"]
    assert "without accuracy" in component.message.text


def test_further_columns_get_plots_of_their_own(run, component):
    run.train(2, columns=["progress", "accuracy", "loss", "learning_rate"])
    refresh(component)
    assert list(component.curves) == ["accuracy", "loss", "learning_rate"]


def test_a_constant_stands_halfway_up_an_axis_from_zero(run, component):
    writer = ProgressWriter(run.folder.results / "training_progress.txt", ["progress", "accuracy", "loss", "rate"])
    writer.row([0.1, 0.5, 2.0, 0.001])
    writer.row([0.2, 0.6, 1.5, 0.001])
    refresh(component)
    # Without this Bokeh draws 0.001 on an axis from -1 to 1, where it looks like 0.
    assert component.curves["rate"].root.y_range.default_span == pytest.approx(0.002)
    assert component.curves["loss"].root.y_range.default_span == 2
    writer.close()


def test_a_new_run_replaces_the_old_one(run, component):
    run.train(30)
    refresh(component)
    (run.folder.results / "training_progress.txt").unlink()
    refresh(component)
    writer = ProgressWriter(run.folder.results / "training_progress.txt", ["progress", "accuracy", "loss"])
    writer.row([0.5, 0.25, 4.0])
    writer.close()
    refresh(component)
    assert component.curves["loss"].line.source.data["y"].tolist() == [4.0]


def test_a_long_run_is_thinned_and_zooms_to_single_batches(run, component, monkeypatch):
    monkeypatch.setattr(trace, "POINTS", 50)
    run.train(1000)
    refresh(component)
    line = component.curves["loss"].line.source
    assert len(line.data["x"]) <= 54
    assert line.data["y"].max() == component.feed.training.column("loss").max()
    component.x_range.update(start=2.0, end=2.1)
    assert not component.following
    np.testing.assert_allclose(line.data["x"], np.arange(1.99, 2.115, 0.01))


def test_while_somebody_has_zoomed_the_view_stays(run, component):
    run.train(100)
    refresh(component)
    component.x_range.update(start=0.2, end=0.3)
    run.train(10)
    refresh(component)
    assert (component.x_range.start, component.x_range.end) == (0.2, 0.3)
    component.x_range.update(start=0, end=component.x_range.reset_end)
    assert component.following
    run.train(10)
    refresh(component)
    assert component.x_range.end == pytest.approx(1.2)


@pytest.mark.parametrize("content", [
    b"\x00\xff" * 1000, b"words and words\n", b"0.1 0.2\n", b"# one\n0.1\n", b"nan nan nan\n", b"inf -inf 1e999\n",
])  # fmt: skip
def test_it_survives_a_bad_file_and_recovers(run, component, content):
    path = run.folder.results / "training_progress.txt"
    path.write_bytes(content)
    refresh(component)
    path.unlink()
    refresh(component)
    run.train(2)
    refresh(component)
    assert len(component.curves["loss"].line.source.data["x"]) == 2


def test_a_link_in_place_of_the_file_is_a_sentence(run, component, tmp_path):
    (tmp_path / "secret").write_text("0.1 0.2 0.3\n")
    (run.folder.results / "training_progress.txt").symlink_to(tmp_path / "secret")
    refresh(component)
    assert "cannot be read" in component.message.text
    assert component.curves == {}
