"""The browsers in which users are logged in: each has a row, so that it can be ended from anywhere."""

import hashlib
import secrets
from datetime import timedelta

from flask import current_app
from sqlalchemy import delete, select
from sqlalchemy.orm import joinedload

from visualizer.extensions import db, login_manager
from visualizer.models import LoginSession, User, now

# How old the note of the last use may get; each new one costs a write.
_SEEN_STEP = timedelta(minutes=5)
_BROWSERS = {"Edg/": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}
_SYSTEMS = {
    "Windows": "Windows", "Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Mac OS": "macOS", "Linux": "Linux",
}  # fmt: skip


def start_session(user: User, agent: str = "", address: str = "") -> None:
    """Make a session of a user, whose `session_key` then holds what its cookie has to carry.

    Args:
        user: who logs in.
        agent: what the browser calls itself; only a word or two of it are kept.
        address: where it asks from.
    """
    db.session.execute(delete(LoginSession).where(LoginSession.user_id == user.id, LoginSession.started < _oldest()))
    user.session_key = secrets.token_urlsafe(32)
    row = LoginSession(user_id=user.id, key_hash=_hash(user.session_key), browser=_browser(agent), address=address[:45])
    db.session.add(row)
    db.session.commit()


@login_manager.user_loader
def load_user(key: str) -> User | None:
    """The user of a session, unless it was ended since or is too old."""
    row = _find(key)
    if row is None or row.started < _oldest():
        return None
    user = row.user
    if now() - row.seen > _SEEN_STEP:
        row.seen = now()
        db.session.commit()
    user.session_key = key
    return user


def is_here(row: LoginSession, user: User) -> bool:
    """Whether this is the session that asks."""
    return row.key_hash == _hash(user.session_key)


def end_session(user: User, number: int | None = None) -> bool:
    """End one session of a user: the one that asks, or the one of this number.

    Returns:
        whether there was such a session of this user.
    """
    one = LoginSession.key_hash == _hash(user.session_key) if number is None else LoginSession.id == number
    ended = db.session.execute(delete(LoginSession).where(LoginSession.user_id == user.id, one)).rowcount
    db.session.commit()
    return bool(ended)


def end_all_sessions(user: User) -> int:
    """End all sessions of a user; returns how many there were."""
    ended = db.session.execute(delete(LoginSession).where(LoginSession.user_id == user.id)).rowcount
    db.session.commit()
    return ended


def _find(key: str) -> LoginSession | None:
    query = select(LoginSession).filter_by(key_hash=_hash(key)).options(joinedload(LoginSession.user))
    return db.session.scalar(query)


def _oldest():
    return now() - timedelta(days=current_app.config["SESSION_DAYS"])


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _browser(agent: str) -> str:
    """A word for the browser and one for the system, such as "Firefox on Linux"."""
    browser = next((name for word, name in _BROWSERS.items() if word in agent), "A program")
    system = next((name for word, name in _SYSTEMS.items() if word in agent), "")
    return f"{browser} on {system}" if system else browser
