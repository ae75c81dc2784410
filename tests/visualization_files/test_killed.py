"""A writer that is killed at any of its steps leaves every file whole."""
import json
import os
import subprocess
import sys

import pytest

from visualization_files.reader import read_visualization
from visualization_files.stages import StageWriter, read_stages

# Writes drawings in a process of its own, which kills itself just before its nth step on the disk. Where it has fewer
# steps it says so.
WRITER = """
import os, signal, sys
from pathlib import Path
import numpy as np
from visualization_files.stages import StageWriter
from visualization_files.writer import replace_json

folder, steps = Path(sys.argv[1]), range(1, 200)
EVENTS = {"open", "os.rename", "os.remove", "os.link", "os.mkdir", "os.rmdir", "os.truncate"}
for last in steps:
    child = os.fork()
    if not child:
        done = 0
        def watch(event, arguments):
            global done
            if event in EVENTS:
                done += 1
                if done == last:
                    os.kill(os.getpid(), signal.SIGKILL)
        writer = StageWriter(folder / str(last), "saliency_maps", limit=2)
        sys.addaudithook(watch)
        for batch in range(4):
            writer.write(np.full((40, 40, 1), batch, "uint8"), batch, batch / 4, 0.1, {"batch": batch})
            writer.skip(batch, batch / 4, "why")
        replace_json(folder / str(last) / "settings.json", {"a": 1})
        os._exit(0)
    if os.waitpid(child, 0)[1] == 0:
        print(last)
        break
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_before_each_step(tmp_path):
    done = subprocess.run([sys.executable, "-c", WRITER, str(tmp_path)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    steps = int(done.stdout)
    assert steps > 30  # so many times it was killed
    for last in range(1, steps + 1):
        results = tmp_path / str(last)
        for path in results.rglob("*") if results.exists() else []:
            if path.name.startswith(".") or path.is_dir():
                continue  # what was being written
            if path.suffix == ".pickle":
                picture = read_visualization("saliency_maps", path)
                assert picture.shape == (40, 40, 1)
                assert path.name in (f"{picture.max()}.pickle", "saliency_maps.pickle")
            elif path.suffix == ".json":
                assert json.loads(path.read_text()) == {"a": 1}
            else:
                assert all(json.loads(line) for line in path.read_text().splitlines())
        for stage in read_stages(results, "saliency_maps"):
            assert read_visualization("saliency_maps", results / stage.file).max() == stage.batch
    assert [stage.batch for stage in read_stages(tmp_path / str(steps), "saliency_maps")] == [0, 3]


def test_the_next_training_begins_anew_over_what_was_left(tmp_path):
    writer = StageWriter(tmp_path, "saliency_maps")
    (tmp_path / "stages.jsonl").write_bytes(b'{"technique": "saliency_maps", "bat')
    writer.start()
    assert not read_stages(tmp_path, "saliency_maps")
