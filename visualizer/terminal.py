"""Turns what a program wrote for a terminal into the lines that a terminal would show."""

import re

# Control sequences (colours, cursor), operating system commands (titles), and other escapes.
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_CONTROLS = re.compile(r"[\x00-\x07\x0b-\x1f\x7f]")
_BACKSPACES = re.compile(r"[^\x08]\x08")


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
    shown = ""
    for part in _ESCAPES.sub("", line).split("\r"):
        part = _erase(part)
        if part.strip():
            shown = part + shown[len(part) :] if len(part) < len(shown.rstrip()) else part
    return _CONTROLS.sub("", shown).expandtabs(8)


def _erase(text: str) -> str:
    """Apply backspaces; those at the start of a line have nothing left to erase."""
    while "\b" in (text := text.lstrip("\b")):
        text = _BACKSPACES.sub("", text)
    return text
