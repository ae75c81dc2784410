"""Lets a training go on where an earlier process was stopped or killed."""
import os
from pathlib import Path

import keras
import numpy as np

from custom_keras.callbacks.folder import callback_folder
from visualization_files.layout import BadFileError, ScriptFolder
from visualization_files.names import TECHNIQUES
from visualization_files.resume_point import ResumePoint, read_point
from visualization_files.stages import read_stages

# The variable by which a script is told to go on.
RESUME = "TRAINING_RESUME"
# Networks for which this process has asked: what is saved there can be resumed.
_asked: set[Path] = set()


def resume(model: keras.Model, file_folder: str | os.PathLike) -> int:
    """Bring the network back to where the last run saved it, where the run is to go on.

    That is the case when somebody chose *Continue the last run*, or started the script with `TRAINING_RESUME=1` in
    its environment. Weights, the optimizer's state (its learning rate included) and the seeds of layers such as
    Dropout are loaded into `model`. Otherwise nothing happens.

    Args:
        model: the network, built and compiled as at the first time.
        file_folder: the folder of the script, `os.path.dirname(__file__)`.

    Returns:
        How many epochs were trained, for `initial_epoch` of `fit`; 0 for a training that begins.

    Raises:
        ValueError: if the saved network does not fit `model`, or `model` is not built or compiled.

    Example:
        epoch = resume(model, os.path.dirname(__file__))
        model.fit(x, y, epochs=20, initial_epoch=epoch, callbacks=[NetworkSaver(os.path.dirname(__file__))])
    """
    folder = callback_folder(file_folder)
    _asked.add(folder.network)
    if os.environ.get(RESUME) != "1":
        return 0
    point = saved_point(folder)
    if point is None:
        print("There is no saved network to go on with. The training begins anew.")
        return 0
    _check(model)
    _load(model, folder.network)
    _restore_seeds(model, point)
    print(f"The training goes on after epoch {point.epoch}.")
    return point.epoch


def is_resumable(network: Path) -> bool:
    """Whether this process asked `resume` for a network, so that a later one would go on with it."""
    return network in _asked


def saved_point(folder: ScriptFolder) -> ResumePoint | None:
    """How far the training was when the network was saved; None where none is."""
    try:
        with folder.open(folder.network) as network:
            return read_point(network)
    except (OSError, BadFileError):
        return None


def earlier_batches(folder: ScriptFolder, epoch: int) -> int:
    """How many batches were trained before an epoch with which a process begins.

    The saved network tells it. Where it is of another epoch, the drawings up to that epoch do, as well as they can.
    """
    point = saved_point(folder)
    if point and point.epoch == epoch:
        return point.batches
    stages = [stage for name in TECHNIQUES for stage in read_stages(folder.results, name)]
    return max((stage.batch for stage in stages if stage.progress <= epoch), default=0)


def seed_variables(model: keras.Model) -> list:
    """The states of the random number generators of a network's layers."""
    weights = {id(variable) for variable in model.weights}
    return [variable for variable in model.variables if id(variable) not in weights]


def read_seeds(model: keras.Model) -> tuple[tuple[int, int], ...]:
    """The states of the random number generators of a network's layers, as numbers."""
    states = [keras.ops.convert_to_numpy(variable.value) for variable in seed_variables(model)]
    return tuple((int(state[0]), int(state[1])) for state in states if state.shape == (2,))


def _restore_seeds(model: keras.Model, point: ResumePoint) -> None:
    variables = seed_variables(model)
    if len(variables) == len(point.seeds):
        for variable, seed in zip(variables, point.seeds, strict=True):
            variable.assign(np.array(seed, dtype=keras.ops.convert_to_numpy(variable.value).dtype))


def _check(model: keras.Model) -> None:
    missing = "built" if not model.built else "compiled" if getattr(model, "optimizer", None) is None else ""
    if missing:
        raise ValueError(
            f"The network is not {missing} yet, so that nothing can be loaded into it. Expected a network that is "
            f"built and compiled before `resume`. Received: model={model.name!r}"
        )


def _load(model: keras.Model, network: Path) -> None:
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    try:
        model.load_weights(network)
    except Exception as error:
        raise ValueError(
            "The saved network does not fit the one that the script builds. Expected the same layers as at its last "
            f"run; run it from the beginning otherwise. Received: model={model.name!r}. {error}"
        ) from error
