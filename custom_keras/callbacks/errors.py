"""A fault in a callback never ends a training: it is written down once, and the training goes on."""
import sys
import traceback
from collections.abc import Callable
from functools import wraps
from pathlib import Path

from visualization_files.writer import replace_file


class ErrorReport:
    """Writes each different error of one callback once, to the output and to its error file.

    Args:
        name: name of the callback's visualization.
        files: the error files, one in each results folder.
    """

    def __init__(self, name: str, files: list[Path]):
        self.name = name
        self.files = files
        self._said: set[str] = set()
        self._stands = True  # an earlier process may have left one

    def say(self, error: Exception) -> None:
        """Write an error down; one that was said before is passed over."""
        sentence = sentence_of(error)
        self._stands = True
        if sentence in self._said:
            return
        self._said.add(sentence)
        print(f"\n{self.name}: {sentence}\nThe training goes on without it.", file=sys.stderr)
        if not isinstance(error, ExpectedError):
            traceback.print_exception(error)
        self.write(sentence)

    def write(self, sentence: str) -> None:
        """Write the sentence for the page, as well as the disk allows."""
        for file in self.files:
            try:
                replace_file(file, sentence.encode())
            except OSError as error:
                print(f"{self.name}: {file.name} cannot be written: {error}", file=sys.stderr)

    def clear(self) -> None:
        """It works (again): take the error from the page."""
        if self._stands:
            self._stands = False
            for file in self.files:
                file.unlink(missing_ok=True)


class ExpectedError(Exception):
    """Something that users can mend, said in a sentence for them; its traceback would only distract."""


def sentence_of(error: Exception) -> str:
    """An error in words for the page."""
    text = str(error).strip()
    if isinstance(error, ExpectedError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def training_goes_on(hook: Callable) -> Callable:
    """Make a hook of a callback that has an `errors` report survive every error."""

    @wraps(hook)
    def guarded(self, *args, **kwargs):
        try:
            return hook(self, *args, **kwargs)
        except Exception as error:
            self.errors.say(error)
            return None

    return guarded
