"""The user storage: the only module that writes into it, beside `kept_storage`."""

import io
import os
import secrets
import shutil
import stat
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from flask import current_app
from PIL import Image, ImageOps
from werkzeug.utils import secure_filename

from visualization_files.layout import ScriptFolder, is_safe_name, script_folder
from visualization_files.writer import replace_file
from visualizer.models import FileMeta

_MODES = {"1": "L", "L": "L", "LA": "L"}


class BadInputError(ValueError):
    """Something that a user gave cannot be taken. Its text is the sentence to show beside the field."""

    def __init__(self, sentence: str, field: str = "file"):
        super().__init__(sentence)
        self.field = field


def folder_of(file: FileMeta) -> ScriptFolder:
    """The folder of an uploaded script."""
    return script_folder(current_app.config["USER_STORAGE"], file.owner.name, file.script)


def safe_script_name(name: str) -> str:
    """The name under which a script is stored: letters, digits and `_.-`, ending in `.py`.

    An archive's script has the archive's name.

    Raises:
        BadInputError: if nothing usable is left of it.
    """
    safe = secure_filename(Path(name.replace("\\", "/")).name)
    stem, ending = os.path.splitext(safe)
    if ending.lower() not in (".py", ".zip"):
        raise BadInputError("Only Python scripts can be uploaded: the name has to end in .py, or .zip for an archive.")
    if not is_safe_name(stem):
        raise BadInputError(
            "This name cannot be used. Rename the file: letters, digits, underscores and dashes, at most 100."
        )
    return f"{stem}.py"


def store_script(folder: ScriptFolder, files: dict[str, bytes]) -> None:
    """Make the folder of a new script, with the script and its modules in it: all of them or none.

    Args:
        folder: it is not there yet.
        files: contents by path, with `/` between names; the paths have been checked.
    """
    fresh = folder.path.with_name(f".upload-{secrets.token_hex(8)}")
    try:
        for path, content in files.items():
            (fresh / path).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            replace_file(fresh / path, content, durable=True)
        fresh.rename(folder.path)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def remove_folder(folder: ScriptFolder) -> None:
    """Remove a script's folder, out of sight first, so that a half removed one is never met."""
    if not os.path.lexists(folder.path):
        return
    grave = folder.path.with_name(f".removed-{secrets.token_hex(8)}")
    folder.path.rename(grave)
    _remove(grave)


def clear_results(folder: ScriptFolder) -> None:
    """Remove what the last run made: results, networks, output. Other files of the script stay."""
    for path in (folder.results, folder.networks, folder.output, folder.run_file):
        _remove(path)


def _remove(path: Path) -> None:
    """Remove whatever stands there, and nothing that it points to.

    A script may have put anything in any place; `rmtree` would wait for ever at a pipe.
    """
    try:
        kind = path.lstat().st_mode
    except FileNotFoundError:
        return
    if stat.S_ISDIR(kind):
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def store_images(folder: ScriptFolder, images: Iterable[tuple[str, BinaryIO]]) -> list[str]:
    """Replace the input images of a script; all of them, or none where one is bad.

    Each is decoded, whatever its name says, and stored anew as PNG: grey images with one channel, all
    others as RGB, turned as their camera noted.

    Args:
        folder: the script's folder.
        images: pairs of a name and an open file.

    Returns:
        The names under which they are stored.

    Raises:
        BadInputError: if one is no image, too large, or there are too many.
    """
    images = list(images)
    if len(images) > (most := current_app.config["MAX_IMAGES"]):
        raise BadInputError(f"These are {len(images)} images. A run can have at most {most}.")
    fresh = folder.path / f".images-{secrets.token_hex(8)}"
    fresh.mkdir(parents=True)
    try:
        names = []
        for number, (name, file) in enumerate(images, 1):
            stem = secure_filename(Path(name).stem)[:80] or f"image_{number}"
            names.append(_unused(stem, names))
            _decode(name, file).save(fresh / names[-1])
        _remove(folder.images)
        fresh.rename(folder.images)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return names


def _unused(stem: str, names: list[str]) -> str:
    number = 1
    while (name := f"{stem}.png" if number == 1 else f"{stem}_{number}.png") in names:
        number += 1
    return name


def _decode(name: str, file: BinaryIO) -> Image.Image:
    largest, pixels = current_app.config["MAX_IMAGE_BYTES"], current_app.config["MAX_IMAGE_PIXELS"]
    data = file.read(largest + 1)
    if not data:
        raise BadInputError(f"{name} is empty.")
    if len(data) > largest:
        raise BadInputError(f"{name} is larger than {largest / 1e6:.3g} MB.")
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as image:
            if image.width * image.height > pixels:
                raise BadInputError(f"{name} has more than {pixels / 1e6:.3g} million pixels.")
            return _eight_bit(ImageOps.exif_transpose(image))
    except BadInputError:
        raise
    except Exception as error:  # a forged image can raise anything
        raise BadInputError(f"{name} is not a PNG or JPEG image that can be read.") from error


def _eight_bit(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits a pixel
        image = image.point(lambda value: value / 256).convert("L")
    return image.convert(_MODES.get(image.mode, "RGB"))
