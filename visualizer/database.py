"""Makes the database and brings it up to date; never destroys data unless told to."""
import logging

import flask_migrate
from flask import Flask

from visualizer.extensions import db


def prepare_database(app: Flask) -> None:
    """Create the tables, or apply what changed in them since the database was made."""
    # Alembic writes its steps to the log; they are of interest only when something goes wrong.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    with app.app_context():
        flask_migrate.upgrade()


def reset_database(app: Flask) -> None:
    """Drop all tables and make them anew. Files in the user storage stay where they are."""
    with app.app_context():
        db.drop_all()
        db.session.execute(db.text("DROP TABLE IF EXISTS alembic_version"))
        db.session.commit()
    prepare_database(app)
