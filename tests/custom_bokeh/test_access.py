"""Only a valid grant for exactly this visualization opens a page."""
import json

import pytest

from custom_bokeh.access import admit
from visualization_files.grants import GRANT_HEADER, BadGrantError, Grant, sign_grant

KEY = "key"


def headers(grant=None, key=KEY, **more):
    grant = grant or Grant("annie", "mnist", "saliency_maps")
    return {GRANT_HEADER: sign_grant(key, grant), **more}


def test_a_grant_leads_to_the_folder(tmp_path):
    visit = admit(tmp_path, KEY, headers(), "saliency_maps")
    assert visit.folder.path == tmp_path / "annie" / "mnist"
    assert (visit.theme, visit.view) == ("light", {})


def test_a_kept_run_has_its_own_folder_and_the_script_s_name(tmp_path):
    grant = Grant("annie", "mnist", "saliency_maps", run=3)
    visit = admit(tmp_path, KEY, headers(grant), "saliency_maps")
    assert visit.folder.path == tmp_path / "annie" / "mnist" / "runs" / "3"
    assert visit.folder.name == "mnist"


@pytest.mark.parametrize("sent", [
    {},
    {GRANT_HEADER: ""},
    {GRANT_HEADER: "forged"},
    headers(key="another key"),
    headers(Grant("annie", "mnist", "training_progress")),
    headers(Grant("..", "mnist", "saliency_maps")),
    headers(Grant("annie", "../bob", "saliency_maps")),
])  # fmt: skip
def test_anything_else_is_refused(tmp_path, sent):
    with pytest.raises(BadGrantError):
        admit(tmp_path, KEY, sent, "saliency_maps")


def test_theme_and_view_come_along_whatever_the_case_of_the_headers(tmp_path):
    view = json.dumps({"stage": 120})
    sent = headers(**{"x-visualization-theme": "dark", "X-VISUALIZATION-VIEW": view})
    visit = admit(tmp_path, KEY, sent, "saliency_maps")
    assert (visit.theme, visit.view) == ("dark", {"stage": 120})


@pytest.mark.parametrize("view", ["", "{", "[1]", "5", "[" * 5000, '{"a": ' * 900])
def test_a_senseless_view_is_no_view(tmp_path, view):
    assert admit(tmp_path, KEY, headers(**{"X-Visualization-View": view}), "saliency_maps").view == {}
