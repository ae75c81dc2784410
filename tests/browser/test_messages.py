"""Choosing a web hook in the browser, and what it gets when a run ends."""
import http.server
import json
import threading

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


@pytest.fixture
def hook():
    got = []

    class Hook(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", got
    server.shutdown()
    server.server_close()


def test_a_web_hook_is_chosen_and_told_of_a_failed_run(page, upload, run, state, hook):
    url, got = hook
    page.goto("/account")
    page.get_by_role("link", name="Change this").click()
    page.get_by_label("Address of the web hook").fill("http://10.0.0.1/")
    expect(page.get_by_label("Call a web hook")).to_be_checked()
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".invalid-feedback")).to_contain_text("to these hosts only: 127.0.0.1")
    page.get_by_label("Address of the web hook").fill(url)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("A first message was sent.")
    assert "tells tester_" in got.pop()["text"]

    upload("fails.py", "raise SystemExit(3)")
    run()
    expect(state).to_have_text("failed")
    for _ in range(100):
        if got:
            break
        page.wait_for_timeout(100)
    assert got[0]["text"].startswith("fails.py has failed.")
    assert (got[0]["state"], got[0]["exit_code"]) == ("failed", 3)
