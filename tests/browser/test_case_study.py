"""The face recognition study in the tool: the example script, with its two lines filled in, watched in a browser."""

import socket
from pathlib import Path

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "face_recognition.py"
EPOCHS = 5


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A folder of prepared data: a few drawn faces, and features from a network that knows nothing."""
    import keras

    from case_study.extractor import Extractor
    from case_study.features import extract
    from case_study.prepare import prepare
    from case_study.synthesize import synthesize

    root = tmp_path_factory.mktemp("case_study")
    synthesize(root / "faces", actors=4, movies=2, images=10, clean_only=True)
    prepare(root / "faces", root / "data")
    keras.utils.set_random_seed(0)
    image = keras.Input((16, 16, 3))
    features = keras.layers.Dense(32, activation="relu")(keras.layers.Flatten()(image))
    extract(root / "data", Extractor(keras.Model(image, features), lambda pixels: pixels / 255), {})
    return root / "data"


@pytest.fixture(scope="module")
def servers(servers, tmp_path_factory, prepared):
    """Servers of their own, whose administrator lets runs read the prepared data."""
    with socket.create_server(("127.0.0.1", 0)) as web, socket.create_server(("127.0.0.1", 0)) as bokeh:
        ports = web.getsockname()[1], bokeh.getsockname()[1]
    running = type(servers)(tmp_path_factory.mktemp("instance"), *ports)
    (running.instance / "config.py").write_text(f"READABLE_FOLDERS = {str(prepared)!r}\n")
    running.start()
    yield running
    running.end()


def script(configuration: str, data: Path) -> str:
    """The example as somebody would change it before they upload it, with few epochs."""
    source = EXAMPLE.read_text()
    for line, changed in (
        ('CONFIGURATION = "E"', f'CONFIGURATION = "{configuration}"'),
        ('DATA = "case_study_data"', f'DATA = "{data}"'),
        ("epochs=epochs_of(CONFIGURATION)", f"epochs={EPOCHS}"),
    ):
        assert source.count(line) == 1, line
        source = source.replace(line, changed)
    return source


@pytest.mark.parametrize(
    ("configuration", "plots"),
    [
        ("E", {"Accuracy", "Loss", "Learning rate"}),
        (
            "H",
            {
                "Accuracy", "Loss", "Learning rate",
                "Id output accuracy", "Id output loss", "Exp output accuracy", "Exp output loss",
            },
        ),
    ],
)  # fmt: skip
def test_a_configuration_runs_and_is_watched(page, upload, run, state, prepared, servers, configuration, plots):
    name = f"configuration_{configuration}"
    upload(f"{name}.py", script(configuration, prepared))
    run()
    page.get_by_role("link", name="Training progress").click()
    headings = page.locator("#visualization h2.heading")
    expect(headings.first).to_be_visible(timeout=90_000)
    expect(state).to_have_text("finished", timeout=90_000)

    expect(headings).to_have_count(len(plots))
    assert set(headings.all_inner_texts()) == plots
    expect(page.locator("#visualization canvas").first).to_be_visible()
    results = next(servers.instance.glob(f"user_storage/*/{name}/results"))
    head, *rows = (results / "training_progress.txt").read_text().splitlines()
    assert [float(row.split()[0]) for row in rows] == list(range(1, EPOCHS + 1)), "56 images are one batch"
    if configuration == "H":
        columns = head.split()[1:]
        accuracy, identity = (columns.index(column) for column in ("accuracy", "id_output_accuracy"))
        assert all(row.split()[accuracy] == row.split()[identity] for row in rows), "the study asks for the identity"

    page.get_by_role("link", name="Output").click()
    output = page.locator("#output")
    expect(output).to_contain_text("On the test set: {'identification': {'accuracy':")
    assert ("'expression'" in output.inner_text()) == (configuration == "H")
    page.get_by_role("link", name="Overview").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download network").click()
    assert download.value.suggested_filename == f"{name}.keras"
