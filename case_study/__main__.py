"""`python -m case_study <command>`: the steps of the study, in the order of the table below."""

import argparse
import importlib
import sys

# Command, and what its help says. Each is the module of that name, with `add_arguments` and `run`.
COMMANDS = {
    "synthesize": "draw faces in the form of the database, with all of its dirt",
    "prepare": "make a table and equal squares out of the database",
    "backbone": "train a small network as feature extractor, where VGG-Face is not at hand",
    "features": "compute the features of all prepared images",
    "train": "train one of the nine networks, or all, over several seeds",
    "report": "write the thesis' tables from what was measured",
}


def main(arguments: list[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: the command line without the program's name; `sys.argv` by default.

    Returns:
        Exit code: 0, or 1 after an error that the user can mend, which is printed.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser(prog="python -m case_study", description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary)
        # Only the command at hand is imported: preparing images need not wait for Keras.
        if name in arguments[:1]:
            module = importlib.import_module(f"case_study.{name}")
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    parsed = parser.parse_args(arguments)
    try:
        parsed.run(parsed)
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
