"""Somebody who talks to the running servers without a browser's manners."""
import asyncio
import http.client
import io
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from http.cookiejar import CookieJar

from bokeh.util.token import generate_session_id
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

PASSWORD = "long enough"


@dataclass
class Answer:
    """What a server said."""

    status: int
    headers: http.client.HTTPMessage
    text: str


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments):
        return None


class Visitor:
    """A client with cookies of its own; a stranger until it has logged in.

    Args:
        servers: the running pair.
    """

    def __init__(self, servers):
        self.servers = servers
        self.cookies = CookieJar()
        self._opener = urllib.request.build_opener(
            _NoRedirect, urllib.request.HTTPCookieProcessor(self.cookies), urllib.request.ProxyHandler({})
        )

    def ask(self, path: str, data: bytes | None = None, method: str | None = None, **headers: str) -> Answer:
        """One request to the web server, or to any address that begins with http."""
        url = path if path.startswith("http") else self.servers.url + path
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(url, data, headers, method=method)
        try:
            with self._opener.open(request, timeout=30) as answer:
                return Answer(answer.status, answer.headers, answer.read().decode(errors="replace"))
        except urllib.error.HTTPError as answer:
            with answer:
                return Answer(answer.code, answer.headers, answer.read().decode(errors="replace"))

    def post(self, path: str, token: bool = True, **form: str) -> Answer:
        """Send a form, with the token of a page of one's own."""
        if token:
            form["csrf_token"] = self.token()
        return self.ask(path, urllib.parse.urlencode(form).encode(), "POST")

    def token(self) -> str:
        page = self.ask("/login")
        page = page if page.status == 200 else self.ask("/uploads")
        return re.search(r'name="csrf-token" content="([^"]+)"', page.text)[1]

    def join(self, name: str) -> "Visitor":
        """Make a user of this name and log in."""
        assert self.post("/create_user", name=name, password=PASSWORD, confirm=PASSWORD).status == 302
        assert self.post("/login", name=name, password=PASSWORD).status == 302
        return self

    def upload(self, filename: str, source: str, tags: str = "") -> Answer:
        """Upload a script."""
        return self.send_files("/upload", {"tags": tags}, "file", [(filename, source.encode())])

    def send_files(self, path: str, form: dict, name: str, files: list[tuple[str, bytes]]) -> Answer:
        """Send a form with files, whose names go out as they are."""
        body, end = io.BytesIO(), "----boundary"
        for key, value in {**form, "csrf_token": self.token()}.items():
            body.write(f'--{end}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode())
        for filename, content in files:
            body.write(f'--{end}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n'.encode())
            body.write(b"Content-Type: text/x-python\r\n\r\n" + content + b"\r\n")
        body.write(f"--{end}--\r\n".encode())
        return self.ask(path, body.getvalue(), "POST", Content_Type=f"multipart/form-data; boundary={end}")

    def plot(self, filename: str, visualization: str) -> "Plot":
        """What a page gives its browser to open a visualization with."""
        page = self.ask(f"/uploads/{filename}/{visualization}").text
        address = re.search(r"xhr.open\('GET', \"([^\"]+)\"", page)[1]
        headers = {
            name: json.loads(f'"{value}"')
            for name, value in re.findall(r'xhr.setRequestHeader\("([^"]+)", "((?:[^"\\]|\\.)*)"\)', page)
        }
        return Plot(self, address, headers)


@dataclass
class Plot:
    """The address and the headers that open a visualization."""

    visitor: Visitor
    address: str
    headers: dict[str, str] = field(default_factory=dict)

    def changed(self, **headers: str | None) -> "Plot":
        """The same with other headers; None leaves one out."""
        new = {name.replace("_", "-"): value for name, value in headers.items()}
        merged = {**self.headers, **new}
        return Plot(self.visitor, self.address, {name: value for name, value in merged.items() if value is not None})

    def of(self, visualization: str) -> "Plot":
        """The same permission, used at another application."""
        name = re.search(r"//[^/]+/(\w+)/autoload", self.address)[1]
        return Plot(self.visitor, self.address.replace(name, visualization), self.headers)

    def fresh_session(self, key: str) -> "Plot":
        """In a session of its own, as whoever replays a grant would have to; the old one is open already."""
        return self.changed(Bokeh_Session_Id=generate_session_id(key.encode(), signed=True))

    def load(self) -> Answer:
        """The script that opens the connection."""
        return self.visitor.ask(self.address, **self.headers)

    def document(self, origin: str | None = None, token: str | None = None) -> str:
        """The document of the page as JSON, over its websocket."""
        if token is None:
            answer = self.load()
            assert answer.status == 200, answer.status
            token = re.search(r'"token":"([^"]+)"', answer.text)[1]
        address = self.address.partition("/autoload.js")[0].replace("http", "ws", 1) + "/ws"
        # In a thread of its own: a browser of other tests keeps an event loop in this one.
        asked = (address, token, origin or self.visitor.servers.url)
        with ThreadPoolExecutor(1) as threads:
            return threads.submit(lambda: asyncio.run(pull(*asked))).result()


async def pull(address: str, token: str, origin: str) -> str:
    """Ask for the document of a session as the browser's script does."""
    request = HTTPRequest(address, headers={"Origin": origin}, request_timeout=20, connect_timeout=20)
    connection = await websocket_connect(request, subprotocols=["bokeh", token], max_message_size=100_000_000)
    try:
        await _message(connection)  # ACK
        for fragment in ({"msgid": "1", "msgtype": "PULL-DOC-REQ"}, {}, {}):
            await connection.write_message(json.dumps(fragment))
        return await _message(connection)
    finally:
        connection.close()
        with suppress(TimeoutError):  # until the server has closed it too, and its socket is free
            await asyncio.wait_for(connection.read_message(), 1)


async def _message(connection) -> str:
    fragments = []
    for _ in range(3):
        fragment = await asyncio.wait_for(connection.read_message(), 20)
        if fragment is None:
            raise ConnectionError("the server closed the connection")
        fragments.append(fragment)
    return fragments[2]
