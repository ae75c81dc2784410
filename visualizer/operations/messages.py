"""Messages to users when a run ends: by mail or to a web hook, each sent once, and tried again where it fails."""

from datetime import timedelta

from flask import current_app
from sqlalchemy import or_, select, update

from visualizer.extensions import db
from visualizer.mail import send_mail
from visualizer.models import UNFINISHED, FileMeta, Run, User, now
from visualizer.web_hook import NotSentError, post

WAYS = ("", "mail", "web_hook")
# Minutes from one try to the next; after the last one the message is given up.
_PAUSES = (1, 5, 30, 120)


def choose(user: User, way: str, to: str) -> None:
    """Take over where a user wants messages, once a first one has arrived there. Runs that have ended are not told.

    Args:
        user: whose runs.
        way: one of `WAYS`; none at all where it is empty.
        to: a mail address, or the address of a web hook.

    Raises:
        NotSentError: if the first message cannot be sent. Nothing is changed then.
    """
    if way:
        text = f"Training Visualizer tells {user.name} here when a run ends."
        _send(way, to, "Messages of Training Visualizer", text, {})
    user.message_way, user.message_to, user.message_problem = way, to, ""
    own = select(FileMeta.id).where(FileMeta.owner_id == user.id)
    ended = Run.file_id.in_(own), Run.state.not_in(UNFINISHED)
    told = update(Run).where(*ended).values(messaged=True)
    db.session.execute(told.execution_options(synchronize_session=False))
    db.session.commit()


def send_due() -> int:
    """Send what is due; returns how many messages were tried. Several servers may do it at the same time."""
    due = _due()
    for number, tries in due:
        # Whoever counts the try sends it.
        claim = update(Run).where(Run.id == number, Run.message_tries == tries, ~Run.messaged)
        claimed = db.session.execute(claim.values(message_tries=tries + 1, message_tried=now())).rowcount
        db.session.commit()
        if claimed:
            _try(db.session.get(Run, number))
    return len(due)


def _due() -> list[tuple[int, int]]:
    """Numbers of the runs to tell of, and how often that was tried."""
    query = select(Run.id, Run.message_tries).join(FileMeta).join(User).where(User.message_way != "", ~Run.messaged)
    query = query.where(Run.state.not_in(UNFINISHED), Run.message_tries <= len(_PAUSES))
    waited = [
        (Run.message_tries == tries) & (Run.message_tried < now() - timedelta(minutes=pause))
        for tries, pause in enumerate(_PAUSES, 1)
    ]
    query = query.where(or_(Run.message_tries == 0, *waited)).order_by(Run.id)
    return [tuple(row) for row in db.session.execute(query.limit(100))]


def _try(run: Run) -> None:
    user = run.file.owner
    try:
        _send(user.message_way, user.message_to, run.end_sentence, _text(run), _facts(run))
    except NotSentError as error:
        user.message_problem = f"{run.end_sentence} This could not be told: {error}"[:300]
    else:
        run.messaged, user.message_problem = True, ""
    db.session.commit()


def _send(way: str, to: str, subject: str, text: str, facts: dict) -> None:
    config = current_app.config
    if way == "mail":
        if not config["SMTP_HOST"]:
            raise NotSentError("This server has no mail server configured.")
        send_mail(config, to, subject, text)
    else:
        # Slack and Mattermost read "text", Discord reads "content".
        post(to, {"text": text, "content": text, **facts}, frozenset(config["WEB_HOOK_HOSTS"].split()))


def _text(run: Run) -> str:
    lines = [f"{run.end_sentence} {run.reason}".strip()]
    if run.started:
        lines.append(f"It ran for {str(run.ended - run.started).partition('.')[0]}.")
    if url := _url(run):
        lines.append(url)
    return "\n".join(lines)


def _facts(run: Run) -> dict:
    times = {name: f"{time.isoformat()}Z" if (time := getattr(run, name)) else None for name in ("started", "ended")}
    return {
        "file": run.file.filename, "state": run.state, "reason": run.reason,
        "exit_code": run.exit_code, **times, "url": _url(run),
    }  # fmt: skip


def _url(run: Run) -> str:
    public = current_app.config["PUBLIC_URL"].rstrip("/")
    return f"{public}/uploads/{run.file.filename}" if public else ""
