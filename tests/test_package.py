"""What `pip install .` installs: every file of the packages, templates and migrations included."""
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("visualizer", "visualization_files", "custom_keras", "custom_bokeh", "case_study", "examples")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc")


def test_the_wheel_has_every_file_and_the_command(tmp_path):
    source = tmp_path / "source"
    for name in PACKAGES:
        shutil.copytree(ROOT / name, source / name, ignore=LEFT_OUT)
    for name in ("setup.cfg", "pyproject.toml", "requirements.txt", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    expected = {str(path.relative_to(source)) for name in PACKAGES for path in (source / name).rglob("*.*")}
    answer = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", tmp_path, source],
        capture_output=True, text=True,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        names = set(wheel.namelist())
        entry_points = next(name for name in names if name.endswith("entry_points.txt"))
        assert "visualizer = visualizer.__main__:main" in wheel.read(entry_points).decode()
    missing = {name for name in expected - names if not name.endswith(".md")}
    assert not missing
