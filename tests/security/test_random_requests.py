"""Ten thousand random requests made from the URL map: none ends in an error of the server."""

import io
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

REQUESTS = 10_000
# Uploading compiles in a process of its own, and hashing is tried elsewhere; both would take too long here.
_SELDOM = ("files.upload", "accounts.create_user")
_NASTY = st.sampled_from([
    "", "0", "-1", "9" * 30, "1e308", "NaN", "..", "../..", "%2e%2e", "..\\..", "\0", "a\0.py", "mnist.py", "MNIST.PY",
    "mnist.py\r\nSet-Cookie: x=y", "<script>", "'; DROP TABLE user; --", "{{7*7}}", "%s%n", "\ud7ff\uffff", "a" * 3000,
    "CON", "con.py", "~", "$HOME", "last", "new", "none", "asc", "saliency_maps", "𝕊", "\u202etxt.py", "true", "[]",
])  # fmt: skip
_TEXTS = _NASTY | st.text(max_size=20)
_FIELDS = st.sampled_from([
    "q", "sort", "order", "page", "per_page", "next", "stage", "size", "tags", "remove", "source", "name", "password",
    "confirm", "current", "csrf_token", "image", "run", "gentle", "arguments", "environment", "gpus", "lines", "x",
])  # fmt: skip
_NUMBERS = st.sampled_from(["0", "-1", "1.5", "1e9", "inf", str(2**31), str(2**63), "9" * 30, "9" * 5000, "0x1", "１"])
_NUMBER_FIELDS = st.sampled_from(["page", "per_page", "stage", "size", "run", "lines"])
_FORMS = st.dictionaries(_FIELDS, _TEXTS, max_size=5) | st.dictionaries(_NUMBER_FIELDS, _NUMBERS, max_size=2)
_OTHER_METHODS = st.sampled_from(["HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "QUERY"])
_HEADERS = st.dictionaries(
    st.sampled_from([
        "Cookie", "Referer", "Range", "If-Modified-Since", "If-None-Match", "Accept", "X-CSRFToken", "Content-Type",
        "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "User-Agent", "Origin", "Accept-Encoding",
    ]),
    st.sampled_from(["", "bytes=0-", "bytes=-5", "bytes=9-1,4-", "*", "theme=dark", "visualizer_device=x.y.z",
                     "visualizer_session=.eJw.x.y", "application/json", "multipart/form-data", "evil.test",
                     "multipart/form-data; boundary=x", "text/html;q=z", "Sat, 99 Foo 0000", "null", "\xff\xfe"]),
    max_size=2,
)  # fmt: skip
_BODIES = st.none() | st.binary(max_size=60)


@pytest.fixture
def rules(app):
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint not in _SELDOM]


def _path(draw, rule) -> str:
    parts = []
    for is_dynamic, part in rule._trace:
        if part == "number":  # 1 is the session that all requests need
            parts.append(quote(draw(_NUMBERS.filter(lambda number: number != "１"))))
        elif is_dynamic:
            good = {"filename": "mnist.py", "visualization": "saliency_maps"}.get(part)
            known = st.just(good) if good else st.just("seven.png")
            parts.append(quote(draw(known | known | _TEXTS), safe="/%"))
        else:
            parts.append(part)
    return "".join(parts).lstrip("|") or "/"


@pytest.mark.slow
@pytest.mark.timeout(1500)  # a minute of processor time, which may be long on a busy machine
def test_ten_thousand_random_requests(app, annie, mnist, rules):
    folder = annie.application.config["USER_STORAGE"]
    for name in ("output.txt", "images/seven.png", "networks/mnist.keras"):
        path = Path(folder, "annie", "mnist", name)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x" * 100)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.config["ATTEMPTS_PER_ADDRESS"] = 10**9
    stranger, tried, codes = app.test_client(use_cookies=False), 0, {}

    @settings(
        max_examples=REQUESTS, deadline=None, database=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.data())
    def request(data):
        nonlocal tried
        rule = data.draw(st.sampled_from(rules))
        method = data.draw(st.sampled_from(sorted(rule.methods - {"HEAD", "OPTIONS"})))
        if data.draw(st.integers(0, 7)) == 0:
            method = data.draw(_OTHER_METHODS)
        if rule.endpoint in ("accounts.logout", "accounts.end_all_sessions", "files.delete"):
            method = "GET"  # they would end what all other requests need
        client = stranger if data.draw(st.integers(0, 4)) == 0 else annie
        body = data.draw(_BODIES)
        more = {"data": body} if body is not None else {"data": data.draw(_FORMS)} if method != "GET" else {}
        if data.draw(st.integers(0, 9)) == 0:
            more = {"data": {"images": (io.BytesIO(data.draw(st.binary(max_size=40))), data.draw(_TEXTS))}}
        answer = client.open(
            _path(data.draw, rule), method=method, query_string=data.draw(_FORMS), headers=data.draw(_HEADERS), **more
        )
        codes[answer.status_code] = codes.get(answer.status_code, 0) + 1
        assert answer.status_code < 500, (rule.endpoint, answer.text[-500:])
        answer.close()
        tried += 1

    request()
    assert tried >= REQUESTS and codes[200] > 500 and codes[404] > 500, codes
