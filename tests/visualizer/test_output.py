"""The output of a run: its last lines, however long it is, and all of it as a file."""
import tracemalloc

from sqlalchemy import event

from visualizer import storage
from visualizer.extensions import db
from visualizer.models import FileMeta
from visualizer.operations import files, users

HUGE = 500_000_000


def folder_of(app, name):
    with app.app_context():
        return storage.folder_of(files.get_file(users.find_user("annie"), name))


def write_huge_output(app, name) -> None:
    """500 MB, of which only the end takes room on the disk."""
    with folder_of(app, name).output.open("wb") as file:
        file.truncate(HUGE)
        file.seek(HUGE)
        file.write(b"\n" + b"\n".join(b"line %d" % number for number in range(200)))


def test_the_last_50_lines_of_500_megabytes_take_a_few_megabytes_of_memory(app, annie, mnist):
    write_huge_output(app, mnist)
    tracemalloc.start()
    answer = annie.get(f"/uploads/{mnist}/output/tail").json
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert answer["lines"] == [f"line {number}" for number in range(150, 200)]
    assert answer["size"] > HUGE
    assert peak < 20e6, peak
    assert "lines" not in annie.get(f"/uploads/{mnist}/output/tail?size={answer['size']}").json


def test_all_of_it_is_sent_piece_by_piece(app, annie, mnist):
    write_huge_output(app, mnist)
    answer = annie.get(f"/uploads/{mnist}/output/download", buffered=False)
    assert answer.is_streamed and answer.content_length > HUGE
    assert "mnist_output.txt" in answer.headers["Content-Disposition"]
    assert len(next(answer.iter_encoded())) < 1e6
    answer.close()


def test_without_a_run_the_page_says_so_and_the_download_leads_back(annie, mnist):
    assert annie.get(f"/uploads/{mnist}/output/tail").json == {"size": 0, "lines": []}
    assert "There is no output yet." in annie.get(f"/uploads/{mnist}/output/download", follow_redirects=True).text


def test_an_output_that_is_a_link_elsewhere_is_not_followed(app, annie, mnist, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("not yours")
    folder_of(app, mnist).output.symlink_to(secret)
    assert annie.get(f"/uploads/{mnist}/output/tail").json["lines"] == []
    assert "not yours" not in annie.get(f"/uploads/{mnist}/output/download", follow_redirects=True).text


def test_the_list_asks_the_database_as_often_for_a_thousand_files_as_for_ten(app, annie):
    def questions(count: int) -> int:
        with app.app_context():
            user = users.find_user("annie")
            have = len(user.files)
            for number in range(have, count):
                db.session.add(FileMeta(owner_id=user.id, filename=f"f{number}.py", name_key=f"f{number}.py"))
            db.session.commit()
            asked = []
            event.listen(db.engine, "before_cursor_execute", lambda *arguments: asked.append(arguments[2]))
            assert f"{count} files" in annie.get("/uploads?q=f&sort=tags").text
            return len(asked)

    assert questions(10) == questions(1000)
