"""Making users and checking who they are."""

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from visualizer.extensions import db, login_manager
from visualizer.models import User
from visualizer.passwords import hash_password, password_matches
from visualizer.storage import BadInputError


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


@login_manager.user_loader
def load_user(text: str) -> User | None:
    """The user of a session, unless the session was ended since."""
    number, _, token = text.partition(":")
    user = db.session.get(User, int(number)) if number.isdecimal() else None
    return user if user and user.session_token == token else None
