"""An application with two users and a script of one of them, and a launcher that starts nothing."""
import io
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from argon2 import PasswordHasher

# The helper beside this file is no package, as pytest imports every test file by its path.
sys.path.append(str(Path(__file__).parent))

from visitor import Visitor  # noqa: E402

from visualization_files.writer import dump  # noqa: E402
from visualizer import passwords  # noqa: E402
from visualizer.app import create_app  # noqa: E402
from visualizer.database import prepare_database  # noqa: E402
from visualizer.launcher.base import Status  # noqa: E402
from visualizer.operations import users  # noqa: E402

PASSWORD = "long enough"


class NoLauncher:
    """Says of each run that it runs, and starts no process."""

    def start(self, order):
        return self.poll()

    def poll(self, *_where):
        return Status("running", 1, 1.0, None, 1.0, None, "")

    def stop(self, *_where, **_how):
        pass

    def usage(self, _number):
        return None

    def forget(self, _number):
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


@pytest.fixture
def visitor(servers):
    """Makes clients of the running servers."""
    return lambda: Visitor(servers)


@pytest.fixture(scope="session")
def people(servers):
    """Two users of the running servers, the first with a script and its results, and a stranger."""
    owner, other, stranger = Visitor(servers).join("owner_1"), Visitor(servers).join("other_1"), Visitor(servers)
    assert owner.upload("mine.py", "print('a secret of the owner')").status == 302
    results = Path(servers.instance, "user_storage", "owner_1", "mine", "results")
    results.mkdir()
    (results / "training_progress.txt").write_text("# progress accuracy loss secret_column\n0.5 0.1 2.0 3.0\n")
    (results / "layer_activations.pickle").write_bytes(dump([("secret_layer", np.zeros((2, 4, 4), np.uint8))]))
    return owner, other, stranger


@pytest.fixture
def make_servers(servers, tmp_path):
    """Starts a further pair as docs/security.md sets it up behind a proxy, with one user."""

    def make():
        ports = []
        for _ in range(3):
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                ports.append(probe.getsockname()[1])
        instance = tmp_path / "proxied"
        instance.mkdir()
        running = type(servers)(instance, *ports[:2], settings={
            "VISUALIZER_PROXIES": "1",
            "VISUALIZER_PUBLIC_HOSTS": f"localhost:{ports[2]}",
            "VISUALIZER_BOKEH_URL": f"https://localhost:{ports[2]}/plots",
            "VISUALIZER_REGISTRATION_OPEN": "False",
        })  # fmt: skip
        command = [sys.executable, "-m", "visualizer", "create-user", "annie_1", "--password", PASSWORD]
        root = Path(__file__).resolve().parents[2]
        subprocess.run(command, cwd=root, env={**os.environ, "VISUALIZER_INSTANCE": str(instance)}, check=True)
        running.start()
        return running, ports[2]

    return make
