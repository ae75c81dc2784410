"""The forms, with what each field accepts and the sentence for what it does not."""

from flask import current_app
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import PasswordField, StringField, SubmitField
from wtforms.validators import EqualTo, InputRequired, Length, Regexp, ValidationError


def _new_password(_form, field) -> None:
    """A password of the configured length; any characters."""
    shortest, longest = current_app.config["MIN_PASSWORD"], current_app.config["MAX_PASSWORD"]
    if len(field.data) < shortest:
        raise ValidationError(f"The password needs at least {shortest} characters; this one has {len(field.data)}.")
    if len(field.data) > longest:
        raise ValidationError(f"The password can have at most {longest} characters.")


def _password_field(label: str) -> PasswordField:
    return PasswordField(
        label,
        [InputRequired("Choose a password."), _new_password],
        description="At least 8 characters",
        render_kw={"autocomplete": "new-password"},
    )


def _confirm_field(label: str) -> PasswordField:
    """The same again; the first one is called `password`."""
    return PasswordField(
        label,
        [InputRequired("Type the password a second time."), EqualTo("password", "The passwords differ.")],
        render_kw={"autocomplete": "new-password"},
    )


class CreateUserForm(FlaskForm):
    """A new user."""

    name = StringField(
        "User name",
        [
            InputRequired("Choose a user name."),
            Length(5, 20, "The user name needs 5 to 20 characters."),
            Regexp(r"[A-Za-z0-9_]+\Z", message="The user name can have letters, digits and underscores only."),
        ],
        description="5 to 20 letters, digits and underscores",
        render_kw={"autocomplete": "username", "autocapitalize": "none", "autofocus": True},
    )
    password = _password_field("Password")
    confirm = _confirm_field("Confirm password")
    submit = SubmitField("Create user")


class LoginForm(FlaskForm):
    """A user's name and password. What is wrong with them is not told."""

    name = StringField(
        "User name",
        [InputRequired("Type your user name.")],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "autofocus": True},
    )
    password = PasswordField(
        "Password", [InputRequired("Type your password.")], render_kw={"autocomplete": "current-password"}
    )
    submit = SubmitField("Log in")


class NewPasswordForm(FlaskForm):
    """A new password, for somebody who came by a link from the administrator."""

    password = _password_field("New password")
    confirm = _confirm_field("Confirm new password")
    submit = SubmitField("Set password")


class ChangePasswordForm(NewPasswordForm):
    """A new password, for somebody who knows the present one."""

    current = PasswordField(
        "Current password",
        [InputRequired("Type your current password.")],
        render_kw={"autocomplete": "current-password"},
    )
    submit = SubmitField("Change password")


class UploadForm(FlaskForm):
    """A script and its tags."""

    file = FileField(
        "Keras script",
        [FileRequired("Choose a file.")],
        description="A Python file (.py), or an archive (.zip) of one called main.py and its modules. "
        "Its name must be new among your files.",
        render_kw={"accept": ".py,.zip"},
    )
    tags = StringField(
        "Tags",
        [Length(max=1000, message="Use at most 1000 characters for tags.")],
        description="Separated by spaces. The file's name without its ending becomes a tag by itself.",
    )
    submit = SubmitField("Upload")


class TagForm(FlaskForm):
    """Tags to add to a file."""

    tags = StringField(
        "New tags",
        [InputRequired("Type a tag."), Length(max=1000, message="Use at most 1000 characters for tags.")],
        render_kw={"placeholder": "Add tags", "autocomplete": "off"},
    )
    submit = SubmitField("Add")


class ConfirmForm(FlaskForm):
    """A button that changes something; it brings the token that proves where it was pressed."""
