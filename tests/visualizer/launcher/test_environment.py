"""What of the server's environment reaches scripts."""
import os

import pytest

from visualizer.launcher.environment import is_allowed, script_environment

SERVER = {
    "PATH": "/usr/bin",
    "HOME": "/home/me",
    "LC_ALL": "de_DE.UTF-8",
    "CUDA_VISIBLE_DEVICES": "1",
    "VISUALIZER_SECRET_KEY": "secret",
    "SECRET_KEY": "secret",
    "BOKEH_SECRET_KEY": "secret",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "HTTPS_PROXY": "http://me:secret@proxy:8080",
    "HTTP_PROXY": "http://proxy:8080",
    "PYTHONPATH": "/srv/visualizer",
    "PYTHONSTARTUP": "/srv/startup.py",
}


def test_only_what_is_listed_comes_through():
    environment = script_environment(SERVER, "/instance/script_path")
    assert environment == {
        "PATH": "/usr/bin",
        "HOME": "/home/me",
        "LC_ALL": "de_DE.UTF-8",
        "CUDA_VISIBLE_DEVICES": "1",
        "HTTP_PROXY": "http://proxy:8080",
        "PYTHONPATH": "/instance/script_path",
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
    }


def test_what_the_user_adds():
    extra = {"EPOCHS": "3", "VISUALIZER_X": "1", "flask_env": "1", "PYTHONPATH": "/mine", "PYTHONUTF8": "0"}
    environment = script_environment(SERVER, "/own", extra)
    assert environment["EPOCHS"] == "3"
    assert "VISUALIZER_X" not in environment and "flask_env" not in environment
    assert environment["PYTHONPATH"] == f"/own{os.pathsep}/mine"
    assert environment["PYTHONUTF8"] == "1"


@pytest.mark.parametrize("name", ["VISUALIZER_SECRET_KEY", "visualizer_x", "SECRET_KEY", "HF_TOKEN", "MAIL_PASSWORD"])
def test_secrets_are_not_allowed(name):
    assert not is_allowed(name)
