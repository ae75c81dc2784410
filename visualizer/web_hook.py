"""Posts JSON to an address that a user gave, without letting them reach into this machine's own network."""
import http.client
import ipaddress
import json
import socket
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

_SECONDS = 10.0  # for all of one message, from the first packet to the answer
_PORTS = {"http": 80, "https": 443}


class NotSentError(Exception):
    """A message could not be sent. Its text is a sentence for the user."""


@dataclass(frozen=True)
class _Place:
    url: SplitResult
    port: int
    address: str

    @property
    def request(self) -> str:
        return (self.url.path or "/") + (f"?{self.url.query}" if self.url.query else "")


def post(url: str, content: dict, allowed: frozenset[str] = frozenset()) -> None:
    """Post JSON to a web hook. Redirects are not followed, and the answer is not read.

    Args:
        url: an http or https address, as the user typed it.
        content: what to send.
        allowed: the only hosts that may be reached, whatever their address; any public host where it is empty.

    Raises:
        NotSentError: if the address may not be reached, cannot be, or does not take it.
    """
    place = _find(url, allowed)
    connection = _connect(place)
    deadline = threading.Timer(_SECONDS, _break_off, (connection.sock,))
    deadline.start()
    try:
        connection.request("POST", place.request, json.dumps(content), {"Content-Type": "application/json"})
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NotSentError(f"{place.url.hostname} did not answer as a web hook does.") from error
    finally:
        deadline.cancel()
        connection.close()
    if not 200 <= status < 300:
        raise NotSentError(f"{place.url.hostname} refused the message (HTTP status {status}).")


def _find(url: str, allowed: frozenset[str]) -> _Place:
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme)
        host = parts.hostname or ""
        host.encode("ascii")
    except ValueError:
        parts, port, host = None, None, ""
    if port is None or not host or "@" in parts.netloc or not url.isprintable() or " " in url:
        raise NotSentError("A web hook is an address that begins with https:// or http://, without a user name.")
    if allowed and host not in allowed:
        raise NotSentError(f"Web hooks may go to these hosts only: {', '.join(sorted(allowed))}.")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotSentError(f"There is no host called {host}.") from error
    addresses = [entry[4][0] for entry in found]
    # The address that was looked at is the one that is connected to: a name can mean another one a moment later.
    if not allowed and not all(_is_public(address) for address in addresses):
        raise NotSentError(f"{host} is not a host of the internet. The administrator can allow it by its name.")
    return _Place(parts, port, addresses[0])


def _is_public(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    inner = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    return address.is_global and not address.is_multicast and (inner is None or inner.is_global)


def _connect(place: _Place) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection(place.url.hostname, place.port, timeout=_SECONDS)
    try:
        connection.sock = socket.create_connection((place.address, place.port), _SECONDS)
        if place.url.scheme == "https":
            context = ssl.create_default_context()
            connection.sock = context.wrap_socket(connection.sock, server_hostname=place.url.hostname)
    except OSError as error:
        connection.close()
        raise NotSentError(f"{place.url.hostname} cannot be reached on port {place.port}.") from error
    return connection


def _break_off(sock: socket.socket) -> None:
    """End a connection that somebody keeps open by sending a little now and then."""
    with suppress(OSError):  # it has ended meanwhile
        sock.shutdown(socket.SHUT_RDWR)
