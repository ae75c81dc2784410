"""How Alembic reaches the database: through the engine of the Flask application."""
from alembic import context
from flask import current_app

_db = current_app.extensions["migrate"].db


def _run() -> None:
    with _db.engine.connect() as connection:
        # SQLite cannot change a column in place: tables are copied instead.
        context.configure(connection=connection, target_metadata=_db.metadata, render_as_batch=True)
        with context.begin_transaction():
            context.run_migrations()


_run()
