"""An application with an empty instance, and clients of two users."""
import io

import pytest
from argon2 import PasswordHasher

from visualizer import passwords
from visualizer.app import create_app
from visualizer.database import prepare_database
from visualizer.operations import users


@pytest.fixture
def quick_passwords(monkeypatch):
    """Hashes that cost next to nothing; the real ones take a tenth of a second each."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    passwords._nobodys_hash.cache_clear()
    yield
    passwords._nobodys_hash.cache_clear()


@pytest.fixture
def app(tmp_path, quick_passwords):
    app = create_app({"WTF_CSRF_ENABLED": False, "TESTING": True}, instance=tmp_path / "instance")
    prepare_database(app)
    with app.app_context():
        users.create_user("annie", "long enough")
        users.create_user("other", "long enough")
    return app


def _client(app, name):
    client = app.test_client()
    assert client.post("/login", data={"name": name, "password": "long enough"}).status_code == 302
    return client


@pytest.fixture
def annie(app):
    return _client(app, "annie")


@pytest.fixture
def other(app):
    return _client(app, "other")


@pytest.fixture
def mnist(annie):
    """A script of annie's."""
    data = {"file": (io.BytesIO(b"print('hello')"), "mnist.py"), "tags": ""}
    assert annie.post("/upload", data=data).status_code == 302
    return "mnist.py"
