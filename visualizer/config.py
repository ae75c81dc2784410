"""Every setting with its default and unit, and where it may be overridden.

`instance/config.py` overrides a default, and an environment variable `VISUALIZER_<NAME>` overrides both.
"""

import ast
import os
import secrets
import sys
from pathlib import Path
from typing import Any

import psutil

DEFAULTS: dict[str, Any] = {
    # Servers
    "HOST": "127.0.0.1",  # address the web server listens on
    "PORT": 5000,
    "THREADS": 8,  # requests answered at the same time
    "BOKEH_HOST": "",  # address the Bokeh server listens on; HOST where empty
    "BOKEH_PORT": 5006,
    "BOKEH_URL": "",  # where browsers reach the Bokeh server; empty: the page's own host, BOKEH_PORT
    "PUBLIC_HOSTS": "",  # further names, or name:port, under which browsers reach the pages, separated by spaces
    "PROXIES": 0,  # reverse proxies in front, whose X-Forwarded headers are believed
    # Running scripts
    "PYTHON": sys.executable,  # Python that runs the scripts
    "INTERRUPT_SECONDS": 10.0,  # after Stop, from the interrupt to the terminate signal
    "TERMINATE_SECONDS": 5.0,  # from the terminate to the kill signal
    "MAX_RUNS": 4,  # runs at the same time on this machine; 0: as many as there are
    "MAX_RUNS_PER_USER": 2,  # runs at the same time of one user; 0: as many as fit
    "MAX_GPUS_PER_USER": 0,  # graphics processors that one user's runs have at the same time; 0: all
    "MAX_WAITING_PER_USER": 100,  # runs of one user that wait; further ones are refused
    # What a run may take; 0: what there is
    "RUN_SECONDS": 0.0,
    "RUN_MEMORY_BYTES": int(psutil.virtual_memory().total * 0.9),  # all its processes together
    "RUN_OUTPUT_BYTES": 1_000_000_000,  # size of what it prints
    "RUN_PROCESSES": 2000,  # processes at the same time; in the sandbox also twice as many threads
    "USER_DISK_BYTES": 50_000_000_000,  # all files of a user, caches included
    # The sandbox of runs (Linux with bubblewrap)
    "SANDBOX": "auto",  # auto: where it works; always: nothing runs where it does not; never
    "READABLE_FOLDERS": "",  # folders that all runs may read, such as data sets; separated as in PATH
    "RUN_NETWORK": True,  # whether runs reach the network
    "RUN_SHARED_MEMORY_BYTES": 2 * 2**30,  # of /dev/shm
    "CACHE_FOLDER": "",  # folder of all users' caches, each run's home; in the instance folder where empty
    # Uploads
    "MAX_SCRIPT_BYTES": 1_000_000,
    "MAX_ARCHIVE_BYTES": 20_000_000,  # a script with its modules, as a zip archive
    "MAX_UNPACKED_BYTES": 50_000_000,  # all files of an archive together
    "MAX_ARCHIVE_FILES": 1000,
    "MAX_IMAGE_BYTES": 20_000_000,
    "MAX_IMAGE_PIXELS": 50_000_000,
    "MAX_IMAGES": 20,  # input images of a run
    "CHECK_SECONDS": 10.0,  # longest time to compile an uploaded script
    # Pages
    "OUTPUT_LINES": 50,  # last lines of the output that are shown
    "OUTPUT_BYTES": 512_000,  # most bytes from the end of the output that are read to find them
    "FILES_PER_PAGE": 100,
    "POLL_SECONDS": 2.0,  # how often a page asks for the states of runs
    # Users
    "REGISTRATION_OPEN": True,  # anybody who reaches the page can make a user
    "MIN_PASSWORD": 8,  # characters
    "MAX_PASSWORD": 1000,  # characters; hashing a longer one would cost too much
    "SESSION_DAYS": 14,  # days after which one has to log in again
    "ATTEMPT_MINUTES": 15,  # for so long failed attempts to log in are counted
    "ATTEMPTS_PER_ACCOUNT": 10,  # failures of one account from one address
    "ATTEMPTS_PER_ADDRESS": 60,  # failures from one address, over all accounts
    "ATTEMPTS_FROM_EVERYWHERE": 100,  # failures of one account, after which each new address gets one attempt
    "REGISTRATIONS_PER_ADDRESS": 100,  # users that one address can make in an hour
    "AUDIT_BYTES": 10_000_000,  # size at which a new audit log is begun
    "AUDIT_FILES": 10,  # earlier audit logs that are kept
    # Messages when a run ends
    "SMTP_HOST": "",  # mail server; nobody is offered mail where empty
    "SMTP_PORT": 587,
    "SMTP_SECURITY": "starttls",  # starttls; tls: from the first byte, usually port 465; none
    "SMTP_USER": "",  # no log-in where empty
    "SMTP_PASSWORD": "",
    "MAIL_FROM": "Training Visualizer <visualizer@localhost>",
    "WEB_HOOK_HOSTS": "",  # the only hosts of web hooks, separated by spaces; any of the internet where empty
    "MESSAGES_PER_HOUR": 10,  # how often one user can try a new address in an hour
    "PUBLIC_URL": "",  # where browsers reach the pages, for links in messages; no links where empty
    # Storage
    "SQLALCHEMY_DATABASE_URI": "",  # SQLite in the instance folder where empty
    "USER_STORAGE": "",  # folder of all users' files; in the instance folder where empty
}

_SHORTEST_KEY = 32  # characters


def load_config(instance: Path, overrides: dict[str, Any] | None = None) -> dict[str, Any]:
    """All settings: defaults, then `instance/config.py`, then the environment, then `overrides`.

    Args:
        instance: the instance folder.
        overrides: settings of a test or a command line.

    Raises:
        ValueError: if an environment variable has a value of another type than the default.
    """
    config = dict(DEFAULTS)
    config.update(_instance_settings(instance / "config.py"))
    for name, default in DEFAULTS.items():
        if f"VISUALIZER_{name}" in os.environ:
            config[name] = _parse(name, os.environ[f"VISUALIZER_{name}"], default)
    config.update(overrides or {})
    config["SQLALCHEMY_DATABASE_URI"] = config["SQLALCHEMY_DATABASE_URI"] or f"sqlite:///{instance / 'visualizer.db'}"
    config["USER_STORAGE"] = str(config["USER_STORAGE"] or instance / "user_storage")
    config["CACHE_FOLDER"] = str(config["CACHE_FOLDER"] or instance / "caches")
    _check_choice(config, "SANDBOX", ("auto", "always", "never"))
    config["SECRET_KEY"] = config.get("SECRET_KEY") or secret_key(instance / "secret_key")
    if len(config["SECRET_KEY"]) < _SHORTEST_KEY:
        raise ValueError(f"SECRET_KEY is too short. Expected {_SHORTEST_KEY} characters or more, by chance, or none.")
    return config


def secret_key(path: Path) -> str:
    """The key that signs sessions and grants; made at the first start, readable by its owner alone."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        path.chmod(0o600)
        key = path.read_text()
        if len(key) < _SHORTEST_KEY:
            raise ValueError(f"The secret key is damaged. Expected 64 characters in {path}. Delete it.") from None
        return key
    with os.fdopen(descriptor, "w") as file:
        key = secrets.token_hex(32)
        file.write(key)
    return key


def _instance_settings(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    settings: dict[str, Any] = {}
    exec(compile(path.read_text(), str(path), "exec"), settings)
    return {name: value for name, value in settings.items() if name.isupper()}


def _check_choice(config: dict[str, Any], name: str, choices: tuple[str, ...]) -> None:
    if config[name] not in choices:
        expected = ", ".join(choices)
        raise ValueError(f"A setting cannot be used. Expected one of: {expected}. Received: {name}={config[name]!r}")


def _parse(name: str, text: str, default: Any) -> Any:
    if isinstance(default, str):
        return text
    try:
        value = type(default)(ast.literal_eval(text.capitalize() if isinstance(default, bool) else text))
    except (ValueError, SyntaxError, TypeError):
        kind = type(default).__name__
        raise ValueError(f"A setting cannot be used. Expected {kind}. Received: VISUALIZER_{name}={text}") from None
    return value
