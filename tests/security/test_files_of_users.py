"""What users name, upload and plant: nothing leads out of their folder, and nothing is more than it says."""

import io
import os
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from visualizer import storage
from visualizer.extensions import db
from visualizer.models import FileMeta

SECRET = b"the secret of somebody else"
NAMES = [
    "../other/theirs.py", "..%2fother%2ftheirs.py", "..%252fother%252ftheirs.py", "..\\other\\theirs.py",
    "%2e%2e%2fother%2ftheirs.py", "..%c0%afother%c0%aftheirs.py", "..／other／theirs.py", "․․/other/theirs.py",
    "/etc/passwd", "%2fetc%2fpasswd", "C:%5cWindows%5cwin.ini", "mnist.py%00", "mnist.py%00.png", "mnist.py%0a",
    "mnist.py/", "mnist.py/.", "mnist.py/..", "mnist.py%20", "mnist.py.", "MNIST.PY%00", "~root", ".", "..", "%2e%2e",
    "mnist", "mnist.py::$DATA", "mnist.py%ff", "runs%2f1", "mnist.py;x", "𝗆nist.py", "mnist.py\u200b",
]  # fmt: skip
ROUTES = ["", "/output", "/output/tail", "/output/download", "/download", "/images/x.png", "/saliency_maps", "/live"]


@pytest.fixture
def folder(app, annie, mnist):
    """Annie's folder, beside one of another user with a secret in every place."""
    users = Path(app.config["USER_STORAGE"])
    theirs = users / "other" / "theirs"
    for name in ("theirs.py", "output.txt", "images/secret.png", "networks/theirs.keras", "results/x.pickle"):
        path = theirs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(SECRET)
    return users / "annie" / "mnist"


@pytest.mark.parametrize("name", NAMES)
def test_no_name_leads_elsewhere(annie, folder, name):
    (folder / "output.txt").write_text("my own output")
    for route in ROUTES:
        for path in (f"/uploads/{name}{route}", f"/uploads/mnist.py/images/{name}"):
            answer = annie.get(path, follow_redirects=False)
            assert answer.status_code in (404, 308, 405), (path, answer.status_code)
            assert SECRET not in answer.data and b"root:" not in answer.data
            answer.close()


@pytest.mark.parametrize("name", NAMES)
def test_static_files_are_the_only_ones_there(annie, name):
    for prefix in ("/static/", "/static/js/", "/static/..;/", "//static/"):
        with annie.get(f"{prefix}{name}") as answer:
            assert answer.status_code in (404, 308) and b"SECRET_KEY" not in answer.data


@pytest.mark.parametrize("name", [
    "../../evil.py", "..\\..\\evil.py", "/etc/evil.py", "C:\\evil.py", "evil.py\0.png", "a\0.py", ".py", "..py",
    "...py", "evil.pyc", "evil", "", " .py", "\u202eyp.evil.py", "évil.py", "con.py", "x" * 300 + ".py", "-rf.py",
    "~.py", "a b.py", "a\nb.py", 'a"b.py', "a;b.py", "<script>.py", "%2e%2e%2fevil.py", "os.py", "keras.py",
    "evil.PY",
])  # fmt: skip
def test_uploaded_names_stay_in_the_folder(app, annie, folder, name):
    annie.post("/upload", data={"file": (io.BytesIO(b"x = 1"), name), "tags": ""})
    mine = {path.name for path in (folder.parent).iterdir()}
    with app.app_context():
        known = {file.script: file.filename for file in db.session.query(FileMeta)}
    assert mine == set(known) and len(mine) <= 2
    for script, filename in known.items():
        assert script.replace("_", "").replace("-", "").replace(".", "").isalnum() and script.isascii(), script
        assert (folder.parent / script / filename).is_file()
    everywhere = set(Path(app.instance_path).parent.rglob("*evil*"))
    assert all(path.is_relative_to(folder.parent) for path in everywhere)


def plant(folder: Path, name: str, target: str) -> None:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    if path.exists():
        path.unlink()
    path.symlink_to(target)


LINKS = {
    "mnist.py": "../../other/theirs/theirs.py",
    "output.txt": "../../other/theirs/output.txt",
    "networks/mnist.keras": "../../../other/theirs/networks/theirs.keras",
    "images/seven.png": "../../../other/theirs/images/secret.png",
    "images": "../../other/theirs/images",
    "networks": "../../other/theirs/networks",
    "results": "../../other/theirs/results",
    "run.json": "../../other/theirs/output.txt",
}


@pytest.mark.parametrize("name", LINKS)
def test_planted_links_show_and_change_nothing(annie, other, folder, name):
    plant(folder, name, LINKS[name])
    before = {path: path.read_bytes() for path in folder.parents[1].joinpath("other").rglob("*") if path.is_file()}
    for route in (*ROUTES, "/images/secret.png"):
        with annie.get(f"/uploads/mnist.py{route}") as answer:
            assert answer.status_code < 500
            assert SECRET not in answer.data and b"secret.png" not in answer.data, route
    for source, images in (("none", []), ("new", [(picture(), "new.png")]), ("last", [])):
        answer = annie.post("/uploads/mnist.py/run", data={"source": source, "images": images})
        assert answer.status_code in (302, 422), answer.status_code
        annie.post("/uploads/mnist.py/stop")
    annie.post("/uploads/mnist.py/delete")
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize("name", ["output.txt", "mnist.py", "images", "networks", "results", "run.json"])
@pytest.mark.parametrize("kind", ["folder", "pipe", "file", "nowhere"])
def test_what_stands_in_a_file_s_place_breaks_nothing(annie, folder, name, kind):
    path = folder / name
    if path.is_file():
        path.unlink()
    if kind == "folder":
        (path / "x").mkdir(parents=True)
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "file":
        path.write_bytes(b"\xff\x00")
    else:
        path.symlink_to("/nowhere/at/all")
    for route in ROUTES:
        with annie.get(f"/uploads/mnist.py{route}") as answer:
            assert answer.status_code < 500, route
    for source, images in (("none", []), ("new", [(picture(), "new.png")])):
        answer = annie.post("/uploads/mnist.py/run", data={"source": source, "images": images})
        assert answer.status_code in (302, 422), answer.status_code
    assert annie.get("/uploads/mnist.py/images/new.png").status_code in (200, 404)


def picture(size=(4, 4), form="PNG", **options) -> io.BytesIO:
    file = io.BytesIO()
    Image.new("L", size).save(file, form, **options)
    file.seek(0)
    return file


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG made of chunks, whatever they say."""
    made = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + made


def header(width: int, height: int, depth: int = 8, colour: int = 0) -> tuple[bytes, bytes]:
    return b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)


BOMBS = {
    "a billion pixels": png(header(32_000, 32_000), (b"IDAT", zlib.compress(bytes(10**8))), (b"IEND", b"")),
    "sides of two billion": png(header(2**31 - 1, 2**31 - 1), (b"IDAT", b"x"), (b"IEND", b"")),
    "text that inflates": png(
        header(2, 2), *[(b"zTXt", b"a\0\0" + zlib.compress(bytes(10**8)))] * 3,
        (b"IDAT", zlib.compress(b"\0\0\0" * 2)), (b"IEND", b""),
    ),
    "cut": picture((400, 400)).getvalue()[:45],
    "more data than pixels": png(header(2, 2), (b"IDAT", zlib.compress(bytes(10**8))), (b"IEND", b"")),
    "a script": b"<script>alert(1)</script>",
    "a page behind a picture's first bytes": b"\x89PNG\r\n\x1a\n<script>alert(1)</script>",
    "a gif": picture(form="GIF").getvalue(),
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) run",
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "nothing": b"",
}  # fmt: skip


@pytest.mark.parametrize("kind", BOMBS)
def test_what_is_no_picture_is_refused_or_made_harmless(annie, folder, kind):
    answer = annie.post(
        "/uploads/mnist.py/run", data={"source": "new", "images": [(io.BytesIO(BOMBS[kind]), "seven.png")]}
    )
    stored = folder / "images" / "seven.png"
    if kind == "more data than pixels" and answer.status_code == 302:
        assert stored.stat().st_size < 1000  # decoded as far as it goes, and stored anew
    else:
        assert answer.status_code == 422 and not stored.exists()


def test_pictures_are_stored_anew_without_what_they_brought(annie, folder):
    image = picture((4, 4), "JPEG", comment=b"<script>alert(1)</script>")
    data = {"source": "new", "images": [(image, "<script>.jpg")]}
    assert annie.post("/uploads/mnist.py/run", data=data).status_code == 302
    (stored,) = (folder / "images").iterdir()
    assert stored.name == "script.png" and b"script" not in stored.read_bytes()
    with annie.get("/uploads/mnist.py/images/script.png") as answer:
        assert answer.mimetype == "image/png" and answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_planted_page_is_served_as_a_picture_that_no_browser_shows(annie, folder):
    (folder / "images").mkdir()
    (folder / "images" / "page.png").write_text("<script>alert(1)</script>")
    with annie.get("/uploads/mnist.py/images/page.png") as answer:
        assert answer.mimetype == "image/png" and answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "name", ['a"b.png', "a\r\nSet-Cookie: x=y.png", "ä;x=y.png", "a\nb.png", "../../x.png", "\u202e.png"]
)
def test_names_of_pictures_inject_no_header(annie, folder, name):
    annie.post("/uploads/mnist.py/run", data={"source": "new", "images": [(picture(), name)]})
    for path in (folder / "images").glob("*"):  # a line end in a name cuts the form, and nothing is stored
        assert path.parent == folder / "images" and all(c.isalnum() or c in "_.-" for c in path.name)
        with annie.get(f"/uploads/mnist.py/images/{path.name}") as answer:
            assert answer.status_code == 200 and "x=y" not in str(answer.headers)


def test_downloads_are_attachments_and_nothing_a_browser_would_run(annie, folder):
    (folder / "output.txt").write_text("<script>alert(1)</script>")
    (folder / "networks").mkdir()
    (folder / "networks" / "mnist.keras").write_text("<script>alert(1)</script>")
    for path, kind in (("output/download", "text/plain"), ("download", "application/octet-stream")):
        with annie.get(f"/uploads/mnist.py/{path}") as answer:
            assert answer.mimetype == kind and answer.headers["Content-Disposition"].startswith("attachment")


def test_too_many_pictures_fields_and_files_are_refused(annie, folder):
    images = [(picture(), f"{n}.png") for n in range(21)]
    assert annie.post("/uploads/mnist.py/run", data={"source": "new", "images": images}).status_code == 422
    fields = {f"field_{n}": "x" for n in range(2000)}
    assert annie.post("/uploads/mnist.py/run", data=fields, content_type="multipart/form-data").status_code == 413


def test_names_are_resolved_in_one_place_alone(app, folder):
    for user, script in (("..", "x"), ("annie", ".."), ("annie", "a/b"), ("annie", "a\0"), ("", ""), ("annie", "a\\b")):
        with pytest.raises(ValueError, match="not safe"):
            storage.script_folder(app.config["USER_STORAGE"], user, script)
