"""Loads pickles that hold arrays, numbers and texts, and lets nothing else happen, whoever wrote them.

An allow-list of names is not enough: a pickle of a few bytes can ask for more memory than there is, and numpy
believes whatever state it is given. So the steps of a pickle are looked at before it is loaded, and what builds
arrays is not numpy's own code but stands in for it, checks everything and copies nothing.
"""

import io
import math
import pickle
import pickletools
from collections.abc import Callable
from typing import Any

import numpy as np

from visualization_files.layout import BadFileError

# Steps of a pickle; an array takes about twenty. Values in it, counted in each place; and how deep
# lists and tuples may lie in each other.
MAX_STEPS = 600_000
MAX_VALUES = 300_000
# Bytes of all arrays together, counting one that lies in many places each time.
MAX_BYTES = 512 * 1024 * 1024
MAX_DEPTH = 6
MAX_DIMENSIONS = 8
_STEP_NAMES = """
PROTO FRAME MARK STOP POP POP_MARK DUP EMPTY_LIST EMPTY_TUPLE EMPTY_DICT LIST TUPLE TUPLE1 TUPLE2 TUPLE3 DICT
APPEND APPENDS SETITEM SETITEMS NONE NEWTRUE NEWFALSE INT BININT BININT1 BININT2 LONG LONG1 FLOAT BINFLOAT
UNICODE BINUNICODE SHORT_BINUNICODE BINUNICODE8 STRING BINSTRING SHORT_BINSTRING BINBYTES SHORT_BINBYTES
BINBYTES8 BYTEARRAY8 PUT BINPUT LONG_BINPUT MEMOIZE GET BINGET LONG_BINGET GLOBAL STACK_GLOBAL REDUCE BUILD
"""
_STEPS = frozenset(_STEP_NAMES.split())
_PUTS = ("PUT", "BINPUT", "LONG_BINPUT")
_TYPES = ("b1", "?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8")
_REFUSED = "This file holds more than arrays, numbers and texts, and is not shown."
_TOO_MUCH = "This file asks for more memory than it may have, and is not shown."


def loads(data: bytes) -> Any:
    """Load a pickle.

    Args:
        data: all of it. Arrays share its memory and cannot be written to.

    Returns:
        numbers, texts, bytes, None, numpy arrays of numbers, and lists, tuples and dicts of these.

    Raises:
        BadFileError: if it is cut, damaged, too large when loaded, or holds anything else.
    """
    try:
        _look_at_steps(data)
        value = _Unpickler(data).load()
        return _Plain().of(value)
    except BadFileError:
        raise
    except Exception as error:  # a forged pickle can raise anything
        raise BadFileError("This file is damaged or incomplete.") from error


def _look_at_steps(data: bytes) -> None:
    for count, (step, argument, _) in enumerate(pickletools.genops(data)):
        if step.name not in _STEPS:
            raise BadFileError(_REFUSED)
        # The unpickler makes room for as many remembered values as the largest number says.
        if count > MAX_STEPS or (step.name in _PUTS and argument > count):
            raise BadFileError(_TOO_MUCH)


class _Builder:
    """Something that a pickle may call. It cannot be changed from within a pickle, as a function could."""

    __slots__ = ("_build",)

    def __init__(self, build: Callable):
        self._build = build

    def __call__(self, *arguments: Any) -> Any:
        return self._build(*arguments)

    def __setstate__(self, _state: Any) -> None:
        raise BadFileError(_REFUSED)


class _Type:
    """Stands in for `numpy.dtype`: a plain number."""

    __slots__ = ("dtype",)

    def __init__(self, code: str, *_options: Any):
        if code not in _TYPES:
            raise BadFileError(_REFUSED)
        self.dtype = np.dtype(code)

    def __setstate__(self, state: tuple) -> None:
        if state[1] not in ("<", ">", "=", "|") or any(part is not None for part in state[2:5]):
            raise BadFileError(_REFUSED)
        self.dtype = self.dtype.newbyteorder(state[1])


class _Array:
    """Stands in for an array while it is built."""

    __slots__ = ("array",)

    def __setstate__(self, state: tuple) -> None:
        shape, kind, fortran, data = state[-4:]
        self.array = _array(data, kind, shape, "F" if fortran else "C")


def _array(data: Any, kind: _Type, shape: tuple, order: str) -> np.ndarray:
    fits = isinstance(data, bytes | bytearray) and isinstance(shape, tuple) and len(shape) <= MAX_DIMENSIONS
    if not (fits and isinstance(kind, _Type) and all(type(length) is int and length >= 0 for length in shape)):
        raise BadFileError(_REFUSED)
    if math.prod(shape) * kind.dtype.itemsize != len(data):
        raise BadFileError("This file is damaged or incomplete.")
    return np.frombuffer(bytes(data), kind.dtype).reshape(shape, order=order)


class _Unpickler(pickle.Unpickler):
    def __init__(self, data: bytes):
        super().__init__(io.BytesIO(data))
        self._left = len(data)
        self._builders = {"dtype": _Builder(_Type), "ndarray": _Builder(_refuse), "encode": _Builder(self._encode)}
        for name, build in {
            "_reconstruct": lambda *_: _Array(),
            "scalar": lambda kind, data: _array(data, kind, (), "C")[()],
            "_frombuffer": lambda data, kind, shape, order, *_: _array(data, kind, shape, order),
        }.items():
            self._builders[name] = _Builder(build)

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise BadFileError(_REFUSED)
        return self._builders[name]

    def persistent_load(self, pid: Any) -> Any:
        raise BadFileError(_REFUSED)

    def _encode(self, text: str, codec: str) -> bytes:
        """How older protocols store bytes: as a text of which each character is one."""
        self._left -= len(text)
        if codec != "latin1" or self._left < 0:
            raise BadFileError(_REFUSED)
        return text.encode("latin1")


def _refuse(*_arguments: Any) -> None:
    raise BadFileError(_REFUSED)


_ALLOWED = {
    ("numpy", "dtype"),
    ("numpy", "ndarray"),
    ("_codecs", "encode"),
    *(
        (f"numpy.{core}.{module}", name)
        for core in ("core", "_core")
        for module, name in (("multiarray", "_reconstruct"), ("multiarray", "scalar"), ("numeric", "_frombuffer"))
    ),
}


class _Plain:
    """Puts the arrays in the places of what stood in for them, and counts what there is."""

    def __init__(self):
        self._values, self._bytes = 0, MAX_BYTES

    def of(self, value: Any, depth: int = 0) -> Any:
        self._values += 1
        if self._values > MAX_VALUES or depth > MAX_DEPTH:
            raise BadFileError(_TOO_MUCH)
        if isinstance(value, _Array):
            value = value.array
        if isinstance(value, np.ndarray):
            self._bytes -= value.nbytes
            if self._bytes < 0:
                raise BadFileError(_TOO_MUCH)
            return value
        if type(value) in (list, tuple):
            return type(value)(self.of(part, depth + 1) for part in value)
        if type(value) is dict:
            return {self.of(key, depth + 1): self.of(part, depth + 1) for key, part in value.items()}
        if value is None or isinstance(value, bool | int | float | str | bytes | np.number | np.bool_):
            return value
        raise BadFileError(_REFUSED)
