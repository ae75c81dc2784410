"""Reads an uploaded archive of a script and its modules, and refuses whatever could lie in it but files."""
import re
import stat
import zipfile
from pathlib import PurePosixPath
from typing import BinaryIO

from visualizer.storage import BadInputError

MAIN = "main.py"
# What the tool itself keeps in a script's folder.
_OURS = {"images", "networks", "results", "runs", "output.txt", "run.json"}
_NAME = re.compile(r"[\w][\w .+-]{0,99}")
_MAX_DEPTH = 10
# What other programs add to an archive without being asked.
_LITTER = {"__MACOSX", "__pycache__", ".DS_Store"}


def read_archive(content: BinaryIO, largest: int, most_bytes: int, most_files: int) -> dict[str, bytes]:
    """The files of a zip archive that has a `main.py`, at its top or in its only folder.

    Nothing is believed that the archive says of itself: sizes are counted while reading.

    Args:
        content: the archive.
        largest: bytes that the archive may have.
        most_bytes: bytes that its files may have together, unpacked.
        most_files: how many files it may have.

    Returns:
        Contents by path from the folder of `main.py`, with `/` between names.

    Raises:
        BadInputError: with a sentence that says what is wrong.
    """
    content.seek(0, 2)
    if content.tell() > largest:
        raise BadInputError(f"This archive is larger than {largest / 1e6:.3g} MB, the most that one can have.")
    content.seek(0)
    try:
        with zipfile.ZipFile(content) as archive:
            members = _members(archive, most_files)
            files, left = {}, most_bytes
            for path, member in members.items():
                files[path] = _read(archive, member, left, most_bytes)
                left -= len(files[path])
            return files
    except BadInputError:
        raise
    except Exception as error:  # a forged archive can raise anything
        raise BadInputError("This is not a zip archive that can be read.") from error


def _members(archive: zipfile.ZipFile, most_files: int) -> dict[str, zipfile.ZipInfo]:
    """The files to unpack, by their path from the folder of `main.py`."""
    members = {}
    for member in archive.infolist():
        path = PurePosixPath(_checked_name(member))
        if not member.is_dir() and not _LITTER & set(path.parts):
            members[path] = member
    if len(members) > most_files:
        raise BadInputError(f"This archive has {len(members)} files. One can have at most {most_files}.")
    tops = {path.parts[0] for path in members}
    if PurePosixPath(MAIN) not in members and len(tops) == 1:
        members = {path.relative_to(path.parts[0]): member for path, member in members.items() if path.parts[1:]}
    if PurePosixPath(MAIN) not in members:
        raise BadInputError("This archive has no main.py. That is the script which is run.")
    _check_places(members)
    return {str(path): member for path, member in members.items()}


def _checked_name(member: zipfile.ZipInfo) -> str:
    name = member.orig_filename
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise BadInputError(f"{_shown(name)} in this archive is a link or a device. Only files can be uploaded.")
    if member.flag_bits & 1:
        raise BadInputError("This archive is encrypted. Upload one without a password.")
    parts = name.rstrip("/").split("/")
    if not all(_NAME.fullmatch(part) or part in _LITTER or _is_apple_double(part) for part in parts):
        raise BadInputError(
            f"The path {_shown(name)} in this archive cannot be used. Names have letters, digits, spaces and "
            "_.+- and begin with a letter, a digit or an underscore."
        )
    if len(parts) > _MAX_DEPTH:
        raise BadInputError(f"{_shown(name)} in this archive lies more than {_MAX_DEPTH} folders deep.")
    return name


def _is_apple_double(part: str) -> bool:
    return part.startswith("._") and bool(_NAME.fullmatch(part[2:]))


def _shown(name: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in name[:80])


def _check_places(members: dict[PurePosixPath, zipfile.ZipInfo]) -> None:
    """No two files in one place, no file where another's folder is, none where the tool keeps its own."""
    files = {str(path).lower() for path in members}
    folders = {str(parent).lower() for path in members for parent in path.parents}
    if len(files) < len(members) or files & folders:
        raise BadInputError("Two files of this archive have the same path, if case is left aside.")
    for path in members:
        if path.parts[0].lower() in _OURS:
            raise BadInputError(f"{path.parts[0]} is a name that this tool uses itself. Rename it in the archive.")


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo, left: int, most: int) -> bytes:
    with archive.open(member) as file:
        data = file.read(left + 1)
    if len(data) > left:
        raise BadInputError(f"The files of this archive have more than {most / 1e6:.3g} MB together, unpacked.")
    return data
