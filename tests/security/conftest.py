"""An application with two users and a script of one of them, and a launcher that starts nothing."""
import io

import pytest
from argon2 import PasswordHasher

from visualizer import passwords
from visualizer.app import create_app
from visualizer.database import prepare_database
from visualizer.launcher.base import Status
from visualizer.operations import users

PASSWORD = "long enough"


class NoLauncher:
    """Says of each run that it runs, and starts no process."""

    def start(self, order):
        return self.poll()

    def poll(self, *_where):
        return Status("running", 1, 1.0, None, 1.0, None, "")

    def stop(self, *_where, **_how):
        pass


@pytest.fixture
def make_app(tmp_path, monkeypatch):
    """Makes an application; its passwords cost little, and no process is started by it."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    passwords._nobodys_hash.cache_clear()

    def make(**settings):
        settings = {"WTF_CSRF_ENABLED": False, "TESTING": True, **settings}
        app = create_app(settings, instance=tmp_path / "instance")
        prepare_database(app)
        app.extensions["launcher"] = NoLauncher()
        with app.app_context():
            for name in ("annie", "other"):
                users.create_user(name, PASSWORD)
        return app

    yield make
    passwords._nobodys_hash.cache_clear()


@pytest.fixture
def app(make_app):
    return make_app()


@pytest.fixture
def log_in():
    """A client of an application that is logged in."""

    def log_in(app, name):
        client = app.test_client()
        assert client.post("/login", data={"name": name, "password": PASSWORD}).status_code == 302
        return client

    return log_in


@pytest.fixture
def annie(app, log_in):
    return log_in(app, "annie")


@pytest.fixture
def other(app, log_in):
    return log_in(app, "other")


@pytest.fixture
def mnist(annie):
    """A script of annie's."""
    data = {"file": (io.BytesIO(b"print('hello')"), "mnist.py"), "tags": ""}
    assert annie.post("/upload", data=data).status_code == 302
    return "mnist.py"
