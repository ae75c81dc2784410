"""A database made by an earlier version comes up to date, and its users and files are still there."""
import flask_migrate

from visualizer.app import create_app
from visualizer.database import prepare_database
from visualizer.extensions import db
from visualizer.models import FileMeta
from visualizer.operations import users
from visualizer.passwords import hash_password

_USER = "INSERT INTO user VALUES (1, 'annie', 'annie', :hash, 'token', 0, '2026-01-01 00:00:00')"
_FILE = "INSERT INTO file_meta VALUES (1, 1, 'mnist.py', 'mnist.py', '2026-01-01 00:00:00')"


def test_users_and_files_of_an_earlier_version_are_kept(tmp_path, quick_passwords):
    app = create_app({"TESTING": True, "WTF_CSRF_ENABLED": False}, instance=tmp_path)
    with app.app_context():
        flask_migrate.upgrade(revision="1056dacec1ad")
        db.session.execute(db.text(_USER), {"hash": hash_password("long enough")})
        db.session.execute(db.text(_FILE))
        db.session.commit()
    prepare_database(app)
    client = app.test_client()
    assert client.post("/login", data={"name": "annie", "password": "long enough"}).status_code == 302
    assert "mnist.py" in client.get("/uploads").text
    with app.app_context():
        flask_migrate.downgrade(revision="1056dacec1ad")
        assert db.session.query(FileMeta.filename).scalar() == "mnist.py"
        flask_migrate.upgrade()
        assert users.find_user("annie").name == "annie"
