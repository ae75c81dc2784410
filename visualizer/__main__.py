"""The command line: `visualizer`, or `python -m visualizer`."""
import os
import socket
import sys

import click


def _application():
    # Nothing that this process makes may be read by other users of the machine.
    os.umask(0o077)
    from visualizer.app import create_app

    try:
        return create_app()
    except (ValueError, OSError) as error:
        raise click.ClickException(str(error)) from error


@click.group()
@click.version_option(package_name="training-visualizer")
def main() -> None:
    """Watch the inside of an image network while it trains, in a browser."""


@main.command("serve")
@click.option("--only", type=click.Choice(["flask", "bokeh"]), help="Start one of the two servers.")
def serve_command(only: str | None) -> None:
    """Start the web server and the Bokeh server."""
    app = _application()
    _serve(app, only)


def _serve(app, only: str | None = None) -> None:
    from visualizer.database import prepare_database
    from visualizer.serve import serve

    if only != "bokeh":
        prepare_database(app)
    try:
        serve(app, flask=only != "bokeh", bokeh=only != "flask")
    except OSError as error:
        place = f"{app.config['HOST']}:{app.config['PORT']}"
        raise click.ClickException(f"The web server cannot listen on {place}: {error.strerror or error}") from error


@main.command("init-db")
@click.option("--reset", is_flag=True, help="Delete all users, files' metadata and runs, and begin anew.")
def init_db(reset: bool) -> None:
    """Make the database, or bring it up to date. Without --reset nothing is lost."""
    from visualizer.database import prepare_database, reset_database

    app = _application()
    if not reset:
        prepare_database(app)
        click.echo("The database is ready.")
    elif click.prompt("This deletes all users, files' metadata and runs. Type yes to go on") == "yes":
        reset_database(app)
        click.echo("The database is empty.")
    else:
        click.echo("Nothing was changed.")
        sys.exit(1)


@main.command("create-user")
@click.argument("name")
@click.option("--admin", is_flag=True, help="Make an administrator.")
@click.password_option(help="Asked for where it is not given.")
def create_user(name: str, admin: bool, password: str) -> None:
    """Make a user."""
    from werkzeug.datastructures import MultiDict

    from visualizer import audit
    from visualizer.forms import CreateUserForm
    from visualizer.operations import users
    from visualizer.storage import BadInputError

    with _prepared().test_request_context(method="POST"):
        given = MultiDict({"name": name, "password": password, "confirm": password})
        form = CreateUserForm(given, meta={"csrf": False})
        if not form.validate():
            raise click.ClickException(" ".join(error for errors in form.errors.values() for error in errors))
        try:
            users.create_user(name, password, admin)
        except BadInputError as error:
            raise click.ClickException(str(error)) from error
        audit.record("user created", user=name, admin=admin)
    click.echo(f"The user {name} was created.")


@main.command("set-admin")
@click.argument("name")
@click.option("--off", is_flag=True, help="Make an administrator a user like all others.")
def set_admin(name: str, off: bool) -> None:
    """Let a user see and stop everybody's runs, or no longer."""
    from visualizer import audit
    from visualizer.extensions import db

    with _prepared().app_context():
        user = _user(name)
        user.is_admin = not off
        db.session.commit()
        audit.record("administrator set", of=user.name, admin=user.is_admin)
    click.echo(f"{name} is {'a user like all others' if off else 'an administrator'} now.")


@main.command("list-users")
def list_users() -> None:
    """List all users, and where they are logged in."""
    from visualizer.extensions import db
    from visualizer.models import User

    with _prepared().app_context():
        for user in db.session.scalars(db.select(User).order_by(User.name_key)):
            kind = "administrator" if user.is_admin else "user"
            click.echo(f"{user.name:20}  {kind:13}  {len(user.files)} files, {len(user.sessions)} sessions")


@main.command("reset-password")
@click.argument("name")
@click.option("--lock", is_flag=True, help="Make the present password void at once, and end all sessions.")
def reset_password(name: str, lock: bool) -> None:
    """Print a link by which a user chooses a new password. It works once, for a day."""
    from visualizer import audit
    from visualizer.operations import users

    app = _prepared()
    with app.app_context():
        token = users.reset_token(_user(name), lock)
        audit.record("link to reset the password made", of=name, locked=lock)
    click.echo(f"Give this link to {name}, by a way that nobody else reads:")
    click.echo(f"http://{app.config['HOST']}:{app.config['PORT']}/reset_password/{token}")
    click.echo("Where the pages are reached under another address, put it in front of /reset_password.")


@main.command("end-sessions")
@click.argument("name")
def end_sessions(name: str) -> None:
    """Log a user out everywhere. Running scripts go on."""
    from visualizer import audit
    from visualizer.operations import sessions

    with _prepared().app_context():
        ended = sessions.end_all_sessions(_user(name))
        audit.record("all sessions ended", of=name)
    click.echo(f"{ended} sessions of {name} were ended.")


def _check_port(host: str, port: int, name: str) -> None:
    """Say at once where another program has a port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        problem = f"The servers cannot listen on {host}:{port}: {error.strerror or error}."
        raise click.ClickException(f"{problem} Set VISUALIZER_{name} to another port.") from error


def _prepared():
    from visualizer.database import prepare_database

    app = _application()
    prepare_database(app)
    return app


def _user(name: str):
    from visualizer.operations import users

    if user := users.find_user(name):
        return user
    raise click.ClickException(f"There is no user of this name. Received: {name}. See them all: visualizer list-users")


@main.command("demo")
def demo() -> None:
    """Start both servers with a demo user whose example network trains."""
    from visualizer.database import prepare_database
    from visualizer.demo import DEMO_USER, prepare_demo

    app = _application()
    # Before the user's password changes and a run begins, which nobody could look at.
    for name in ("PORT", "BOKEH_PORT"):
        _check_port(app.config["HOST"], app.config[name], name)
    prepare_database(app)
    password = prepare_demo(app)
    click.echo(f"Log in as {DEMO_USER} with the password {password}")
    _serve(app)


if __name__ == "__main__":
    main()
