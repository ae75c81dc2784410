"""What one can choose on the page of the training progress, without a server."""
import csv as csv_module
import io

import numpy as np
import pytest
from bokeh.models import LogScale
from sample_run import SampleRun

from custom_bokeh.progress_files import csv
from custom_bokeh.training_progress import TrainingProgress


@pytest.fixture
def component(run, library, visit):
    run.train(200)
    component = TrainingProgress(visit(run), library)
    component.update()
    return component


def with_other(run, tmp_path, library, visit, script="wider_net"):
    run.train(20)
    other = SampleRun(tmp_path, script=script, seed=5)
    other.train(150)
    other.close()
    component = TrainingProgress(visit(run), library)
    component.update()
    return component, other


def test_smoothing_draws_the_mean_beside_the_batches(component):
    component.controls.smoothing.value = "20"
    curve = component.curves["loss"]
    loss = component.feed.training.column("loss")
    assert curve.smooth.source.data["y"][-1] == pytest.approx(loss[-20:].mean())
    assert curve.line.source.data["y"][-1] == loss[-1]


def test_a_smoothed_line_grows_as_if_it_were_made_anew(run, component):
    component.controls.smoothing.value = "20"
    run.train(50)
    component.feed.refresh()
    component.update()
    loss = component.feed.training.column("loss")
    grown = component.curves["loss"].smooth.source.data["y"]
    np.testing.assert_allclose(grown, [loss[max(0, i - 19) : i + 1].mean() for i in range(250)])


def test_axes_become_logarithmic_and_begin_at_the_first_batch(component):
    component.controls.log_x.active = component.controls.log_y.active = True
    plot = component.curves["loss"].root
    assert isinstance(plot.x_scale, LogScale) and isinstance(plot.y_scale, LogScale)
    assert (component.x_range.start, component.x_range.end) == (0.01, 2.0)
    component.controls.log_x.active = False
    assert component.x_range.start == 0


def test_without_another_run_there_is_nothing_to_add(component):
    assert not component.controls.add.visible


def test_another_run_of_the_owner_is_laid_beside(run, tmp_path, library, visit):
    component, other = with_other(run, tmp_path, library, visit)
    followed = []
    component.follow = followed.append
    assert [label for _, label in component.controls.add.options] == ["choose one", "wider_net"]
    component.controls.add.value = "0"
    (line, dots), = component.curves["loss"]._others
    assert len(line.source.data["x"]) == 150 and dots.source.data["x"].tolist() == [1.0]
    assert followed == [other.folder.path]
    assert [item.label.value for item in component.curves["loss"].root.legend[0].items][0] == "wider_net"
    component.controls.remove(0)
    assert component.curves["loss"]._others == []


def test_a_run_that_is_laid_beside_grows_too(run, tmp_path, library, visit):
    component, other = with_other(run, tmp_path, library, visit)
    component.controls.add.value = "0"
    again = SampleRun(tmp_path, script="wider_net")
    again.train(7)  # it runs anew, and so begins at zero
    library.refresh(other.folder.path)
    component.update()
    assert len(component.curves["loss"]._others[0][0].source.data["x"]) == 7
    again.close()


def test_kept_runs_are_offered_and_other_people_s_are_not(run, tmp_path, library, visit):
    kept = run.folder.runs / "3" / "results"
    kept.mkdir(parents=True)
    (kept / "training_progress.txt").write_text("0.5 0.5 0.5\n")
    bob = SampleRun(tmp_path, user="bob", script="secret")
    bob.train(3)
    bob.close()
    (tmp_path / "annie" / "linked").symlink_to(tmp_path / "bob" / "secret")
    component = TrainingProgress(visit(run), library)
    assert [run.label for run in component.runs] == ["mnist_keras, run 3"]


def test_the_csv_holds_every_row_and_reads_back(component):
    rows = list(csv_module.reader(io.StringIO(csv(component.feed.training).decode())))
    assert rows[0] == ["progress", "accuracy", "loss"]
    assert len(rows) == 201
    assert float(rows[-1][2]) == component.feed.training.column("loss")[-1]


def test_a_column_that_looks_like_a_formula_is_a_text(run, library, visit):
    run.train(1, columns=["progress", "accuracy", "loss", "=cmd()"])
    component = TrainingProgress(visit(run), library)
    assert csv(component.feed.training).startswith(b"progress,accuracy,loss,\"'=cmd()\"\n")


def test_a_file_is_handed_to_the_browser_and_then_kept_no_longer(component):
    component.controls.save.value = "validation"
    assert component.screen.download_name == "mnist_keras_validation_progress.csv"
    assert component.screen.download.startswith(b"progress,accuracy,loss\n1.0,")
    assert component.controls.save.value == ""
    component.screen.downloads += 1
    assert component.screen.download is None
