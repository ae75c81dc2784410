"""The folder from which scripts import our callbacks."""
import os
import subprocess
import sys
from pathlib import Path

import pytest

from visualizer.launcher.environment import script_environment
from visualizer.launcher.script_path import PACKAGES, make_script_path


def test_shows_the_packages_for_scripts_and_nothing_else(tmp_path):
    folder = make_script_path(tmp_path / "script_path")
    assert sorted(path.name for path in folder.iterdir()) == sorted(PACKAGES)
    assert not (folder / "visualizer").exists()


def test_scripts_import_the_callbacks_with_any_python(tmp_path):
    """Without site packages, so that only what the folder shows can be found."""
    folder = make_script_path(tmp_path / "script_path")
    source = (
        "import importlib.util as u; print([bool(u.find_spec(n)) for n in "
        "('custom_keras', 'visualization_files', 'visualizer', 'custom_bokeh')])"
    )
    python = [sys.executable, "-S", "-c", source]
    environment = script_environment(os.environ, folder)
    text = subprocess.run(python, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert text.stdout.strip() == "[True, True, False, False]"


@pytest.fixture
def source(tmp_path):
    for name in ("custom_keras", "visualizer"):
        (tmp_path / "source" / name).mkdir(parents=True)
        (tmp_path / "source" / name / "__init__.py").write_text("version = 1")
    return tmp_path / "source"


def test_copies_where_links_are_not_possible(tmp_path, source, monkeypatch):
    def no_links(*args, **kwargs):
        raise OSError("A required privilege is not held by the client.")

    monkeypatch.setattr(Path, "symlink_to", no_links)
    folder = make_script_path(tmp_path / "folder", source)
    (source / "custom_keras" / "__init__.py").write_text("version = 2")
    make_script_path(folder, source)
    assert not (folder / "custom_keras").is_symlink()
    assert (folder / "custom_keras" / "__init__.py").read_text() == "version = 2"


def test_brings_an_old_folder_up_to_date(tmp_path, source):
    folder = tmp_path / "folder"
    (folder / "custom_keras").mkdir(parents=True)
    (folder / "custom_keras" / "old.py").write_text("")
    (folder / "visualizer").symlink_to(source / "visualizer")
    make_script_path(folder, source)
    make_script_path(folder, source)
    assert [path.name for path in folder.iterdir()] == ["custom_keras"]
    assert (folder / "custom_keras").resolve() == source / "custom_keras"
    assert (source / "visualizer" / "__init__.py").exists()
