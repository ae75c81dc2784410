"""Graphics processors, as a pretended nvidia-smi tells them."""
import os
import sys

import pytest

from visualizer.launcher import gpus
from visualizer.launcher.gpus import find_gpus, forget_gpus, gpu_environment

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the pretended nvidia-smi is a shell script")

TWO = """\
0, GPU-aaaa, NVIDIA H100 80GB, 00000000:1A:00.0, 81559, 1024, 35
1, GPU-bbbb, NVIDIA H100 80GB, 00000000:5B:00.0, 81559, 0, [N/A]
"""


@pytest.fixture
def smi(tmp_path, monkeypatch):
    """Makes an nvidia-smi that answers this."""

    def smi(answer, code=0):
        program = tmp_path / "nvidia-smi"
        program.write_text(f"#!{sys.executable}\nimport sys\nprint({answer!r}, end='')\nsys.exit({code})\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        forget_gpus()

    yield smi
    forget_gpus()


def test_none_is_normal(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert find_gpus() == []


def test_two(smi):
    smi(TWO)
    first, second = find_gpus()
    assert (first.index, first.identity, first.name) == (0, "GPU-aaaa", "NVIDIA H100 80GB")
    assert (first.memory_bytes, first.used_bytes, first.busy) == (81559 * 2**20, 2**30, 0.35)
    assert second.busy is None and second.device == ""


def test_device_files_by_the_drivers_own_numbers(smi, tmp_path, monkeypatch):
    (tmp_path / "0000:1a:00.0").mkdir()
    (tmp_path / "0000:1a:00.0" / "information").write_text("Model: \t H100\nDevice Minor: \t 3\n")
    monkeypatch.setattr(gpus, "_DRIVER", tmp_path)
    smi(TWO)
    assert [gpu.device for gpu in find_gpus()] == ["/dev/nvidia3", ""]


@pytest.mark.parametrize(
    ("answer", "code"),
    [("", 0), ("No devices were found\n", 6), (TWO, 9), ("NVIDIA-SMI has failed, because\n", 0), ("x, y\n", 0)],
)
def test_a_driver_that_does_not_answer_is_no_gpu(smi, answer, code):
    smi(answer, code)
    assert find_gpus() == []


@pytest.mark.parametrize(
    ("setting", "found"), [("1", ["GPU-bbbb"]), ("GPU-aaaa,1", ["GPU-aaaa", "GPU-bbbb"]), ("", [])]
)
def test_those_that_the_server_does_not_see_are_not_given_out(smi, monkeypatch, setting, found):
    smi(TWO)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", setting)
    assert [gpu.identity for gpu in find_gpus()] == found


def test_the_run_sees_its_own_alone():
    assert gpu_environment(["GPU-aaaa", "GPU-bbbb"])["CUDA_VISIBLE_DEVICES"] == "GPU-aaaa,GPU-bbbb"
    assert gpu_environment([])["CUDA_VISIBLE_DEVICES"] == ""
    assert gpu_environment([])["TF_FORCE_GPU_ALLOW_GROWTH"] == "true"
