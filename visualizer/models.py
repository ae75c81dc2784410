"""The database: users, the metadata of their files, tags and runs. Times are UTC."""

from datetime import UTC, datetime

from flask_login import UserMixin
from sqlalchemy import Column, ForeignKey, Index, String, Table, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from visualizer.extensions import db

UNFINISHED = ("queued", "running")
_UNFINISHED = text("state IN ('queued', 'running')")
_ENDS = {
    "finished": "has finished",
    "failed": "has failed",
    "stopped": "was stopped",
    "interrupted": "was interrupted",
}
STATES = (*UNFINISHED, "finished", "failed", "stopped", "interrupted")


def now() -> datetime:
    """The present in UTC, as stored: without a time zone."""
    return datetime.now(UTC).replace(tzinfo=None)


file_tags = Table(
    "file_tags",
    db.metadata,
    Column("file_id", ForeignKey("file_meta.id", ondelete="CASCADE"), primary_key=True),
    Column("tag_id", ForeignKey("tag.id", ondelete="CASCADE"), primary_key=True),
)


class User(UserMixin, db.Model):
    """Somebody who can log in."""

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))
    # The name in lower case, so that two users never differ in case alone.
    name_key: Mapped[str] = mapped_column(String(20), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    is_admin: Mapped[bool] = mapped_column(default=False)
    created: Mapped[datetime] = mapped_column(default=now)
    # How and where messages go when a run ends, and why the last one could not be sent.
    message_way: Mapped[str] = mapped_column(String(10), default="")
    message_to: Mapped[str] = mapped_column(String(500), default="")
    message_problem: Mapped[str] = mapped_column(String(300), default="")
    files: Mapped[list["FileMeta"]] = relationship(back_populates="owner")
    sessions: Mapped[list["LoginSession"]] = relationship(
        back_populates="user", order_by="LoginSession.seen.desc()", cascade="all, delete-orphan", passive_deletes=True
    )
    # What the cookie of the session that asks carries; set when it is started or found.
    session_key = ""

    def get_id(self) -> str:
        return self.session_key


class LoginSession(db.Model):
    """A browser in which a user is logged in. Its cookie is void as soon as the row is gone.

    `key_hash` is the SHA-256 of what the cookie carries, so that a copy of the database opens no session.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    started: Mapped[datetime] = mapped_column(default=now)
    seen: Mapped[datetime] = mapped_column(default=now)
    browser: Mapped[str] = mapped_column(String(60), default="")
    address: Mapped[str] = mapped_column(String(45), default="")
    user: Mapped[User] = relationship(back_populates="sessions")


class FileMeta(db.Model):
    """The metadata of an uploaded script."""

    __table_args__ = (UniqueConstraint("owner_id", "name_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    filename: Mapped[str] = mapped_column(String(104))
    name_key: Mapped[str] = mapped_column(String(104))
    uploaded: Mapped[datetime] = mapped_column(default=now)
    owner: Mapped[User] = relationship(back_populates="files")
    tags: Mapped[list["Tag"]] = relationship(secondary=file_tags, order_by="Tag.name")
    runs: Mapped[list["Run"]] = relationship(
        back_populates="file", order_by="Run.id", cascade="all, delete-orphan", passive_deletes=True
    )

    @property
    def script(self) -> str:
        """The name without its ending: its folder in the user storage."""
        return self.filename.removesuffix(".py")


class Tag(db.Model):
    """A word that files are found by, shared by all files that carry it."""

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50), unique=True)


class Run(db.Model):
    """One execution of a script. `pid` and its start time are those of its supervisor.

    A run that is `queued` and has a start time has been taken out of the queue, and is about to be started.
    """

    __table_args__ = (
        Index("ix_run_file_id_id", "file_id", "id"),
        Index("ix_run_state", "state"),
        # A script has one run at a time, however fast somebody clicks.
        Index("ix_run_unfinished", "file_id", unique=True, sqlite_where=_UNFINISHED, postgresql_where=_UNFINISHED),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("file_meta.id", ondelete="CASCADE"))
    state: Mapped[str] = mapped_column(String(12), default="queued")
    queued: Mapped[datetime] = mapped_column(default=now)
    started: Mapped[datetime | None]
    ended: Mapped[datetime | None]
    stop_asked: Mapped[datetime | None]
    # Whether the end of the epoch is to be waited for.
    stop_gently: Mapped[bool] = mapped_column(default=False)
    pid: Mapped[int | None]
    pid_started: Mapped[float | None]
    exit_code: Mapped[int | None]
    reason: Mapped[str] = mapped_column(String(500), default="")
    # Whether its owner has been told that it ended.
    announced: Mapped[bool] = mapped_column(default=False)
    # What its owner wrote into the Run dialog: words as on a command line, and NAME=value in each line.
    arguments: Mapped[str] = mapped_column(Text, default="")
    environment: Mapped[str] = mapped_column(Text, default="")
    # How many graphics processors it asked for, and which it got: their identities, separated by commas.
    gpu_count: Mapped[int] = mapped_column(default=0)
    gpus: Mapped[str] = mapped_column(Text, default="")
    # How many epochs the earlier run had trained that it goes on with; None for one that began anew.
    continued_after: Mapped[int | None]
    # Whether the message about its end has been sent, how often that was tried, and when last.
    messaged: Mapped[bool] = mapped_column(default=False)
    message_tries: Mapped[int] = mapped_column(default=0)
    message_tried: Mapped[datetime | None]
    file: Mapped[FileMeta] = relationship(back_populates="runs")

    @property
    def end_sentence(self) -> str:
        """How it ended, for its owner."""
        return f"{self.file.filename} {_ENDS[self.state]}."

    @property
    def unfinished(self) -> bool:
        return self.state in UNFINISHED

    @property
    def seconds(self) -> float:
        """How long it has been running, or ran; 0 where it has not started."""
        return ((self.ended or now()) - self.started).total_seconds() if self.started else 0.0
