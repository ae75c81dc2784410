"""Makes the Flask application."""

import os
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from visualizer import accounts, audit, files, kept, machine, messages, output, pages, runs, security, visualizations
from visualizer.attempts import Attempts
from visualizer.config import load_config
from visualizer.extensions import csrf, db, login_manager, migrate
from visualizer.launcher.local import LocalLauncher
from visualizer.launcher.script_path import make_script_path

MIGRATIONS = Path(__file__).parent / "migrations"


def create_app(overrides: dict[str, Any] | None = None, instance: str | Path | None = None) -> Flask:
    """The application, ready to be served.

    Args:
        overrides: settings that win over `instance/config.py` and the environment.
        instance: the instance folder; `VISUALIZER_INSTANCE` or Flask's default where None.
    """
    instance = instance or os.environ.get("VISUALIZER_INSTANCE")
    app = Flask(__name__, instance_path=str(Path(instance).absolute()) if instance else None)
    folder = Path(app.instance_path)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    app.config.update(load_config(folder, overrides))
    storage = Path(app.config["USER_STORAGE"])
    storage.mkdir(parents=True, exist_ok=True, mode=0o700)
    storage.chmod(storage.stat().st_mode & 0o700)
    app.config["MAX_CONTENT_LENGTH"] = app.config["MAX_IMAGE_BYTES"] * app.config["MAX_IMAGES"]
    db.init_app(app)
    migrate.init_app(app, db, directory=str(MIGRATIONS))
    security.init_app(app)  # before all that reads a request's body
    csrf.init_app(app)
    login_manager.init_app(app)
    pages.init_app(app)
    audit.init_app(app)
    app.extensions["attempts"] = Attempts(app)
    app.extensions["launcher"] = LocalLauncher(folder / "runs")
    app.extensions["script_path"] = make_script_path(folder / "script_path")
    for module in (accounts, files, kept, runs, machine, messages, output, visualizations):
        app.register_blueprint(module.blueprint)
    if n := app.config["PROXIES"]:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=n, x_proto=n, x_host=n, x_prefix=n)
    return app
