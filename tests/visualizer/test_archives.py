"""A script with its modules as a zip archive, and everything that an archive must not do."""
import io
import stat
import zipfile
from pathlib import Path

import pytest

from visualizer import storage
from visualizer.archives import read_archive
from visualizer.operations import files, users
from visualizer.storage import BadInputError


def archive(members, **options) -> io.BytesIO:
    """A zip archive of `{path or ZipInfo: content}`."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, **options) as file:
        for path, content in members.items() if isinstance(members, dict) else members:
            file.writestr(path, content)
    target.seek(0)
    return target


def read(content, largest=10_000_000, most_bytes=1_000_000, most_files=100):
    return read_archive(content, largest, most_bytes, most_files)


def test_files_come_by_path_from_the_folder_of_main():
    members = {"main.py": b"import model", "model.py": b"x = 1", "data/labels.csv": b"a,b"}
    assert read(archive(members)) == members


def test_an_only_folder_around_everything_is_taken_off_and_litter_left_out():
    members = {f"study/{path}": b"x" for path in ("main.py", "lib/net.py", ".DS_Store", "__pycache__/a.pyc")}
    members |= {"__MACOSX/study/._main.py": b"?"}
    with pytest.raises(BadInputError, match="no main.py"):
        read(archive({"a/main.py": b"x", "b/other.py": b"x"}))
    assert set(read(archive(members))) == {"main.py", "lib/net.py"}


@pytest.mark.parametrize(
    "path",
    ["../out.py", "/etc/passwd", "a/../../out.py", "a//b.py", "C:/x.py", "a\\..\\b.py", ".hidden", "a/./b.py",
     "line\nbreak.py", "nul\0.py", "a" * 101, "-rf", "a/" * 10 + "b.py", "\u202egpj.py"],
)  # fmt: skip
def test_a_path_that_leads_elsewhere_or_cannot_be_a_name_is_refused(path):
    entry = zipfile.ZipInfo()
    entry.filename = entry.orig_filename = path
    with pytest.raises(BadInputError, match="archive"):
        read(archive([("main.py", b"x"), (entry, b"x")]))


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_links_and_devices_are_refused(kind):
    entry = zipfile.ZipInfo("secrets")
    entry.external_attr = (kind | 0o644) << 16
    with pytest.raises(BadInputError, match="a link or a device"):
        read(archive([("main.py", b"x"), (entry, b"/etc/passwd")]))


@pytest.mark.parametrize("path", ["results/a.pickle", "Images/x.png", "run.json", "output.txt", "networks/n.keras"])
def test_what_the_tool_keeps_itself_is_refused(path):
    with pytest.raises(BadInputError, match="uses itself"):
        read(archive({"main.py": b"x", path: b"x"}))


@pytest.mark.parametrize("paths", [("a.py", "A.py"), ("lib", "lib/a.py")])
def test_two_files_in_one_place_are_refused(paths):
    with pytest.raises(BadInputError, match="same path"):
        read(archive({"main.py": b"x", paths[0]: b"x", paths[1]: b"x"}))


def test_a_bomb_is_refused_by_what_comes_out_of_it():
    bomb = archive({"main.py": b"x", "zeros": bytes(5_000_000)})
    assert len(bomb.getvalue()) < 10_000
    with pytest.raises(BadInputError, match="more than 1 MB together"):
        read(bomb)


def test_a_bomb_that_lies_about_its_size_is_no_better():
    data = bytearray(archive({"main.py": b"x", "zeros": bytes(5_000_000)}).getvalue())
    while (place := data.find((5_000_000).to_bytes(4, "little"))) >= 0:
        data[place : place + 4] = (10).to_bytes(4, "little")
    with pytest.raises(BadInputError):
        read(io.BytesIO(data))


def test_too_many_files_too_large_and_no_archive_are_refused():
    with pytest.raises(BadInputError, match="101 files. One can have at most 100"):
        read(archive({"main.py": b"x"} | {f"f{number}": b"" for number in range(100)}))
    with pytest.raises(BadInputError, match="larger than 0.0001 MB"):
        read(archive({"main.py": bytes(200)}), largest=100)
    with pytest.raises(BadInputError, match="not a zip archive"):
        read(io.BytesIO(b"PK\x03\x04 and no more"))


def send(client, name, content):
    return client.post("/upload", data={"file": (content, name), "tags": ""})


def test_an_uploaded_archive_becomes_a_script_with_its_modules(app, annie):
    sent = archive({"main.py": b"import net", "net.py": b"x = 1", "data/a.bin": b"\xff"})
    assert send(annie, "study.zip", sent).status_code == 302
    with app.app_context():
        folder = storage.folder_of(files.get_file(users.find_user("annie"), "study.py")).path
    found = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert found == {"study.py": b"import net", "net.py": b"x = 1", "data/a.bin": b"\xff"}
    assert "import" in annie.get("/uploads/study.py").text


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({"main.py": b"x = 1", "net.py": b"if x\n"}, "net.py, Line 1"),
        ({"main.py": b"if x\n", "net.py": b""}, "main.py, Line 1"),
        ({"main.py": b"x", "net.py": b"# \xe9"}, "net.py is not UTF-8 text (line 1)"),
        ({"main.py": b" "}, "is empty."),
        ({"main.py": b"x", "keras/__init__.py": b""}, "would hide the module keras"),
        ({"main.py": b"x", "study.py": b""}, "has a study.py beside its main.py"),
    ],
)
def test_a_bad_archive_is_told_and_nothing_is_stored(app, annie, members, sentence):
    answer = send(annie, "study.zip", archive(members))
    assert answer.status_code == 422 and sentence in answer.text
    assert annie.get("/uploads/study.py").status_code == 404
    assert not list(Path(app.config["USER_STORAGE"]).rglob("*"))
