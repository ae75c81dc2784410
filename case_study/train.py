"""Trains the nine networks as the thesis did, and keeps what they reach."""

import json
import platform
import time
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from importlib.metadata import version
from pathlib import Path

import keras

from case_study.networks import CONFIGURATIONS
from case_study.study import BATCH_SIZE, LEARNING_RATE, Study, epochs_of, inputs, measure, targets
from case_study.table import default_folder
from visualization_files.writer import replace_json


def add_arguments(parser: ArgumentParser) -> None:
    """Describe the command line of `train`."""
    parser.add_argument("configurations", nargs="+", type=_configuration, metavar="A..I or all", help="which networks")
    parser.add_argument("--data", type=Path, default=default_folder(), help="folder of prepared data")
    parser.add_argument("--seeds", type=int, default=1, help="train each with seeds 0 to N-1 (default: 1)")
    parser.add_argument("--epochs", type=int, help="another number of epochs than the thesis'")
    parser.add_argument("--again", action="store_true", help="train also what was trained on these features before")
    parser.add_argument("--networks", action="store_true", help="save the networks too, after each epoch")
    parser.add_argument("--verbose", action="store_true", help="Keras' progress of each epoch")


def _configuration(text: str) -> str:
    """A configuration's letter, or all of them in one string."""
    letter = "".join(CONFIGURATIONS) if text.lower() == "all" else text.upper()
    if letter not in (*CONFIGURATIONS, "".join(CONFIGURATIONS)):
        raise ArgumentTypeError(f"expected a letter from A to I, or all; received {text!r}")
    return letter


def run(arguments: Namespace) -> None:
    """Run the command."""
    study = Study(arguments.data)
    for seed in range(arguments.seeds):
        for configuration in "".join(arguments.configurations):
            epochs = arguments.epochs or epochs_of(configuration)
            if not arguments.again and _is_known(arguments.data, study, configuration, seed, epochs):
                print(f"{configuration}, seed {seed}: trained before", flush=True)
                continue
            folder = arguments.data / "runs" / f"{configuration}_{seed}"
            result = train(study, configuration, seed, folder, epochs, arguments.networks, arguments.verbose)
            save_result(arguments.data, result)
            reached = result["testing"]["identification"]
            print(
                f"{configuration}, seed {seed}: accuracy {reached['accuracy']:.5f}, loss {reached['loss']:.5f} "
                f"on the test set after {result['minutes']:.2f} minutes",
                flush=True,
            )


def train(
    study: Study,
    configuration: str,
    seed: int,
    folder: str | Path,
    epochs: int | None = None,
    save_network: bool = False,
    verbose: int = 0,
) -> dict:
    """Train one network and measure it on the validation and test sets.

    Args:
        study: the data.
        configuration: a letter from A to I.
        seed: of weights, dropout and the order of the images.
        folder: gets the training progress, and the network, where they are in the folder of a script.
        epochs: how many; the thesis' number by default.
        save_network: save the network after each epoch, which can take longer than the epoch.
        verbose: as in `keras.Model.fit`.

    Returns:
        What `save_result` keeps: the settings, the minutes that training took, and for `validation` and
        `testing` what `case_study.study.measure` found.
    """
    # Imported here, so that reports can be written without it.
    from custom_keras.callbacks import CustomCallbacks

    keras.utils.set_random_seed(seed)
    model = study.network(configuration)
    callbacks = CustomCallbacks(folder)
    callbacks.register_training_progress()
    if save_network:
        callbacks.register_network_saver()
    epochs = epochs or epochs_of(configuration)
    began = time.perf_counter()
    model.fit(
        inputs(configuration, study.training),
        targets(configuration, study.training),
        batch_size=BATCH_SIZE,
        epochs=epochs,
        validation_data=(inputs(configuration, study.validation), targets(configuration, study.validation)),
        callbacks=callbacks.get_list(),
        verbose=verbose,
    )
    minutes = (time.perf_counter() - began) / 60
    return {
        "configuration": configuration,
        "seed": seed,
        "epochs": epochs,
        "batch_size": BATCH_SIZE,
        "learning_rate": LEARNING_RATE,
        "parameters": model.count_params(),
        "minutes": minutes,
        "validation": measure(model, configuration, study.validation),
        "testing": measure(model, configuration, study.testing),
        "data": study.digest,
        "keras": version("keras"),
        "backend": keras.backend.backend(),
        "machine": platform.machine(),
    }


def save_result(data: str | Path, result: dict) -> None:
    """Keep the result of a training beside the data, for the report; a later one with this seed replaces it."""
    replace_json(_result_file(data, result["configuration"], result["seed"]), result)


def _result_file(data: str | Path, configuration: str, seed: int) -> Path:
    return Path(data) / "results" / f"{configuration}_{seed}.json"


def _is_known(data: Path, study: Study, configuration: str, seed: int, epochs: int) -> bool:
    """Whether this training was done before, so that a long series goes on where it was stopped."""
    try:
        result = json.loads(_result_file(data, configuration, seed).read_text())
    except FileNotFoundError:
        return False
    return (result["data"], result["epochs"]) == (study.digest, epochs)
