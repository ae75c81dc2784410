"""Pages to make a user, log in and out, and look after one's own account."""

from flask import Blueprint, current_app, flash, redirect, render_template, request, session, url_for
from flask_login import current_user, login_required, login_user, logout_user

from visualizer import devices
from visualizer.addresses import is_own_page
from visualizer.attempts import Attempts
from visualizer.audit import record
from visualizer.forms import ChangePasswordForm, ConfirmForm, CreateUserForm, LoginForm, NewPasswordForm
from visualizer.models import User
from visualizer.operations import sessions, users
from visualizer.storage import BadInputError

blueprint = Blueprint("accounts", __name__)


def _attempts() -> Attempts:
    return current_app.extensions["attempts"]


@blueprint.route("/create_user", methods=["GET", "POST"])
def create_user():
    if not current_app.config["REGISTRATION_OPEN"]:
        flash("New users are made by the administrator of this server.", "info")
        return redirect(url_for("accounts.login"))
    form = CreateUserForm()
    if form.validate_on_submit():
        if not _attempts().may_register(request.remote_addr):
            form.name.errors = ["Too many users were made from your network. Try again in an hour."]
            return render_template("create_user.html", form=form), 429
        try:
            user = users.create_user(form.name.data, form.password.data)
        except BadInputError as error:
            form.name.errors.append(str(error))
        else:
            record("user created", user=user.name)
            flash(f"The user {user.name} was created. You can log in now.", "success")
            return redirect(url_for("accounts.login"))
    return render_template("create_user.html", form=form), 422 if form.errors else 200


@blueprint.route("/login", methods=["GET", "POST"])
def login():
    if current_user.is_authenticated:
        return redirect(url_for("runs.index"))
    form = LoginForm()
    if not form.validate_on_submit():
        return render_template("login.html", form=form), 422 if form.errors else 200
    name, asked_by = form.name.data, (request.remote_addr, devices.known_device(form.name.data))
    if seconds := _attempts().wait(name, *asked_by):
        if _attempts().is_news(name, request.remote_addr):
            record("log-in refused: too many attempts", user=_known_name(name))
        form.password.errors.append(f"Too many attempts. Try again in {_minutes(seconds)}.")
        return render_template("login.html", form=form), 429, {"Retry-After": seconds}
    if user := users.check_login(name, form.password.data):
        _attempts().succeeded(name, *asked_by)
        _begin_session(user)
        record("logged in", user=user.name)
        target = request.args.get("next", "")
        return redirect(target if is_own_page(target) else url_for("runs.index"))
    _attempts().failed(name, *asked_by)
    record("log-in failed", user=_known_name(name))
    form.password.errors.append("User name and password do not belong together.")
    return render_template("login.html", form=form), 422


@blueprint.post("/logout")
@login_required
def logout():
    record("logged out")
    sessions.end_session(current_user)
    _forget("You are logged out.")
    return redirect(url_for("accounts.login"))


@blueprint.route("/account", methods=["GET", "POST"])
@login_required
def account():
    """Change one's password; see and end the sessions in which one is logged in."""
    form = ChangePasswordForm()
    if form.validate_on_submit():
        user, asked_by = current_user._get_current_object(), (request.remote_addr, current_user.session_key)
        if seconds := _attempts().wait(user.name, *asked_by):
            form.current.errors.append(f"Too many attempts. Try again in {_minutes(seconds)}.")
        elif users.check_login(user.name, form.current.data):
            users.set_password(user, form.password.data)
            record("password changed")
            _begin_session(user)
            flash("Your password was changed. All other sessions have ended.", "success")
            return redirect(url_for("accounts.account"))
        else:
            _attempts().failed(user.name, *asked_by)
            record("password change failed")
            form.current.errors.append("This is not your current password.")
    own = [(row, sessions.is_here(row, current_user)) for row in current_user.sessions]
    page = render_template("account.html", form=form, confirm_form=ConfirmForm(formdata=None), sessions=own)
    return page, 422 if form.errors else 200


@blueprint.post("/account/sessions/end")
@login_required
def end_all_sessions():
    record("all sessions ended")
    sessions.end_all_sessions(current_user)
    _forget("You are logged out everywhere.")
    return redirect(url_for("accounts.login"))


@blueprint.post("/account/sessions/<int:number>/end")
@login_required
def end_session(number: int):
    if sessions.end_session(current_user, number):
        record("session ended", session=number)
        flash("The session was ended.", "success")
    else:
        flash("This session had ended already.", "info")
    return redirect(url_for("accounts.account"))


@blueprint.route("/reset_password/<token>", methods=["GET", "POST"])
def reset_password(token: str):
    """Choose a new password by a link that the administrator made."""
    user = users.user_of_reset(token)
    if user is None:
        flash("This link is not valid, was used already, or is older than a day. Ask for a new one.", "warning")
        return redirect(url_for("accounts.login"))
    form = NewPasswordForm()
    if form.validate_on_submit():
        users.set_password(user, form.password.data)
        record("password reset", user=user.name)
        _forget("Your password was set. You can log in now.")
        return redirect(url_for("accounts.login"))
    return render_template("reset_password.html", form=form, name=user.name), 422 if form.errors else 200


def _begin_session(user: User) -> None:
    """A new session for whoever just proved to know the password; nothing of an earlier one is kept."""
    session.clear()
    sessions.start_session(user, request.user_agent.string, request.remote_addr or "")
    login_user(user)
    session.permanent = True
    devices.remember_device(user)


def _forget(sentence: str) -> None:
    logout_user()
    session.clear()
    flash(sentence, "success")


def _known_name(name: str) -> str | None:
    """A name for the audit log. What is nobody's name may be a password in the wrong field."""
    user = users.find_user(name)
    return user.name if user else "(no such user)"


def _minutes(seconds: int) -> str:
    minutes = -(-seconds // 60)
    return "a minute" if minutes == 1 else f"{minutes} minutes"
