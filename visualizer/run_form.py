"""The form of the Run dialog."""

import re
import shlex

from flask_wtf import FlaskForm
from flask_wtf.file import MultipleFileField
from wtforms import IntegerField, RadioField, StringField, SubmitField, TextAreaField
from wtforms.validators import Length, NumberRange, Optional, ValidationError

from visualizer.launcher.environment import why_protected
from visualizer.models import Run
from visualizer.operations.runs import Wishes
from visualizer.storage import BadInputError


def _words(_form, field) -> None:
    """Arguments that can be split into words."""
    try:
        shlex.split(field.data or "")
    except ValueError:
        raise ValidationError("A quotation mark is not closed.") from None


def _variables(_form, field) -> None:
    """A line NAME=value for each environment variable."""
    for number, line in enumerate((field.data or "").splitlines(), 1):
        name, equals, _ = line.partition("=")
        if line.strip() and not (equals and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name.strip())):
            raise ValidationError(f"Line {number} is not of the form NAME=value.")
        if why := why_protected(name.strip()):
            raise ValidationError(f"{name.strip()} cannot be set: {why}.")


class RunForm(FlaskForm):
    """What a run needs: its input images, new ones or those of the last run, and how it is started."""

    last_run = RadioField(choices=["delete", "keep", "continue"], default="delete")
    source = RadioField(choices=["last", "new", "none"], default="new")
    images = MultipleFileField(
        "Input image",
        description="PNG or JPEG. You may choose several.",
        render_kw={"accept": "image/png,image/jpeg"},
    )
    arguments = StringField(
        "Arguments for the script",
        [Length(max=2000, message="Use at most 2000 characters for arguments."), _words],
        description="Separated by spaces, such as --epochs 20. Words with spaces go into quotation marks.",
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    environment = TextAreaField(
        "Environment variables",
        [Length(max=10_000, message="Use at most 10000 characters for variables."), _variables],
        description="One NAME=value on each line. They are kept with the run.",
        render_kw={"rows": 3, "autocomplete": "off", "spellcheck": "false"},
    )
    gpu_count = IntegerField(
        "GPUs",
        [Optional(), NumberRange(0, 1000, "Give a number of GPUs, 0 or more.")],
        description="The script sees only those that it gets.",
    )
    submit = SubmitField("Run")
    # What is wrong with the run as a whole.
    problem = ""

    def wishes(self) -> Wishes:
        """How the run is to be started."""
        return Wishes(self.arguments.data or "", self.environment.data or "", self.gpu_count.data or 0)

    def offer(self, run: Run | None) -> None:
        """Offer what the last run was started with."""
        if run:
            self.arguments.data, self.environment.data = run.arguments, run.environment
        self.gpu_count.data = run.gpu_count if run else 1

    def show(self, error: BadInputError) -> None:
        """Show why there is no run."""
        if error.field == "images":
            self.images.errors = [str(error)]
        else:
            self.problem = str(error)
