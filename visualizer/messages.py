"""The page on which users choose whether they are told when a run ends, and where."""

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_login import current_user, login_required
from flask_wtf import FlaskForm
from limits import RateLimitItemPerHour
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from wtforms import RadioField, StringField, SubmitField
from wtforms.validators import Length

from visualizer.mail import is_address
from visualizer.operations import messages
from visualizer.web_hook import NotSentError

blueprint = Blueprint("messages", __name__)
# In the memory of the web server: nobody shall use it to send what they like to whom they like.
_tries = FixedWindowRateLimiter(MemoryStorage())


class MessagesForm(FlaskForm):
    """How and where messages are sent."""

    way = RadioField("When a run ends", choices=["", "web_hook"])
    mail = StringField(
        "Mail address",
        [Length(max=254)],
        render_kw={"type": "email", "autocomplete": "email", "data-chooses": "mail"},
    )
    web_hook = StringField(
        "Address of the web hook",
        [Length(max=500, message="An address can have at most 500 characters.")],
        description="It gets JSON by POST, with a text that Slack, Mattermost and Discord show.",
        render_kw={"type": "url", "placeholder": "https://", "autocomplete": "off", "data-chooses": "web_hook"},
    )
    submit = SubmitField("Save, and send a first message")

    @property
    def to(self) -> StringField | None:
        """The field of the address that was chosen."""
        return {"mail": self.mail, "web_hook": self.web_hook}.get(self.way.data)


@blueprint.route("/account/messages", methods=["GET", "POST"])
@login_required
def show():
    form = MessagesForm(way=current_user.message_way)
    if current_app.config["SMTP_HOST"]:
        form.way.choices = [*form.way.choices, "mail"]
    if request.method == "GET" and form.to:
        form.to.data = current_user.message_to
    if form.validate_on_submit() and not (problem := _save(form)):
        flash("A first message was sent." if form.to else "You get no messages.", "success")
        return redirect(url_for("accounts.account"))
    if form.is_submitted() and form.to and not form.errors:
        form.to.errors = [problem]
    return render_template("messages.html", form=form), 422 if form.is_submitted() else 200


def _save(form: MessagesForm) -> str:
    """Take over what was chosen; returns what is wrong, as a sentence, or nothing."""
    to = (form.to.data or "").strip() if form.to else ""
    if form.way.data == "mail" and not is_address(to):
        return "This is not a mail address."
    most = current_app.config["MESSAGES_PER_HOUR"]
    if form.way.data and not _tries.hit(RateLimitItemPerHour(most), current_app.instance_path, str(current_user.id)):
        return f"You can try {most} addresses in an hour. Try again later."
    try:
        messages.choose(current_user, form.way.data, to)
    except NotSentError as error:
        return str(error)
    return ""
