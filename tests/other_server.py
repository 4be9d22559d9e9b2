"""Another organisation's server on loopback, well-behaved or not; counts what reaches it."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.certificates import Issued


@dataclass
class Other:
    """What it was asked: method, path, Host, body of each request; and what it has to give."""

    port: int = 0
    documents: dict[str, object] = field(default_factory=dict)
    """JSON by path."""
    bodies: dict[str, bytes] = field(default_factory=dict)
    """Anything else by path."""
    statuses: dict[str, int] = field(default_factory=dict)
    """Of an answer by path, where it isn't 200."""
    asked: list[tuple[str, str, str, bytes]] = field(default_factory=list)
    authorizations: list[str] = field(default_factory=list)
    """The Authorization header of each request."""
    connections: int = 0
    ending: threading.Event = field(default_factory=threading.Event)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, other: Other, issued: Issued | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.other = other
        self.context = issued.server_context() if issued else None
        other.port = self.server_address[1]

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        self.other.connections += 1
        accepted, address = super().get_request()
        return (self.context.wrap_socket(accepted, server_side=True) if self.context else accepted), address

    def handle_error(self, *_: object) -> None:
        """A handshake that the other side broke off is what some tests want."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.other.asked.append((self.command, self.path, self.headers["Host"], body))
        self.server.other.authorizations.append(self.headers.get("Authorization", ""))
        if self.path in self.server.other.bodies:
            return self._say(self.server.other.bodies[self.path])
        if self.path in self.server.other.documents:
            return self._say(json.dumps(self.server.other.documents[self.path]).encode())
        ways = {"/redirect": self._redirect, "/slow": self._slow, "/zipped": self._zipped, "/cut": self._cut}
        return ways.get(self.path, self._plain)()

    do_GET = do_POST = _answer  # noqa: N815 -- http.server's names

    def _plain(self) -> None:
        self._say(b"x" * 100)

    def _redirect(self) -> None:
        self.send_response(302)
        self.send_header("Location", f"http://127.0.0.1:{self.server.other.port}/secret")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _slow(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        for _ in range(100):  # a byte now and then: no timeout of a socket ever passes
            if self.server.other.ending.wait(0.05):
                return
            self.wfile.write(b"x")

    def _zipped(self) -> None:
        self._say(b"x" * 10, ("Content-Encoding", "gzip"))

    def _cut(self) -> None:
        self._say(b"x" * 10, ("Content-Length", "100"))
        self.close_connection = True

    def _say(self, body: bytes, *more: tuple[str, str]) -> None:
        self.send_response(self.server.other.statuses.get(self.path, 200))
        self.send_header("Content-Type", "application/JSON; charset=utf-8")
        for name, value in {"Content-Length": str(len(body)), **dict(more)}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing on standard error."""


@contextmanager
def serving(issued: Issued | None) -> Iterator[Other]:
    """Run one; with `issued` it speaks https."""
    other = Other()
    server = _Server(other, issued)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield other
    finally:
        other.ending.set()
        server.shutdown()
        server.server_close()
        thread.join()
