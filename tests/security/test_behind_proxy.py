"""The set-up of docs/security.md: both servers behind nginx, which alone is reached, by https."""
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from playwright.sync_api import expect

NGINX, OPENSSL = shutil.which("nginx"), shutil.which("openssl")
pytestmark = pytest.mark.skipif(not (NGINX and OPENSSL), reason="needs nginx and openssl: apt-get install nginx")
ROOT = Path(__file__).resolve().parents[2]
# What the document has and a test has not: the machine's own ports, places and rights.
WHOLE = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; worker_processes 1;
events {{ }}
http {{
    access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    {server}
}}
"""


def documented(name: str) -> str:
    """A block of docs/security.md, by the comment in its first line."""
    text = (ROOT / "docs" / "security.md").read_text()
    return re.search(rf"```\w*\n# {name}\n(.*?)```", text, re.DOTALL)[1]


@pytest.fixture
def proxied(tmp_path, make_servers):
    """Both servers behind nginx with the configuration of the document; the address of the pages."""
    running, port = make_servers()
    subprocess.run(
        [OPENSSL, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost",
         "-keyout", tmp_path / "key.pem", "-out", tmp_path / "cert.pem"], check=True, capture_output=True,
    )  # fmt: skip
    server = documented("nginx")
    for there, here in {
        "listen 443 ssl": f"listen {port} ssl", "lab.example.org": "localhost",
        "127.0.0.1:5000": f"127.0.0.1:{running.port}",
        "127.0.0.1:5006": f"127.0.0.1:{running.bokeh_port}",
        "/etc/ssl/lab.pem": f"{tmp_path}/cert.pem",
        "/etc/ssl/lab.key": f"{tmp_path}/key.pem",
    }.items():  # fmt: skip
        assert there in server, there
        server = server.replace(there, here)
    (tmp_path / "nginx.conf").write_text(WHOLE.format(folder=tmp_path, server=server))
    nginx = subprocess.Popen([NGINX, "-p", tmp_path, "-c", tmp_path / "nginx.conf"], stderr=subprocess.DEVNULL)
    time.sleep(0.5)
    assert nginx.poll() is None, (tmp_path / "error.log").read_text()
    yield running, f"https://localhost:{port}"
    nginx.terminate()
    nginx.wait(10)
    running.end()


@pytest.mark.browser
def test_pages_and_plots_work_through_it_and_cookies_are_secure(browser, proxied):
    running, url = proxied
    context = browser.new_context(base_url=url, ignore_https_errors=True)
    page = context.new_page()
    page.goto("/login")
    page.get_by_label("User name").fill("annie_1")
    page.get_by_label("Password", exact=True).fill("long enough")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Running files")).to_be_visible()
    for cookie in context.cookies():
        assert cookie["secure"] or cookie["name"] == "theme", cookie["name"]
    script = running.instance / "mine.py"
    script.write_text("x = 1")
    page.goto("/upload")
    page.get_by_label("Keras script").set_input_files(script)
    page.get_by_role("button", name="Upload").click()
    results = running.instance / "user_storage" / "annie_1" / "mine" / "results"
    expect(page.get_by_role("heading", name="mine.py", exact=True)).to_be_visible()
    results.mkdir()
    (results / "training_progress.txt").write_text("0.5 0.1 2.0\n1.0 0.2 1.0\n")
    page.goto("/uploads/mine.py/training_progress")
    expect(page.locator("#visualization canvas").first).to_be_visible(timeout=30_000)
    context.close()


def test_attempts_are_counted_by_the_visitor_s_address_and_not_by_what_he_says(proxied):
    running, url = proxied
    command = ["curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}", "-c", "jar", "-b", "jar"]
    first = ["curl", "-sk", "-c", "jar", url + "/login"]
    page = subprocess.run(first, cwd=running.instance, capture_output=True, text=True, check=True)
    token = re.search(r'name="csrf-token" content="([^"]+)"', page.stdout)[1]
    codes = []
    for number in range(11):
        data = f"csrf_token={token}&name=annie_1&password=wrong"
        more = ["-H", f"X-Forwarded-For: 10.0.0.{number}", "-e", url + "/login", "-d", data, url + "/login"]
        done = subprocess.run([*command, *more], cwd=running.instance, capture_output=True, text=True, check=True)
        codes.append(done.stdout)
    assert codes == ["422"] * 10 + ["429"]
    assert '"address": "127.0.0.1"' in (running.instance / "audit.log").read_text()
