"""Where the files of an uploaded script lie, and the only way in which servers open them."""
import os
import re
import stat
from itertools import islice
from pathlib import Path
from typing import BinaryIO

_SAFE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
# Input images that are looked at, however many a script makes.
MAX_IMAGES = 1000
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg")


class BadFileError(Exception):
    """A file that cannot be shown. Its text is a sentence for the user, without any path."""


class ScriptFolder:
    """The folder of one script, or of one kept run of it: every path in it is made here.

    Args:
        path: the folder.
        name: name of the script without its ending; the folder's own name by default.
        root: the folder up to which links are trusted, the user storage for servers; `path` by default.
    """

    def __init__(self, path: str | Path, name: str | None = None, root: str | Path | None = None):
        self.path = Path(path).absolute()
        self.name = name or self.path.name
        self.root = Path(root).absolute() if root else self.path

    @property
    def script(self) -> Path:
        return self.path / f"{self.name}.py"

    @property
    def output(self) -> Path:
        return self.path / "output.txt"

    @property
    def images(self) -> Path:
        return self.path / "images"

    @property
    def networks(self) -> Path:
        return self.path / "networks"

    @property
    def network(self) -> Path:
        return self.networks / f"{self.name}.keras"

    @property
    def results(self) -> Path:
        return self.path / "results"

    @property
    def run_file(self) -> Path:
        return self.path / "run.json"

    @property
    def runs(self) -> Path:
        return self.path / "runs"

    def image_paths(self) -> list[Path]:
        """The input images by name; the first one is drawn into the results folder itself."""
        # A link here could show the names of somebody else's images.
        if self.images.is_symlink() or not self.images.is_dir():
            return []
        found = (path for path in self.images.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES)
        return sorted(islice(found, MAX_IMAGES))

    def results_of(self, image: str | None) -> Path:
        """The results folder of an input image: None or the first image for the main one."""
        images = self.image_paths()
        if image is None or (images and images[0].name == image):
            return self.results
        return self.results / "images" / image

    def open(self, path: Path) -> BinaryIO:
        """Open one of this folder's files for reading. See `open_inside`."""
        return open_inside(self.root, path)


def is_safe_name(name: str) -> bool:
    """Whether a user's or script's name can be a folder's name: letters, digits and `_.-`, no leading dot."""
    return bool(_SAFE_NAME.fullmatch(name)) and not name.endswith(".")


def script_folder(storage: str | Path, user: str, script: str) -> ScriptFolder:
    """The folder of a user's script in the user storage.

    Args:
        storage: the user storage.
        user: name of the user.
        script: name of the script without its ending.

    Raises:
        ValueError: if a name could lead out of the storage.
    """
    for name in (user, script):
        if not is_safe_name(name):
            raise ValueError(
                f"A name in the user storage is not safe. Expected letters, digits, _.- Received: {name!r}"
            )
    return ScriptFolder(Path(storage) / user / script, root=storage)


def open_inside(root: Path, path: Path) -> BinaryIO:
    """Open a regular file for reading, following no link below `root`.

    A script owns its folder and may plant links to other people's files, or pipes that block their reader.
    Where the system can, each step is opened relative to the one before, so that nothing can be swapped
    between the check and the use.

    Raises:
        FileNotFoundError: if it is not there.
        BadFileError: if a link or something that is no regular file is in the way.
    """
    steps = Path(path).absolute().relative_to(Path(root).absolute()).parts
    if ".." in steps or not steps:
        raise BadFileError("This file lies outside of its folder.")
    if os.open not in os.supports_dir_fd:
        return _open_checked(Path(root), Path(root, *steps))
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for step in steps[:-1]:
            inner = os.open(step, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
            os.close(folder)
            folder = inner
        # Without O_NONBLOCK a pipe planted here would hold its reader for ever.
        descriptor = os.open(steps[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise BadFileError("This file cannot be read: a link or a folder stands in its place.") from error
    finally:
        os.close(folder)
    return _regular(os.fdopen(descriptor, "rb"))


def _open_checked(root: Path, path: Path) -> BinaryIO:
    """For systems that cannot open relative to a folder (Windows)."""
    if not path.resolve(strict=True).is_relative_to(root.resolve()):
        raise BadFileError("This file lies outside of its folder.")
    return _regular(path.open("rb"))


def _regular(file: BinaryIO) -> BinaryIO:
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise BadFileError("This is not a regular file.")
    return file
