"""Names and folders of the user storage."""
import pytest

from visualization_files.layout import ScriptFolder, is_safe_name, script_folder


@pytest.mark.parametrize("name", ["", ".", "..", ".hidden", "a/b", "a\\b", "a\0b", "-x", "a" * 101, "ä", "a\n", "end."])
def test_names_that_could_lead_elsewhere_are_refused(tmp_path, name):
    assert not is_safe_name(name)
    with pytest.raises(ValueError, match="not safe"):
        script_folder(tmp_path, name, "mnist")
    with pytest.raises(ValueError, match="not safe"):
        script_folder(tmp_path, "annie", name)


def test_the_first_image_has_the_main_results(tmp_path):
    folder = ScriptFolder(tmp_path / "mnist")
    folder.images.mkdir(parents=True)
    for name in ("b.png", "a.jpg", "notes.txt"):
        (folder.images / name).touch()
    assert [path.name for path in folder.image_paths()] == ["a.jpg", "b.png"]
    assert folder.results_of("a.jpg") == folder.results
    assert folder.results_of("b.png") == folder.results / "images" / "b.png"
    assert folder.network == tmp_path / "mnist" / "networks" / "mnist.keras"
