"""What the server keeps to itself, and what it says of itself at its start."""
import os
import stat

import pytest

from visualizer.app import create_app
from visualizer.config import DEFAULTS
from visualizer.database import prepare_database
from visualizer.web_server import openness


@pytest.mark.skipif(os.name == "nt", reason="rights of files are other ones there")
def test_nobody_else_reads_what_is_stored_whatever_the_umask(tmp_path):
    instance = tmp_path / "instance"
    (instance / "user_storage").mkdir(parents=True, mode=0o755)
    (instance / "secret_key").write_text("k" * 64)
    before = os.umask(0o000)
    try:
        app = create_app({"TESTING": True}, instance=instance)
        prepare_database(app)
        app.test_client().get("/login")
    finally:
        os.umask(before)
    for name in ("secret_key", "visualizer.db", "user_storage"):
        assert stat.S_IMODE((instance / name).stat().st_mode) & 0o077 == 0, name


@pytest.mark.parametrize("key", ["dev", "k" * 31])
def test_a_short_key_is_refused(tmp_path, key):
    with pytest.raises(ValueError, match="SECRET_KEY is too short"):
        create_app({"SECRET_KEY": key}, instance=tmp_path)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, []),
        ({"HOST": "0.0.0.0"}, ["pages on 0.0.0.0:5000, plots on 0.0.0.0:5006", "Anybody who", "no encryption"]),
        ({"HOST": "0.0.0.0", "REGISTRATION_OPEN": False}, ["create-user alone", "no encryption"]),
        ({"BOKEH_HOST": "::"}, ["pages on 127.0.0.1:5000, plots on :::5006"]),
        ({"PROXIES": 1, "REGISTRATION_OPEN": False}, ["reverse proxy lets through", "create-user alone"]),
    ],
)
def test_it_says_what_is_open_to_whom(settings, said):
    text = "\n".join(openness({**DEFAULTS, **settings}))
    assert bool(text) == bool(said) and all(part in text for part in said)
    assert ("Anybody who" in text) == (bool(said) and settings.get("REGISTRATION_OPEN", True))
