"""The list of files, with many of them, and what storing images makes of them."""
import io

import pytest
from PIL import Image

from visualizer import storage
from visualizer.extensions import db
from visualizer.models import FileMeta
from visualizer.operations import files, users


def test_the_list_is_paged_and_found_by_tags_whatever_their_case(app, annie):
    with app.app_context():
        user = users.find_user("annie")
        for number in range(150):
            file = FileMeta(owner_id=user.id, filename=f"f{number}.py", name_key=f"f{number}.py")
            db.session.add(file)
            files.add_tags(file, f"Group_{number % 2}")
        db.session.commit()
    page = annie.get("/uploads").text
    assert page.count("/uploads/f") == 100 and "150 files" in page
    assert "75 files" in annie.get("/uploads?q=group_1").text
    assert "has “%” in its name" in annie.get("/uploads?q=%25").text
    for sort in files.SORTS:
        assert annie.get(f"/uploads?sort={sort}&order=asc").status_code == 200


def picture(mode, size=(4, 2), **options):
    file = io.BytesIO()
    Image.new(mode, size).save(file, **options)
    file.seek(0)
    return file


@pytest.mark.parametrize(
    ("mode", "stored"), [("L", "L"), ("1", "L"), ("I;16", "L"), ("RGB", "RGB"), ("RGBA", "RGB"), ("P", "RGB")]
)
def test_images_are_stored_anew_in_eight_bits(app, mnist, mode, stored):
    with app.test_request_context():
        folder = storage.folder_of(db.session.query(FileMeta).one())
        assert storage.store_images(folder, [("../a b.jpg", picture(mode, format="PNG"))]) == ["a_b.png"]
        with Image.open(folder.images / "a_b.png") as image:
            assert (image.mode, image.size) == (stored, (4, 2))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(io.BytesIO(b""), "is empty"), (io.BytesIO(b"GIF89a"), "is not a PNG or JPEG"), (None, "million pixels")],
)
def test_a_bad_image_changes_nothing(app, mnist, content, sentence):
    app.config["MAX_IMAGE_PIXELS"] = 100
    with app.test_request_context():
        folder = storage.folder_of(db.session.query(FileMeta).one())
        storage.store_images(folder, [("good.png", picture("L", format="PNG"))])
        content = content or picture("L", (11, 10), format="PNG")
        with pytest.raises(storage.BadInputError, match=sentence):
            storage.store_images(folder, [("fine.png", picture("L", format="PNG")), ("bad.png", content)])
        assert [path.name for path in folder.image_paths()] == ["good.png"]
