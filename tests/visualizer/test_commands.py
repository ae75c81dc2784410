"""The command line: the database is never emptied by mistake, users are made and refused, old databases come along."""
import socket

import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from click.testing import CliRunner
from sqlalchemy import text

from visualizer.__main__ import main
from visualizer.app import create_app
from visualizer.extensions import db
from visualizer.operations import users

FIRST_REVISION = "1056dacec1ad"


@pytest.fixture
def instance(tmp_path, monkeypatch):
    monkeypatch.setenv("VISUALIZER_INSTANCE", str(tmp_path / "instance"))
    return tmp_path / "instance"


def call(*arguments, typed=""):
    return CliRunner().invoke(main, arguments, input=typed)


def names(instance):
    with create_app(instance=instance).app_context():
        return list(db.session.scalars(db.select(db.text("name")).select_from(db.text("user"))))


def make_annie():
    answer = call("create-user", "annie", "--password", "long enough")
    assert answer.exit_code == 0, answer.output


def test_making_the_database_again_keeps_what_is_in_it(instance):
    make_annie()
    assert "The database is ready." in call("init-db").output
    assert names(instance) == ["annie"]


@pytest.mark.parametrize("typed", ["no\n", "y\n", "YES please\n", ""])
def test_a_reset_needs_a_typed_yes(instance, typed):
    make_annie()
    answer = call("init-db", "--reset", typed=typed)
    assert answer.exit_code == 1
    assert names(instance) == ["annie"]


def test_a_reset_with_a_typed_yes_empties_it(instance):
    make_annie()
    assert call("init-db", "--reset", typed="yes\n").exit_code == 0
    assert names(instance) == []
    make_annie()


@pytest.mark.parametrize(
    ("name", "password", "sentence"),
    [
        ("anna", "long enough", "needs 5 to 20 characters"),
        ("../..", "long enough", "letters, digits and underscores only"),
        ("ANNIE", "long enough", "This user name is taken."),
        ("annie_2", "short", "at least 8 characters"),
    ],
)
def test_bad_users_are_refused_with_the_reason(instance, name, password, sentence):
    make_annie()
    answer = call("create-user", name, "--password", password)
    assert answer.exit_code == 1 and sentence in answer.output
    assert names(instance) == ["annie"]


def test_an_administrator_is_made_only_on_the_command_line(instance):
    assert call("create-user", "chief", "--password", "long enough", "--admin").exit_code == 0
    with create_app(instance=instance).app_context():
        assert users.find_user("chief").is_admin


def test_a_demo_whose_port_is_taken_says_so_and_changes_nothing(instance, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setenv("VISUALIZER_PORT", str(port))
        answer = call("demo")
    assert answer.exit_code == 1 and f"cannot listen on 127.0.0.1:{port}" in answer.output
    assert "VISUALIZER_PORT" in answer.output
    assert not (instance / "visualizer.db").exists()


def test_a_user_becomes_an_administrator_and_a_user_again(instance):
    make_annie()
    for arguments, is_admin in ((("annie",), True), (("ANNIE", "--off"), False)):
        assert call("set-admin", *arguments).exit_code == 0
        with create_app(instance=instance).app_context():
            assert users.find_user("annie").is_admin is is_admin
    answer = call("set-admin", "nobody")
    assert answer.exit_code == 1 and "nobody" in answer.output


def test_the_first_tables_with_rows_in_them_come_along_to_the_newest(instance):
    app = create_app(instance=instance)
    with app.app_context():
        flask_migrate.upgrade(revision=FIRST_REVISION)
        db.session.execute(
            text(
                "INSERT INTO user (name, name_key, password_hash, session_token, is_admin, created) "
                "VALUES ('annie', 'annie', 'x', 'y', 0, '2026-01-01 00:00:00')"
            )
        )
        db.session.execute(
            text(
                "INSERT INTO file_meta (owner_id, filename, name_key, uploaded) "
                "VALUES (1, 'a.py', 'a.py', '2026-01-01 00:00:00')"
            )
        )
        db.session.commit()
    assert call("init-db").exit_code == 0
    with app.app_context():
        assert [file.filename for file in users.find_user("annie").files] == ["a.py"]


def test_the_migrations_make_the_tables_of_the_models(instance):
    assert call("init-db").exit_code == 0
    with create_app(instance=instance).app_context(), db.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), db.metadata) == []
