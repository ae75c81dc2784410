"""A viewer without a browser: speaks to the Bokeh server as one does, and so can be opened by the hundred."""
import asyncio
import json
import re
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

from bokeh.util.token import generate_session_id
from page_bed import KEY, PageBed
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import websocket_connect

_TOKEN = re.compile(rb'"token":"([^"]+)"')


def in_own_loop(coroutine: Coroutine) -> None:
    """Run it in a thread, as the browser's driver keeps the main thread's event loop."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, coroutine).result()


class SocketClient:
    """One open page. It answers each picture with `seen`, as a browser does that has drawn it.

    Attributes:
        received: bytes so far.
        arrivals: the stage's caption and the time in seconds since 1970, for each picture that came.

    Args:
        bed: the servers.
        name: the visualization.
        options: those of `PageBed.url`.
    """

    def __init__(self, bed: PageBed, name: str, **options):
        self._bed, self._name, self._options = bed, name, options
        self._screen: str | None = None
        self._number = 0
        self.received = 0
        self.arrivals: list[tuple[str, float]] = []

    async def open(self) -> None:
        """Open the page: the loader's request, then the websocket, then the document."""
        url = f"http://localhost:{self._bed.port}/{self._name}"
        headers = {
            **self._bed.headers(self._name, self._options),
            "Bokeh-Session-Id": generate_session_id(KEY.encode(), signed=True),
        }
        place = f"bokeh-app-path=/{self._name}&bokeh-absolute-url={quote(url)}"
        address = f"{url}/autoload.js?bokeh-autoload-element=e&{place}"
        loader = await AsyncHTTPClient().fetch(HTTPRequest(address, headers=headers, request_timeout=60))
        token = _TOKEN.search(loader.body.replace(b'\\"', b'"'))[1].decode()
        request = HTTPRequest(
            f"{url.replace('http', 'ws')}/ws", request_timeout=60,
            headers={"Origin": f"http://{self._bed.host}:{self._bed.web_port}"},
        )  # fmt: skip
        self._socket = await websocket_connect(
            request, subprotocols=["bokeh", token], max_message_size=200 * 2**20
        )
        await self._message()  # the acknowledgement
        await self._send("PULL-DOC-REQ", {})
        while (await self._message())["msgtype"] != "PULL-DOC-REPLY":
            pass
        await self._send_event({"kind": "MessageSent", "msg_type": "bokeh_event", "msg_data": {
            "type": "event", "name": "document_ready", "values": {"type": "map", "entries": []}}})  # fmt: skip
        await self._seen(0)

    async def follow(self) -> None:
        """Take what comes until the connection ends."""
        try:
            while True:
                await self._message()
        except ConnectionError:
            pass

    def close(self) -> None:
        """Leave the page."""
        self._socket.close()

    async def _message(self) -> dict:
        header, content = json.loads(await self._part()), None
        await self._part()  # metadata
        content = await self._part()
        for _ in range(header.get("num_buffers", 0)):
            await self._part()
            await self._part()
        if header["msgtype"] == "PULL-DOC-REPLY":
            self._screen = _screen_of(json.loads(content))
        if header["msgtype"] == "PATCH-DOC":
            await self._take(json.loads(content)["events"])
        return header

    async def _part(self) -> bytes | str:
        part = await self._socket.read_message()
        if part is None:
            raise ConnectionError("The server has closed the connection.")
        self.received += len(part)
        return part

    async def _take(self, events: list[dict]) -> None:
        for event in events:
            if event.get("attr") == "text" and "status" in str(event.get("new")):
                self.arrivals.append((event["new"], time.time()))
            if event.get("attr") == "frame":
                await self._seen(event["new"])

    async def _seen(self, frame: int) -> None:
        if self._screen:
            await self._send_event(
                {"kind": "ModelChanged", "model": {"id": self._screen}, "attr": "seen", "new": frame}
            )

    async def _send_event(self, event: dict) -> None:
        await self._send("PATCH-DOC", {"events": [event]})

    async def _send(self, kind: str, content: dict) -> None:
        self._number += 1
        header = {"msgid": f"{id(self)}-{self._number}", "msgtype": kind}
        for part in (header, {}, content):
            await self._socket.write_message(json.dumps(part))


def _screen_of(reply: dict) -> str | None:
    """The id of the page's screen in its document."""
    found = re.search(r'"name": "custom_bokeh\.screen\.Screen", "id": "([^"]+)"', json.dumps(reply["doc"]["roots"]))
    return found[1] if found else None
