"""Discovery and our public keys, which are the same for everybody: answered as kept bytes, before Flask.

Flask makes each answer, with every header that it gives; it is given again while what it was made from is held, at
most five seconds (`oidc.keys.kept`). So a rotation shows here when this node knows of it, and no sooner or later.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug.test import run_wsgi_app

PATHS = frozenset({"/jwks", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"})
_OF_A_BODY = frozenset({"content-type", "content-length"})


@dataclass(frozen=True, slots=True)
class _Held:
    version: object
    headers: list[tuple[str, str]]
    etag: str
    body: bytes


class Published:
    """The layer in front of the application (WSGI)."""

    def __init__(self, application: WSGIApplication, version: Callable[[], object | None]) -> None:
        """version: the same object while the documents stay as they are; None when nobody knows."""
        self._application = application
        self._version = version
        self._held: dict[str, _Held] = {}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer GET and HEAD of the documents, pass everything else on."""
        path, method = environ.get("PATH_INFO", ""), environ["REQUEST_METHOD"]
        if path not in PATHS or method not in {"GET", "HEAD"}:
            return self._application(environ, start_response)
        held = self._held.get(path)
        if held is None or held.version is not self._version():
            held = self._renewed(path, environ)
        if held is None:
            return self._application(environ, start_response)
        if held.etag in environ.get("HTTP_IF_NONE_MATCH", ""):  # RFC 9110 §13.1.2; quoted, so it is no part of another
            start_response("304 NOT MODIFIED", [pair for pair in held.headers if pair[0].lower() not in _OF_A_BODY])
            return []
        start_response("200 OK", held.headers)
        return [held.body] if method == "GET" else []

    def _renewed(self, path: str, environ: WSGIEnvironment) -> _Held | None:
        """What the application answers to a request that has nothing particular; None unless that is the document."""
        asked = {name: value for name, value in environ.items() if not name.startswith("HTTP_")}
        asked |= {"REQUEST_METHOD": "GET", "QUERY_STRING": "", "HTTP_HOST": environ.get("HTTP_HOST", "")}
        before = self._version()
        chunks, status, headers = run_wsgi_app(self._application, asked)
        self._held.pop(path, None)
        if not status.startswith("200 "):
            return None
        body = b"".join(chunks)
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        held = _Held(before, [*headers.items(), ("ETag", etag)], etag, body)
        if before is not None and before is self._version():  # else keys were renewed meanwhile: before or after it?
            self._held[path] = held
        return held
