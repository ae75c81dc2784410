"""The Flask extensions, made once and bound to the application in `create_app`."""

import sqlite3

from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from sqlalchemy import Engine, event

db = SQLAlchemy()
migrate = Migrate()
csrf = CSRFProtect()
login_manager = LoginManager()
login_manager.login_view = "accounts.login"
login_manager.login_message = "Log in to see this page."
login_manager.login_message_category = "info"
login_manager.session_protection = "basic"


@event.listens_for(Engine, "connect")
def _set_up_sqlite(connection, _record) -> None:
    """Readers do not wait for the writer, and rows cannot point at rows that are gone."""
    if isinstance(connection, sqlite3.Connection):
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=10000"):
            connection.execute(f"PRAGMA {pragma}")
