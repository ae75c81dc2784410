"""An application with an empty instance, and clients of two users."""
import io
import time

import pytest
from argon2 import PasswordHasher

from visualizer import passwords
from visualizer.app import create_app
from visualizer.database import prepare_database
from visualizer.extensions import db
from visualizer.models import Run
from visualizer.operations import scheduler, users


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


class Queue:
    """Uploads scripts, starts them through the pages and looks after them as the server does; ends them all."""

    def __init__(self, app):
        self._app = app
        app.config.update(INTERRUPT_SECONDS=0.5, TERMINATE_SECONDS=0.5)

    @staticmethod
    def until(condition, seconds=30):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if result := condition():
                return result
            time.sleep(0.05)
        raise AssertionError(f"it did not come true within {seconds} s")

    @staticmethod
    def upload(client, name, source=b"import time; time.sleep(600)"):
        assert client.post("/upload", data={"file": (io.BytesIO(source), name), "tags": ""}).status_code == 302

    @staticmethod
    def start(client, name, **data):
        return client.post(f"/uploads/{name}/run", data={"source": "none", **data}, follow_redirects=True)

    @staticmethod
    def states(client):
        return {run["filename"]: run["state"] for run in client.get("/uploads/running").json}

    def schedule(self):
        with self._app.app_context():
            return scheduler.schedule(5.0)

    def end_all(self):
        self._app.config["MAX_RUNS"] = -1  # nothing starts any more
        with self._app.app_context():
            for run in db.session.query(Run).filter_by(state="running"):
                scheduler.send_stop(run)
        self.until(self._none_runs)

    def _none_runs(self):
        with self._app.app_context():
            scheduler.schedule()
            return db.session.query(Run).filter_by(state="running").count() == 0


@pytest.fixture
def queue(app):
    queue = Queue(app)
    yield queue
    queue.end_all()
