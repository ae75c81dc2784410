"""Posting to web hooks: what arrives, and that nobody gets into this machine's own network by one."""
import http.server
import json
import socket
import threading
import time

import pytest

from visualizer import web_hook
from visualizer.web_hook import NotSentError, post

LOCAL = frozenset({"127.0.0.1"})


class Hook(http.server.BaseHTTPRequestHandler):
    """Keeps what it gets; answers as the path says."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, self.headers["Content-Type"], json.loads(body)))
        if self.path == "/drips":
            for _ in range(1000):
                self.wfile.write(b"H")
                time.sleep(0.05)
        elif self.path == "/away":
            self.send_response(307)
            self.send_header("Location", "/elsewhere")
            self.end_headers()
        else:
            self.send_response(int(self.path.strip("/") or 204))
            self.end_headers()

    def log_message(self, *arguments):
        pass


@pytest.fixture
def hook():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    server.got, server.daemon_threads = [], True
    server.url = f"http://127.0.0.1:{server.server_port}"
    server.handle_error = lambda *arguments: None  # a connection that was broken off
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_json_arrives(hook):
    post(f"{hook.url}/200", {"text": "mnist.py has finished. Ü"}, LOCAL)
    assert hook.got == [("/200", "application/json", {"text": "mnist.py has finished. Ü"})]


@pytest.mark.parametrize(("path", "sentence"), [("/404", "HTTP status 404"), ("/away", "HTTP status 307")])
def test_a_refusal_is_told_and_redirects_are_not_followed(hook, path, sentence):
    with pytest.raises(NotSentError, match=sentence):
        post(hook.url + path, {}, LOCAL)
    assert [got[0] for got in hook.got] == [path]


def test_an_answer_that_never_ends_is_broken_off(hook, monkeypatch):
    monkeypatch.setattr(web_hook, "_SECONDS", 0.5)
    with pytest.raises(NotSentError, match="did not answer"):
        post(f"{hook.url}/drips", {}, LOCAL)


def test_nobody_listens_and_no_http():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(NotSentError, match="cannot be reached"):
            post(f"http://127.0.0.1:{closed.getsockname()[1]}/", {}, LOCAL)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254",
     "2130706433", "0x7f000001", "127.1", "[::ffff:127.0.0.1]", "[::ffff:a00:1]", "[fd00::1]", "[fe80::1]",
     "100.64.0.1", "224.0.0.1", "[2002:7f00:1::]"],
)  # fmt: skip
def test_addresses_of_our_own_network_are_refused(hook, host):
    with pytest.raises(NotSentError, match="not a host of the internet|no host called"):
        post(f"http://{host}:{hook.server_port}/200", {})
    assert not hook.got


def test_a_name_that_leads_into_our_network_is_refused_and_looked_up_once(hook, monkeypatch):
    answers = [[(2, 1, 6, "", ("93.184.216.34", 80)), (2, 1, 6, "", ("127.0.0.1", 80))]]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments, **options: answers.pop())
    with pytest.raises(NotSentError, match="not a host of the internet"):
        post("http://inside.example/", {})
    assert not answers and not hook.got


def test_where_hosts_are_listed_no_other_is_reached(hook):
    with pytest.raises(NotSentError, match="to these hosts only: hooks.example"):
        post(f"{hook.url}/200", {}, frozenset({"hooks.example"}))
    assert not hook.got


@pytest.mark.parametrize(
    "url",
    ["", "ftp://example.org/", "file:///etc/passwd", "http://", "http://user@127.0.0.1/", "http://127.0.0.1:99999/",
     "http://127.0.0.1/a b", "http://127.0.0.1/\r\nX: y", "http://ex\u00e4mple.org/", "javascript:alert(1)"],
)  # fmt: skip
def test_what_is_no_address_of_a_web_hook_is_told(url):
    with pytest.raises(NotSentError, match="begins with https"):
        post(url, {})
