"""The demonstration: a user, the MNIST example with an input image, and a run of it."""
import io
import secrets
from contextlib import suppress
from importlib.resources import files as resources

from flask import Flask
from sqlalchemy import select

from visualizer.extensions import db
from visualizer.models import FileMeta
from visualizer.operations import runs, uploads, users
from visualizer.storage import BadInputError

DEMO_USER = "demo_user"
_SCRIPT = "mnist.py"


def prepare_demo(app: Flask) -> str:
    """Make the demo user with a new random password, upload the example and run it.

    Returns:
        The password. A user who is there already gets it as the new one, and is logged out elsewhere.
    """
    password = secrets.token_urlsafe(9)
    with app.app_context():
        user = users.find_user(DEMO_USER)
        if user is None:
            user = users.create_user(DEMO_USER, password)
        else:
            users.set_password(user, password)
        examples = resources("examples")
        file = db.session.scalar(select(FileMeta).filter_by(owner_id=user.id, name_key=_SCRIPT))
        if file is None:
            source = io.BytesIO((examples / _SCRIPT).read_bytes())
            file = uploads.upload(user, _SCRIPT, source, "example digits")
        picture = next(path for path in (examples / "images").iterdir() if path.name.endswith(".png"))
        with suppress(BadInputError):  # it runs since an earlier start
            runs.request_run(file, [(picture.name, io.BytesIO(picture.read_bytes()))], "new")
    return password
