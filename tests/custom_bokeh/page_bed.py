"""The Bokeh server as a process, a tiny page that embeds it as the web server does, and a browser."""
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

from bokeh.embed import server_session
from bokeh.util.token import generate_session_id

from visualization_files.grants import GRANT_HEADER, Grant, sign_grant
from visualization_files.names import VISUALIZATIONS

KEY = "a key of the tests, long enough to sign with"
_PAGE = """<!doctype html>
<html lang="en" data-bs-theme="{theme}"><head><meta charset="utf-8"><title>{name}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body {{ margin: 16px; background: {ground}; color: {text}; font-family: sans-serif; }}</style></head>
<body><main><h1 style="font-size: 20px">{name}</h1><a data-tab href="saliency_maps">Saliency maps</a>
<div id="visualization" data-server="{server}">{tag}</div></main>
<script type="module">{script}</script></body></html>"""
_SCRIPT = Path(__file__).resolve().parents[2] / "visualizer" / "static" / "js" / "visualization.js"


class PageBed:
    """Serves pages that embed the Bokeh server of a user storage.

    Args:
        storage: the user storage.
        host: by which browsers are told to reach both servers.
    """

    def __init__(self, storage: Path, host: str = "localhost"):
        self.storage = storage
        self.host = host
        self.web = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.web_port = self.web.server_address[1]
        self.port = 0
        self.start()
        threading.Thread(target=self.web.serve_forever, daemon=True).start()

    def start(self) -> None:
        """Start the Bokeh server, on the same port as before if there was one."""
        command = [
            sys.executable, "-m", "custom_bokeh", "--storage", str(self.storage), "--port", str(self.port),
            "--origin", f"{self.host}:{self.web_port}",
        ]  # fmt: skip
        self.process = subprocess.Popen(
            command, env={**os.environ, "VISUALIZER_BOKEH_KEY": KEY}, stdout=subprocess.PIPE, text=True
        )
        line = self.process.stdout.readline()
        self.port = int(line.strip().rsplit(":", 1)[1])

    def stop(self) -> int:
        """End the Bokeh server as a service manager would; returns its exit code."""
        self.process.terminate()
        with self.process:
            return self.process.wait(10)

    def close(self) -> None:
        """End everything."""
        self.stop()
        self.web.shutdown()
        self.web.server_close()

    def url(self, name: str, **options) -> str:
        """Address of a page: options are `theme`, `user`, `script`, and whatever belongs to the view."""
        return f"http://{self.host}:{self.web_port}/{name}?{urlencode(options)}"

    def headers(self, name: str, options: dict) -> dict[str, str]:
        """What the web server sends along with a page's first request."""
        grant = Grant(options.get("user", "annie"), options.get("script", "mnist_keras"), name)
        view = {"stage": int(options["stage"])} if "stage" in options else {}
        return {
            GRANT_HEADER: sign_grant(KEY, grant),
            "X-Visualization-Theme": options.get("theme", "light"),
            "X-Visualization-View": json.dumps(view),
        }

    def page(self, name: str, options: dict) -> str:
        """The HTML of a page."""
        theme = options.get("theme", "light")
        tag = server_session(
            session_id=generate_session_id(KEY.encode(), signed=True),
            url=f"http://{self.host}:{self.port}/{name}",
            headers=self.headers(name, options),
        )
        ground, text = ("#212529", "#dee2e6") if theme == "dark" else ("#ffffff", "#212529")
        server = f"http://{self.host}:{self.port}/static/js/bokeh.min.js"
        script = _SCRIPT.read_text(encoding="utf-8")
        return _PAGE.format(
            theme=theme, name=name, tag=tag, ground=ground, text=text, server=server, script=script
        )


def _handler(bed: PageBed) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self):  # noqa: N802 (its name is given)
            self.send_response(200)
            self.end_headers()

        def do_GET(self):  # noqa: N802 (its name is given)
            parts = urlsplit(self.path)
            name = parts.path.strip("/")
            if name not in VISUALIZATIONS:
                self.send_response(204)
                self.end_headers()
                return
            options = {key: values[0] for key, values in parse_qs(parts.query).items()}
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(bed.page(name, options).encode())

        def log_message(self, *arguments):
            pass

    return Handler
