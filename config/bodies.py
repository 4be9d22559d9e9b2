"""The bodies of requests (WSGI): each must keep a pace, and only so many are on their way at once, few of one address.

Each request takes a thread until its body is there. Whoever sent bodies a byte at a time would soon hold all of them,
and nobody else would be served: so there are more threads than bodies may be on their way. Who falls silent altogether
is ended by the proxy (`client_body_timeout`); the server's own read can't be given up (docs/decisions/0005).
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, ClassVar, Final
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from config.errors import Refusal
from config.rate_limits import address_key
from config.settings import Bodies as BodiesSettings

BYTES_PER_SECOND: Final = 2_000
"""The pace that a body must keep after its grace; a telephone with one bar has ten times that."""


class SlowBody(Refusal):
    """The body did not come in time (RFC 9110 §15.5.9). What was read of it is not used."""

    code: ClassVar[str] = "slow_body"
    status: ClassVar[HTTPStatus] = HTTPStatus.REQUEST_TIMEOUT


class Crowded(Refusal):
    """Too many bodies are on their way at once. Nothing of this one was read."""

    code: ClassVar[str] = "crowded"
    status: ClassVar[HTTPStatus] = HTTPStatus.SERVICE_UNAVAILABLE


class Bodies:
    """Puts itself between the server's bodies and an application that reads them."""

    def __init__(
        self, application: WSGIApplication, settings: BodiesSettings, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """monotonic: seconds since some moment."""
        self._application = application
        self._settings = settings
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._coming: Counter[str] = Counter()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Pass the request on; its body is counted from the first read until the last, or the answer."""
        length = environ.get("CONTENT_LENGTH") or "0"
        if not length.isdigit() or not int(length):
            return self._application(environ, start_response)
        key = address_key(environ.get("REMOTE_ADDR", ""))
        environ["wsgi.input"] = body = _Body(self, environ["wsgi.input"], int(length), key)
        try:
            return self._application(environ, start_response)
        finally:
            body.close()

    def enter(self, key: str) -> float:
        """Count a body of an address; when it began. Raises `Crowded`."""
        with self._lock:
            if self._coming.total() >= self._settings.at_once or self._coming[key] >= self._settings.from_one_address:
                raise Crowded
            self._coming[key] += 1
        return self._monotonic()

    def leave(self, key: str) -> None:
        """It has come, or nobody reads it any more."""
        with self._lock:
            self._coming[key] -= 1
            if not self._coming[key]:
                del self._coming[key]

    def check_pace(self, since: float, received: int) -> None:
        """Raises `SlowBody` when a body that began at `since` is behind."""
        if self._monotonic() - since > self._settings.grace.total_seconds() + received / BYTES_PER_SECOND:
            raise SlowBody


class _Body:
    """`wsgi.input` of one request, as far as applications read it."""

    def __init__(self, bodies: Bodies, given: Any, length: int, key: str) -> None:
        self._bodies = bodies
        self._given = given
        self._length = length
        self._key = key
        self._since: float | None = None
        self._received = 0
        self._is_over = False

    def read(self, size: int = -1) -> bytes:
        """The next bytes, at most `size`; none at the end. Raises `SlowBody` or `Crowded`."""
        left = self._length - self._received
        if self._is_over or not left:
            return b""
        if self._since is None:
            self._since = self._bodies.enter(self._key)
        piece: bytes = self._given.read(left if size < 0 else min(size, left))
        self._received += len(piece)
        self._bodies.check_pace(self._since, self._received)
        if not piece or self._received == self._length:
            self.close()
        return piece

    def close(self) -> None:
        """Nothing more of it is wanted."""
        if not self._is_over and self._since is not None:
            self._bodies.leave(self._key)
        self._is_over = True
