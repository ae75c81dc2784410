"""Behind nginx under a prefix: pages, plots, their websocket and links, with the file of the documentation."""
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.conftest import Servers, free_port

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
_AROUND = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{}}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{port}; server_name localhost; include {folder}/visualizer.conf; }}
}}
"""


@pytest.fixture(scope="module")
def proxied(tmp_path_factory):
    """The address of both servers through nginx."""
    if NGINX is None:
        pytest.skip("This test needs nginx: apt-get install nginx-light")
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    servers = Servers(tmp_path_factory.mktemp("instance"), free_port(), free_port())
    rules = (ROOT / "docs" / "nginx.conf").read_text()
    rules = rules.replace("127.0.0.1:5006", f"127.0.0.1:{servers.bokeh_port}")
    rules = rules.replace("127.0.0.1:5000", f"127.0.0.1:{servers.port}")
    (folder / "visualizer.conf").write_text(rules)
    (folder / "nginx.conf").write_text(_AROUND.format(folder=folder, port=port))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VISUALIZER_PROXIES", "1")
        patch.setenv("VISUALIZER_BOKEH_URL", f"http://localhost:{port}/visualizer/plots")
        patch.setenv("VISUALIZER_PUBLIC_HOSTS", f"localhost:{port}")
        servers.start()
    command = [NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf")]
    if sys.platform == "linux":
        command += ["-e", str(folder / "error.log")]
    nginx = subprocess.Popen(command)
    yield f"http://localhost:{port}/visualizer"
    nginx.terminate()
    nginx.wait(10)
    servers.end()


def test_everything_works_under_the_prefix(browser, proxied, tmp_path):
    script = tmp_path / "behind.py"
    script.write_text(
        "import os\nfrom pathlib import Path\nfrom visualization_files.writer import ProgressWriter\n"
        "path = Path(os.path.dirname(__file__)) / 'results' / 'training_progress.txt'\n"
        "progress = ProgressWriter(path, ['progress', 'accuracy', 'loss'])\n"
        "for row in range(1, 41):\n    progress.row([row / 10, row / 50, 2 / row])\n"
    )
    context = browser.new_context()
    page = context.new_page()
    elsewhere = []
    page.on("request", lambda request: elsewhere.append(request.url))
    page.goto(f"{proxied}/create_user")
    page.get_by_label("User name").fill("proxied")
    page.get_by_label("Password", exact=True).fill("correct horse battery")
    page.get_by_label("Confirm password").fill("correct horse battery")
    page.get_by_role("button", name="Create user").click()
    page.get_by_label("User name").fill("proxied")
    page.get_by_label("Password", exact=True).fill("correct horse battery")
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("link", name="Upload file").click()
    page.get_by_label("Keras script").set_input_files(script)
    page.get_by_role("button", name="Upload").click()
    page.get_by_role("button", name="Run", exact=True).first.click()
    page.get_by_role("dialog").get_by_label("None").check()
    page.get_by_role("dialog").get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("main h1 + .state")).to_have_text("finished")
    page.get_by_role("link", name="Training progress").click()
    page.get_by_text("at epoch 4").first.wait_for()
    expect(page.locator("#visualization[data-ready] canvas").first).to_be_visible()
    expect(page).to_have_url(f"{proxied}/uploads/behind.py/training_progress")
    inside = re.compile(re.escape(proxied) + "/|blob:|data:")
    assert [url for url in elsewhere if not inside.match(url)] == []
    context.close()
