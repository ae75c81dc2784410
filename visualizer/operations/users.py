"""Making users, checking who they are, and giving them new passwords."""

import hashlib
import secrets

from flask import current_app
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from visualizer.extensions import db
from visualizer.models import User
from visualizer.operations.sessions import end_all_sessions
from visualizer.passwords import hash_password, password_matches
from visualizer.storage import BadInputError

RESET_HOURS = 24


def create_user(name: str, password: str, is_admin: bool = False) -> User:
    """Make a user.

    Raises:
        BadInputError: if the name is taken, also in another case.
    """
    user = User(name=name, name_key=name.lower(), password_hash=hash_password(password), is_admin=is_admin)
    db.session.add(user)
    try:
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        raise BadInputError("This user name is taken. Choose another one.") from None
    return user


def find_user(name: str) -> User | None:
    """The user of this name, in whatever case."""
    return db.session.scalar(select(User).filter_by(name_key=name.lower()))


def check_login(name: str, password: str) -> User | None:
    """The user, if name and password belong together. It takes as long if there is no such user."""
    user = find_user(name)
    return user if password_matches(user.password_hash if user else None, password) else None


def set_password(user: User, password: str) -> None:
    """Give a user a new password. All sessions end, and links to reset the old one are void."""
    user.password_hash = hash_password(password)
    end_all_sessions(user)


def reset_token(user: User, lock: bool = False) -> str:
    """What a link has to carry that lets this user choose a new password; it works once, for a day.

    Args:
        user: who has forgotten the password, or lost it to somebody.
        lock: make the present password void at once, and end all sessions.
    """
    if lock:
        set_password(user, secrets.token_urlsafe(32))
    return _resets().dumps([user.id, _fingerprint(user)])


def user_of_reset(token: str) -> User | None:
    """The user whom a link lets choose a password; None where it is forged, used or too old."""
    try:
        number, fingerprint = _resets().loads(token, max_age=RESET_HOURS * 3600)
    except (BadData, ValueError, TypeError):
        return None
    user = db.session.get(User, number)
    return user if user and _fingerprint(user) == fingerprint else None


def _resets() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="password-reset")


def _fingerprint(user: User) -> str:
    """Changes with the password, so that a link is void once it was used."""
    return hashlib.sha256(user.password_hash.encode()).hexdigest()[:32]
