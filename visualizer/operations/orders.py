"""What the launcher is told about a run: its limits, its sandbox and its environment."""

import os
import shlex
from pathlib import Path

from flask import current_app

from visualizer import storage
from visualizer.launcher.base import Order
from visualizer.launcher.environment import script_environment
from visualizer.launcher.gpus import find_gpus, gpu_environment
from visualizer.launcher.limits import Limits, disk_use
from visualizer.launcher.sandbox import Sandbox, why_not
from visualizer.models import Run, User


def make_order(run: Run) -> Order:
    """The order of a run, with the limits and the sandbox that the configuration asks for now.

    Raises:
        ValueError: if runs must be isolated and cannot be.
    """
    config, owner = current_app.config, run.file.owner
    not_isolated = why_not_isolated()
    if not_isolated and config["SANDBOX"] == "always":
        raise ValueError(not_isolated)
    gpus = [name for name in run.gpus.split(",") if name]
    extra = read_environment(run.environment)
    return Order(
        number=run.id,
        folder=storage.folder_of(run.file).path,
        script=run.file.filename,
        python=config["PYTHON"],
        environment={
            **script_environment(os.environ, current_app.extensions["script_path"], extra),
            **(gpu_environment(gpus) if find_gpus() else {}),
            **({} if run.continued_after is None else {"TRAINING_RESUME": "1"}),
        },
        arguments=tuple(shlex.split(run.arguments)),
        stop_seconds=(config["INTERRUPT_SECONDS"], config["TERMINATE_SECONDS"]),
        limits=_limits(owner),
        sandbox=None if not_isolated else _sandbox(owner, gpus),
    )


def why_not_isolated() -> str:
    """Why runs are not shut in, as a sentence; empty where they are."""
    if current_app.config["SANDBOX"] == "never":
        return "Runs are not isolated: the setting SANDBOX says so."
    return why_not()


def user_folders(user: User) -> tuple[str, ...]:
    """The folders that hold a user's files: scripts with their results, and caches."""
    config = current_app.config
    return tuple(str(Path(config[name], user.name)) for name in ("USER_STORAGE", "CACHE_FOLDER"))


def user_disk_use(user: User) -> int:
    """Bytes that all files of a user take."""
    return sum(disk_use(folder) for folder in user_folders(user))


def read_environment(text: str) -> dict[str, str]:
    """Environment variables from lines of `NAME=value`."""
    pairs = (line.partition("=") for line in text.splitlines() if line.strip())
    return {name.strip(): value for name, _, value in pairs}


def _limits(owner: User) -> Limits:
    config = current_app.config
    return Limits(
        seconds=config["RUN_SECONDS"] or None,
        memory_bytes=config["RUN_MEMORY_BYTES"] or None,
        output_bytes=config["RUN_OUTPUT_BYTES"] or None,
        disk_bytes=config["USER_DISK_BYTES"] or None,
        disk_folders=user_folders(owner),
        processes=config["RUN_PROCESSES"] or None,
    )


def _sandbox(owner: User, gpus: list[str]) -> Sandbox:
    config = current_app.config
    listed = [str(Path(folder).absolute()) for folder in config["READABLE_FOLDERS"].split(os.pathsep) if folder]
    return Sandbox(
        cache=str(Path(config["CACHE_FOLDER"], owner.name)),
        readable=(str(current_app.extensions["script_path"]), *listed),
        hidden=(current_app.instance_path, config["USER_STORAGE"], config["CACHE_FOLDER"]),
        network=config["RUN_NETWORK"],
        shared_memory_bytes=config["RUN_SHARED_MEMORY_BYTES"],
        hidden_devices=tuple(gpu.device for gpu in find_gpus() if gpu.device and gpu.identity not in gpus),
    )
