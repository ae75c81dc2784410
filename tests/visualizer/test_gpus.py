"""Runs that ask for graphics processors, with a pretended nvidia-smi."""
import os
import sys

import pytest

from visualizer.launcher.gpus import forget_gpus

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the pretended nvidia-smi is a shell script")
SEES = b"""
import os, time
print(os.environ["CUDA_VISIBLE_DEVICES"], os.environ["TF_FORCE_GPU_ALLOW_GROWTH"], flush=True)
time.sleep(600)
"""


@pytest.fixture
def two_gpus(tmp_path, monkeypatch):
    lines = "".join(f"{index}, GPU-{'ab'[index]}, H100, 0:0{index}:00.0, 1000, 250, 40\n" for index in (0, 1))
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!{sys.executable}\nprint({lines!r}, end='')\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    forget_gpus()
    yield
    forget_gpus()


def output(queue, client, name):
    return queue.until(lambda: client.get(f"/uploads/{name}/output/tail").json["lines"])


def test_without_gpu_nothing_of_it_is_shown(annie, mnist, queue):
    assert "GPU" not in annie.get("/uploads/mnist.py").text
    queue.start(annie, "mnist.py")
    assert "GPU" not in annie.get("/machine").text


def test_a_run_takes_what_it_asks_for_and_sees_only_that(two_gpus, annie, other, queue):
    for client, name in ((annie, "one.py"), (other, "two.py"), (annie, "none.py")):
        queue.upload(client, name, SEES)
    assert 'name="gpu_count"' in annie.get("/uploads/one.py").text
    queue.start(annie, "one.py", gpu_count="1")
    assert output(queue, annie, "one.py") == ["GPU-a true"]
    queue.start(annie, "none.py", gpu_count="0")
    assert output(queue, annie, "none.py") == [" true"]
    page = queue.start(other, "two.py", gpu_count="2").text
    assert "Place 1 of 1. GPUs: it asks for 2, and 1 of 2 are free." in page
    machine = annie.get("/machine").text
    assert "GPU 0 (H100), 40% busy, 262 MB of 1.05 GB taken" in machine
    annie.post("/uploads/one.py/stop")
    queue.until(lambda: queue.schedule() and queue.states(other)["two.py"] == "running")
    assert output(queue, other, "two.py") == ["GPU-a,GPU-b true"]


def test_more_than_there_are_is_refused_at_once(two_gpus, app, annie, mnist, queue):
    assert "It asks for 3 GPUs. This machine has 2." in queue.start(annie, "mnist.py", gpu_count="3").text
    app.config["MAX_GPUS_PER_USER"] = 1
    assert "It asks for 2 GPUs. Limit on GPUs per user: 1." in queue.start(annie, "mnist.py", gpu_count="2").text
    assert queue.states(annie) == {}


def test_a_gpu_that_goes_while_a_run_waits_fails_it(two_gpus, app, annie, mnist, queue, tmp_path):
    app.config["MAX_RUNS"] = -1
    queue.start(annie, "mnist.py", gpu_count="2")
    assert queue.states(annie) == {"mnist.py": "queued"}
    (tmp_path / "nvidia-smi").unlink()
    forget_gpus()
    queue.schedule()
    told = annie.get("/uploads/running").json[-1]
    assert (told["state"], told["reason"]) == (
        "failed", "It can no longer start. It asks for 2 GPUs. This machine has none.",
    )  # fmt: skip
