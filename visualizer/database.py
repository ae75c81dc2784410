"""Makes the database and brings it up to date; never destroys data unless told to."""
import logging
import os

import flask_migrate
from flask import Flask

from visualizer.extensions import db


def prepare_database(app: Flask) -> None:
    """Create the tables, or apply what changed in them since the database was made."""
    # Alembic writes its steps to the log; they are of interest only when something goes wrong.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    with app.app_context():
        _keep_private(db.engine.url.database if db.engine.url.get_backend_name() == "sqlite" else None)
        flask_migrate.upgrade()


def _keep_private(path: str | None) -> None:
    """Make the file of the database, or its rights, so that only its owner can read it; its log takes them over."""
    if path and path != ":memory:":
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        os.chmod(path, 0o600)


def reset_database(app: Flask) -> None:
    """Drop all tables and make them anew. Files in the user storage stay where they are."""
    with app.app_context():
        db.drop_all()
        db.session.execute(db.text("DROP TABLE IF EXISTS alembic_version"))
        db.session.commit()
    prepare_database(app)
