"""A closed loop of HTTP requests, light enough not to be what is measured: some 30 µs of CPU each, in one thread.

Each connection repeats one operation: a generator that is sent each answer and yields the next request, as bytes.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

HEAD_END = b"\r\n\r\n"
READ_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Answer:
    """One response. head: status line and header lines."""

    head: bytes
    body: bytes

    @property
    def status(self) -> int:
        """Of HTTP."""
        return int(self.head[9:12])

    def header(self, name: str) -> str:
        """The value of a header. Raises `LookupError` when there is none."""
        value = _header(self.head, name)
        if value is None:
            raise LookupError(f"no {name} in {self.head!r} {self.body!r}")
        return value


Operation = Generator[bytes, Answer, None]


@dataclass(frozen=True, slots=True)
class Taken:
    """What a run of operations took: the time of each, and of all together, in seconds."""

    each: Sequence[float]
    whole: float


def request(
    host: str, method: str, path: str, headers: Sequence[tuple[str, str]] = (), form: dict[str, str] | None = None
) -> bytes:
    """A request on a connection that stays open."""
    body = b"" if form is None else urlencode(form).encode()
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *(f"{name}: {value}" for name, value in headers)]
    if form is not None:
        lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def repeat(port: int, operations: Sequence[Callable[[], Operation]], seconds: float) -> Taken:
    """Begin an operation on each connection again and again until `seconds` are over; those begun are ended.

    operations: one a connection, each called anew for every round.
    """
    lines = [_Line(port, begin) for begin in operations]
    begun = time.perf_counter()
    with selectors.DefaultSelector() as selector:
        for line in lines:
            selector.register(line.socket, selectors.EVENT_READ, line)
            line.start()
        while selector.get_map():
            for key, _ in selector.select():
                line = key.data
                if line.goes_on(until=begun + seconds):
                    continue
                selector.unregister(line.socket)
    whole = time.perf_counter() - begun
    for line in lines:
        line.socket.close()
    return Taken([one for line in lines for one in line.taken], whole)


@dataclass
class _Line:
    """One connection."""

    port: int
    begin: Callable[[], Operation]
    taken: list[float] = field(default_factory=list)
    received: bytes = b""

    def __post_init__(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def start(self) -> None:
        self.operation = self.begin()
        self.begun = time.perf_counter()
        self.socket.sendall(next(self.operation))

    def goes_on(self, *, until: float) -> bool:
        """Take what has come; False when the last operation has ended."""
        more = self.socket.recv(READ_BYTES)
        assert more, f"the connection was closed: {self.received!r}"
        self.received += more
        answer = _whole(self.received)
        if answer is None:
            return True
        self.received = b""
        try:
            self.socket.sendall(self.operation.send(answer))
        except StopIteration:
            now = time.perf_counter()
            self.taken.append(now - self.begun)
            if now >= until:
                return False
            self.start()
        return True


def _whole(received: bytes) -> Answer | None:
    head, end, body = received.partition(HEAD_END)
    if not end:
        return None
    length = _header(head, "content-length")
    assert length is not None, head
    return Answer(head, body) if len(body) == int(length) else None


def _header(head: bytes, name: str) -> str | None:
    lowered = head.lower()
    at = lowered.find(f"\r\n{name.lower()}:".encode())
    if at < 0:
        return None
    begin = at + len(name) + 3
    end = head.find(b"\r\n", begin)
    return head[begin : end if end >= 0 else None].decode("latin-1").strip()
