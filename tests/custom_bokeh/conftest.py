"""What the tests of the Bokeh applications share."""
import sys
from pathlib import Path

import pytest

# The helpers beside this file are no package, as pytest imports every test file by its path.
sys.path.append(str(Path(__file__).parent))

from page_bed import PageBed  # noqa: E402
from sample_run import SampleRun  # noqa: E402

from custom_bokeh.access import Visit  # noqa: E402
from custom_bokeh.library import Library  # noqa: E402
from visualization_files.grants import Grant  # noqa: E402


@pytest.fixture
def run(tmp_path):
    """A run in an empty user storage."""
    run = SampleRun(tmp_path)
    yield run
    run.close()


@pytest.fixture
def library():
    return Library()


@pytest.fixture
def visit():
    """Makes the visit of a run's owner."""

    def make(run, name="training_progress", theme="light", **view):
        return Visit(run.folder, Grant(run.user, run.script, name), theme, view)

    return make


@pytest.fixture
def bed(tmp_path):
    """A running Bokeh server on `tmp_path`, and pages that embed it."""
    bed = PageBed(tmp_path)
    yield bed
    bed.close()


@pytest.fixture(scope="session")
def chromium(browser):
    """The browser of the whole suite; a process can drive only one."""
    return browser


@pytest.fixture
def page(chromium):
    """A tab of the browser; the test fails if a script on it does."""
    errors = []
    context = chromium.new_context(viewport={"width": 1200, "height": 900})
    tab = context.new_page()
    tab.on("pageerror", lambda error: errors.append(str(error)))
    yield tab
    context.close()
    assert errors == []
