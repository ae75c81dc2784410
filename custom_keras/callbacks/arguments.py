"""Checks of what all callbacks take, at their construction."""
from collections.abc import Callable

import numpy as np


def check_interval(interval: int | None, name: str = "interval") -> None:
    """Check a number of batches.

    Raises:
        ValueError: if it is no whole number from 1 up, nor None.
    """
    whole = isinstance(interval, int | np.integer) and not isinstance(interval, bool)
    if interval is not None and not (whole and interval > 0):
        raise ValueError(f"The interval is no number of batches. Expected 1 or more, or None for only at the end. "
                         f"Received: {name}={interval!r}")


def check_functions(**functions: Callable | None) -> None:
    """Check functions of the user, given by the name of their argument.

    Raises:
        ValueError: if one can neither be called nor is None.
    """
    for name, function in functions.items():
        if function is not None and not callable(function):
            raise ValueError(f"{name} cannot be called. Expected a function of an image, or None. "
                             f"Received: {function!r}")
