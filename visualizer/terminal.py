"""Turns what a program wrote for a terminal into the lines that a terminal would show."""

import re

# Control sequences (colours, cursor), operating system commands (titles), and other escapes.
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_CONTROLS = re.compile(r"[\x00-\x07\x0b-\x1f\x7f]")


def last_lines(data: bytes, count: int) -> list[str]:
    """The last lines of an output, as a terminal would show them.

    Carriage returns and backspaces overwrite, as a progress bar does, so that it stays one line; colours and
    other escapes are dropped; bytes that are not UTF-8 become the replacement character.

    Args:
        data: the end of the output.
        count: how many lines at most.
    """
    lines = data.decode(errors="replace").replace("\r\n", "\n").split("\n")
    if not lines[-1]:
        lines.pop()
    return [_show(line) for line in lines[-count:]]


def _show(line: str) -> str:
    # From the last to the first, so that each character is looked at once, however often it was overwritten.
    shown: list[str] = []
    for part in reversed(_ESCAPES.sub("", line).split("\r")):
        shown.extend(_erase(part)[len(shown) :])
    return _CONTROLS.sub("", "".join(shown).rstrip()).expandtabs(8)


def _erase(text: str) -> list[str]:
    """The characters that are left after backspaces; one at the start of a line has nothing to erase."""
    left: list[str] = []
    for character in text:
        if character != "\b":
            left.append(character)
        elif left:
            left.pop()
    return left
