"""The server as a process: its command line, its end, and whom it answers."""
import os
import signal
import subprocess
import sys
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from bokeh.util.token import generate_session_id
from page_bed import KEY


def test_without_a_key_it_refuses_with_a_sentence(tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != "VISUALIZER_BOKEH_KEY"}
    done = subprocess.run(
        [sys.executable, "-m", "custom_bokeh", "--storage", str(tmp_path)],
        env=environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert "VISUALIZER_BOKEH_KEY" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows ends processes without asking them")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly(bed, number):
    bed.process.send_signal(number)
    assert bed.process.wait(10) == 0


def test_a_port_that_is_taken_is_a_sentence(bed, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "custom_bokeh", "--storage", str(tmp_path), "--port", str(bed.port)],
        env={**os.environ, "VISUALIZER_BOKEH_KEY": KEY}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert "cannot listen" in done.stderr
    assert "Traceback" not in done.stderr


def status(bed, path, **headers):
    try:
        with urlopen(Request(f"http://localhost:{bed.port}{path}", headers=headers), timeout=10) as answer:
            return answer.status
    except HTTPError as error:
        return error.code


def test_only_signed_sessions_are_answered(bed):
    autoload = "/training_progress/autoload.js?bokeh-autoload-element=1"
    signed = generate_session_id(KEY.encode(), signed=True)
    forged = generate_session_id(b"another key", signed=True)
    assert status(bed, autoload) == 403
    assert status(bed, autoload, **{"Bokeh-Session-Id": forged}) == 403
    assert status(bed, autoload, **{"Bokeh-Session-Id": signed}) == 200
    assert status(bed, "/training_progress") == 403
    assert status(bed, "/") == 404
