"""The running servers against a stranger and another user: every page, every Bokeh application, every grant."""
import gc
import http.client
import socket
import time
import warnings
from pathlib import Path

import pytest
from bokeh.server.urls import per_app_patterns, toplevel_patterns
from bokeh.util.token import generate_session_id
from tornado.httpclient import HTTPClientError

from custom_bokeh.apps import APPS
from custom_bokeh.document import REFUSED
from visualization_files.grants import GRANT_HEADER, GRANT_SECONDS, Grant, sign_grant
from visualizer.app import create_app
from visualizer.security import SMALL_BODY, bokeh_key

# A refused websocket's client complains when it is collected; that is tornado's, not ours.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
VALUES = {
    "filename": "mine.py", "name": "x.png", "visualization": "layer_activations", "number": "1", "run_id": "1",
    "token": "x",
}  # fmt: skip
# What everybody may see: forms to come in, style sheets and scripts.
OPEN = {"/login", "/create_user", "/reset_password/x"}
# What every user has, whatever the files of others are.
OWN = {"/", "/upload", "/uploads", "/uploads/running", "/account", "/account/messages", "/logout", "/machine", *OPEN}


@pytest.fixture(scope="module", autouse=True)
def collected():
    """The sockets of refused websockets are collected here, where nobody takes their complaints for another test's."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture(scope="module")
def addresses(tmp_path_factory):
    """Every address and method of the URL map, with the names of the owner's file in it."""
    app = create_app({}, instance=tmp_path_factory.mktemp("map"))
    return [
        (rule.build({name: VALUES[name] for name in rule.arguments})[1], method)
        for rule in app.url_map.iter_rules() if rule.endpoint != "static"
        for method in sorted(rule.methods - {"OPTIONS"})
    ]  # fmt: skip


@pytest.fixture(scope="module")
def key(servers):
    return bokeh_key(Path(servers.instance, "secret_key").read_text())


def test_a_stranger_gets_the_log_in_and_nothing_else(people, addresses):
    _, _, stranger = people
    for path, method in addresses:
        answer = stranger.post(path) if method == "POST" else stranger.ask(path, method=method)
        if path in OPEN:
            assert answer.status in (200, 302, 422), (path, method)
        else:
            assert answer.status == 302 and answer.headers["Location"].startswith("/login"), (path, method)
        assert "secret" not in answer.text and "owner_1" not in answer.text


def test_another_user_gets_404_for_every_file_of_the_owner(people, addresses):
    owner, other, _ = people
    tried = 0
    for path, method in addresses:
        if path in OWN or "sessions" in path:
            continue
        answer = other.post(path) if method == "POST" else other.ask(path, method=method)
        assert answer.status == 404 and "secret" not in answer.text, (path, method)
        tried += 1
    assert tried > 20
    assert "a secret of the owner" in owner.ask("/uploads/mine.py").text.replace("&#39;", "'")


def test_without_the_page_s_token_nothing_changes(people, addresses):
    owner, _, _ = people
    for path, method in addresses:
        if method == "POST":
            answer = owner.post(path, token=False, source="none", name="x", password="y")
            assert answer.status == 303, (path, answer.status)
    assert "mine.py" in owner.ask("/uploads").text


def test_every_bokeh_address_refuses_a_stranger(people, servers):
    _, _, stranger = people
    base = f"http://localhost:{servers.bokeh_port}"
    for app in APPS:
        for pattern, *_ in per_app_patterns:
            path = f"/{app}{pattern.removesuffix('?').rstrip('/')}"
            answer = stranger.ask(f"{base}{path}?bokeh-autoload-element=1")
            if path.endswith("/metadata"):  # the application's name, which the address says already
                assert answer.text == f'{{"url": "/{app}", "data": {{}}}}'
            else:
                assert answer.status in (400, 403), path
    for pattern, *_ in toplevel_patterns:
        path = pattern.replace("(.*)", "../../../../etc/passwd").rstrip("?")
        assert stranger.ask(base + path).status in (403, 404), path


def test_the_owner_sees_each_visualization_and_only_with_the_grant(people, key):
    owner, other, _ = people
    assert "secret_column" in owner.plot("mine.py", "training_progress").document()
    plot = owner.plot("mine.py", "layer_activations")
    assert "secret_layer" in plot.document()
    grant = plot.headers[GRANT_HEADER]
    body, _, rest = grant.partition(".")
    elsewhere = Grant("owner_1", "mine", "layer_activations")
    other.upload("yours.py", "x = 1")
    for bad in (
        None, "", "x", grant[:-3], f"{body}A.{rest}", sign_grant("another key" * 4, elsewhere),
        sign_grant(Path(owner.servers.instance, "secret_key").read_text(), elsewhere),
        sign_grant(key, Grant("owner_1", "mine", "saliency_maps")), sign_grant(key, Grant("..", "..", "x")),
        other.plot("yours.py", "training_progress").headers[GRANT_HEADER],
    ):  # fmt: skip
        document = plot.changed(**{GRANT_HEADER: bad}).fresh_session(key).document()
        assert REFUSED in document and "secret" not in document, bad


@pytest.mark.parametrize("app", [name for name in APPS if name != "training_progress"])
def test_a_grant_is_void_at_every_other_application(people, key, app):
    owner, _, _ = people
    document = owner.plot("mine.py", "training_progress").of(app).fresh_session(key).document()
    assert REFUSED in document and "secret" not in document


def test_a_grant_is_void_after_its_minutes(people, key, monkeypatch):
    owner, _, _ = people
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now - GRANT_SECONDS - 5)
    old = sign_grant(key, Grant("owner_1", "mine", "layer_activations"))
    monkeypatch.undo()
    assert GRANT_SECONDS <= 300
    document = owner.plot("mine.py", "layer_activations").changed(**{GRANT_HEADER: old}).fresh_session(key).document()
    assert REFUSED in document and "secret" not in document


def test_the_grant_stands_in_no_address(people):
    owner, _, _ = people
    plot = owner.plot("mine.py", "layer_activations")
    assert plot.headers[GRANT_HEADER] not in plot.address and plot.headers["Bokeh-Session-Id"] not in plot.address


@pytest.mark.parametrize("session", ["", "x", "x.y", generate_session_id(b"another key", signed=True)])
def test_forged_sessions_are_refused(people, session):
    owner, _, _ = people
    assert owner.plot("mine.py", "layer_activations").changed(Bokeh_Session_Id=session).load().status == 403


@pytest.mark.parametrize("token", ["", "x", "e30.e30", "x" * 5000, "." * 10])
def test_forged_tokens_open_no_connection(people, token):
    owner, _, _ = people
    with pytest.raises((ConnectionError, HTTPClientError)):
        owner.plot("mine.py", "layer_activations").document(token=token)


@pytest.mark.parametrize("origin", [
    "http://evil.test", "http://localhost", "http://localhost:1", "null", "http://localhost.evil.test:{port}",
    "http://evil.test:{port}", "http://localhost:{port}.evil.test", "http://localhost:{port}@evil.test",
])  # fmt: skip
def test_a_page_from_elsewhere_opens_no_connection(people, origin):
    owner, _, _ = people
    origin = origin.format(port=owner.servers.port)
    with pytest.raises(HTTPClientError, match="403"):
        owner.plot("mine.py", "layer_activations").document(origin=origin)


def test_every_answer_has_the_headers_and_no_inline_script(people, addresses):
    owner, _, stranger = people
    for visitor in (owner, stranger):
        for path, method in addresses:
            if method != "GET" or path == "/uploads/mine.py/download":
                continue
            headers = visitor.ask(path).headers
            policy = headers["Content-Security-Policy"]
            rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
            assert "unsafe-inline" not in rules["script-src"] and rules["default-src"] == "'none'", path
            assert rules["frame-ancestors"] == rules["base-uri"] == "'none'" and rules["form-action"] == "'self'"
            assert headers["X-Content-Type-Options"] == "nosniff" and headers["X-Frame-Options"] == "DENY"
            assert headers["Referrer-Policy"] == "same-origin" and headers["Server"] is None, path


@pytest.mark.parametrize("host", ["evil.test; script-src *", "a b", "<script>", "evil.test/../x", "a'b", "[::1"])
def test_a_forged_host_reaches_no_header_and_no_page(people, host):
    owner, _, _ = people
    answer = owner.ask("/uploads/mine.py/training_progress", Host=host)
    assert answer.status == 400 or host not in answer.headers["Content-Security-Policy"] + answer.text


def test_errors_show_no_path_and_no_trace(people):
    owner, _, _ = people
    root = str(Path(__file__).resolve().parents[2])
    for path in ("/no_such_page", "/uploads/none.py", "/uploads/%00", "/static/../app.py", "/uploads/mine.py/images/x"):
        answer = owner.ask(path)
        assert answer.status == 404, path
        assert root not in answer.text and str(owner.servers.instance) not in answer.text
        assert "Traceback" not in answer.text


def raw(servers, data: bytes, timeout: float = 10) -> bytes:
    with socket.create_connection(("127.0.0.1", servers.port), timeout) as connection:
        connection.sendall(data)
        return connection.recv(65536)


def test_a_stranger_s_large_body_is_refused_before_it_is_sent(servers):
    for path in ("/login", "/upload", "/uploads/mine.py/run"):
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 300000000\r\n\r\n"
        assert b" 413 " in raw(servers, head.encode() + b"x" * 1000).splitlines()[0], path


def test_a_large_body_without_a_length_is_cut(servers):
    chunk = b"%x\r\n" % 65536 + b"x" * 65536 + b"\r\n"
    head = b"POST /login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = raw(servers, head + chunk * (SMALL_BODY // 65536 + 3) + b"0\r\n\r\n")
    assert b" 413 " in answer.splitlines()[0]


def test_a_user_s_body_is_bounded_by_what_it_is_for(people):
    owner, _, _ = people
    assert owner.upload("big.py", "x = 1\n" * 50_000).status == 302
    assert owner.post("/uploads/mine.py/tags", tags="x" * 2 * SMALL_BODY).status == 413
    answer = owner.send_files("/upload", {"tags": ""}, "file", [("huge.py", b"x" * 3_000_000)])
    assert answer.status == 422 and "larger than" in answer.text


@pytest.mark.parametrize("data", [
    b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 300_000 + b"\r\n\r\n",
    b"GET /" + b"x" * 300_000 + b" HTTP/1.1\r\n\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /login HTTP/1.1\r\n\r\n",
    b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost : localhost\r\n\r\n", b"GET / HTTP/1.1\nHost: localhost\n\n" + b"\r\n\r\n",
])  # fmt: skip
def test_malformed_requests_are_refused(servers, data):
    try:
        answer = raw(servers, data)
    except ConnectionError:
        return  # closed at once
    assert not answer or answer.splitlines()[0].split()[1] in (b"400", b"405", b"431")


def test_slow_bodies_keep_nobody_waiting(servers, people):
    _, _, stranger = people
    head = b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nname="
    connections = [socket.create_connection(("127.0.0.1", servers.port), 10) for _ in range(300)]
    try:
        for number, connection in enumerate(connections):
            connection.sendall(head if number % 2 else b"GET /login HTT")
        begin = time.monotonic()
        for _ in range(3):
            assert stranger.ask("/login").status == 200
        assert time.monotonic() - begin < 5
    finally:
        for connection in connections:
            connection.close()


def test_the_bokeh_server_takes_no_large_body(servers):
    connection = http.client.HTTPConnection("127.0.0.1", servers.bokeh_port, timeout=10)
    connection.putrequest("POST", "/training_progress/autoload.js")
    connection.putheader("Content-Length", "50000000")
    connection.endheaders()
    with connection.getresponse() as answer:
        assert answer.status in (400, 413)
    connection.close()


def test_nobody_else_on_the_machine_can_read_the_instance(servers):
    instance = Path(servers.instance)
    for name in ("secret_key", "visualizer.db", "audit.log"):
        assert (instance / name).stat().st_mode & 0o077 == 0, name
    for path in (instance / "user_storage", instance / "user_storage" / "owner_1" / "mine"):
        assert path.stat().st_mode & 0o077 == 0, path
