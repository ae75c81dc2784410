"""Pages to make a user, log in and log out."""

from flask import Blueprint, current_app, flash, redirect, render_template, request, session, url_for
from flask_login import current_user, login_required, login_user, logout_user

from visualizer.addresses import is_own_page
from visualizer.forms import CreateUserForm, LoginForm
from visualizer.operations import users
from visualizer.storage import BadInputError

blueprint = Blueprint("accounts", __name__)


@blueprint.route("/create_user", methods=["GET", "POST"])
def create_user():
    if not current_app.config["REGISTRATION_OPEN"]:
        flash("New users are made by the administrator of this server.", "info")
        return redirect(url_for("accounts.login"))
    form = CreateUserForm()
    if form.validate_on_submit():
        try:
            user = users.create_user(form.name.data, form.password.data)
        except BadInputError as error:
            form.name.errors.append(str(error))
        else:
            flash(f"The user {user.name} was created. You can log in now.", "success")
            return redirect(url_for("accounts.login"))
    return render_template("create_user.html", form=form), 422 if form.errors else 200


@blueprint.route("/login", methods=["GET", "POST"])
def login():
    if current_user.is_authenticated:
        return redirect(url_for("runs.index"))
    form = LoginForm()
    if form.validate_on_submit():
        if user := users.check_login(form.name.data, form.password.data):
            session.clear()
            login_user(user)
            session.permanent = True
            target = request.args.get("next", "")
            return redirect(target if is_own_page(target) else url_for("runs.index"))
        form.password.errors.append("User name and password do not belong together.")
    return render_template("login.html", form=form), 422 if form.errors else 200


@blueprint.post("/logout")
@login_required
def logout():
    logout_user()
    session.clear()
    flash("You are logged out.", "success")
    return redirect(url_for("accounts.login"))
