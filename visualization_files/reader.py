"""Reads visualization files and trusts none of them: their writer is a user's script.

Formats: thesis, appendix D. Each reader returns data that is checked, or raises `BadFileError` with a
sentence for the page.
"""
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from visualization_files import safe_pickle
from visualization_files.layout import BadFileError, open_inside

MAX_PICKLE_BYTES = 512 * 1024 * 1024
MAX_ENTRIES = 10_000
MAX_TEXT = 500


def load_pickle(file: BinaryIO) -> Any:
    """Load a pickle that can hold arrays, numbers, texts, lists, tuples and dicts, and nothing else.

    Args:
        file: an open file; at most `MAX_PICKLE_BYTES` of it are accepted.

    Raises:
        BadFileError: if it is too large, cut, or holds anything else.
    """
    data = file.read(MAX_PICKLE_BYTES + 1)
    if len(data) > MAX_PICKLE_BYTES:
        raise BadFileError(f"This file is larger than {MAX_PICKLE_BYTES // 2**20} MB, and is not shown.")
    return safe_pickle.loads(data)


def read_visualization(technique: str, path: Path, root: Path | None = None) -> Any:
    """Read the data of a technique, in the thesis' format.

    Args:
        technique: name of the visualization, other than `training_progress`.
        path: the newest file, or a stage's.
        root: the folder below which no link is followed; the file's own by default.

    Returns:
        layer_activations: `[(layer_name, uint8 array (filters, height, width) or (units,)), ...]`
        saliency_maps: `uint8 array (height, width, 1)`
        deconvolutional_network: `[(uint8 array (height, width, channels), layer_name, feat_map_no), ...]`
        deep_visualization: `[(uint8 array (height, width, channels), layer_name, unit_index, loss), ...]`
        max_activating_images: `[(image, deconvolution, layer_name, feat_map_no, image_name, activation), ...]`,
            image and deconvolution uint8 arrays `(height, width, channels)` of one size, the latter None where the
            network cannot be reversed.

    Raises:
        FileNotFoundError: if it is not there.
        BadFileError: if it holds anything else.
    """
    with open_inside(root or Path(path).parent, Path(path)) as file:
        data = load_pickle(file)
    return _CHECKS[technique](data)


def _layer_activations(data: Any) -> list[tuple[str, np.ndarray]]:
    for name, array in _entries(data, 2):
        _check(_is_text(name) and _is_picture(array) and array.ndim in (1, 3))
    return data


def _saliency_maps(data: Any) -> np.ndarray:
    _check(_is_picture(data) and data.ndim == 3 and data.shape[2] == 1)
    return data


def _deconvolutional_network(data: Any) -> list[tuple[np.ndarray, str, int]]:
    for array, name, number in _entries(data, 3):
        _check(_is_colour_picture(array) and _is_text(name) and _is_index(number))
    return data


def _deep_visualization(data: Any) -> list[tuple[np.ndarray, str, int | tuple, float]]:
    for array, name, unit, value in _entries(data, 4):
        index = unit if isinstance(unit, tuple) else (unit,)
        _check(_is_colour_picture(array) and _is_text(name))
        _check(len(index) <= 4 and all(map(_is_index, index)))
        _check(_is_number(value))
    return data


def _max_activating_images(data: Any) -> list[tuple]:
    for image, deconvolution, layer, number, name, activation in _entries(data, 6):
        _check(_is_colour_picture(image) and _is_text(layer) and _is_index(number) and _is_text(name))
        if deconvolution is not None:
            _check(_is_colour_picture(deconvolution) and deconvolution.shape[:2] == image.shape[:2])
        _check(_is_number(activation))
    return data


_CHECKS = {
    "layer_activations": _layer_activations,
    "saliency_maps": _saliency_maps,
    "deconvolutional_network": _deconvolutional_network,
    "deep_visualization": _deep_visualization,
    "max_activating_images": _max_activating_images,
}


def _check(holds: bool) -> None:
    if not holds:
        raise BadFileError("This file does not have the form that this visualization needs.")


def _entries(data: Any, length: int) -> list[tuple]:
    _check(isinstance(data, list) and len(data) <= MAX_ENTRIES)
    _check(all(isinstance(entry, tuple) and len(entry) == length for entry in data))
    return data


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= MAX_TEXT


def _is_index(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and 0 <= value < 2**63


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.integer | np.floating)


def _is_picture(value: Any) -> bool:
    # `type`, not `isinstance`: a subclass or an array of objects could bring code of its own.
    return type(value) is np.ndarray and value.dtype == np.uint8 and value.size > 0


def _is_colour_picture(value: Any) -> bool:
    return _is_picture(value) and value.ndim == 3 and value.shape[2] in (1, 3)
