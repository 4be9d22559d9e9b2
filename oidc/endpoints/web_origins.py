"""Which scripts of other origins may read an answer (Fetch, the CORS protocol). Never with credentials, so no cookies.

A public client runs in the browser: at the endpoints where it names itself, the origins of its redirect URIs may read.
Userinfo is told to whoever has the token, so from anywhere. The authorization endpoint is for navigation only
(RFC 9700 §2.6).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from flask import Blueprint, Response, g, request

from oidc.clients import Clients

EXPOSED: Final = "DPoP-Nonce, WWW-Authenticate"
"""What a script reads beside the body: the nonce to come back with (RFC 9449 §8), and why it is refused."""
ALLOWED: Final = "Authorization, Content-Type, DPoP"
MAX_AGE: Final = 3_600
"""How long a browser may keep the answer to its preflight, in seconds."""


def open_to_public_clients(routes: Blueprint, clients: Clients) -> None:
    """Let scripts of the public client that the form names read the answers, refusals too."""

    def reader(origin: str) -> str:
        named: str | None = g.get("named_client")  # by `client_request.read`
        client = clients.get(named) if named else None
        return origin if client is not None and origin in client.web_origins else ""

    _open(routes, reader)


def open_to_all(routes: Blueprint) -> None:
    """Let scripts of any origin read the answers."""
    _open(routes, lambda _: "*")


def _open(routes: Blueprint, reader: Callable[[str], str]) -> None:
    @routes.after_request
    def answer(response: Response) -> Response:
        origin = request.headers.get("Origin")
        if origin is None:
            return response
        if request.method == "OPTIONS":
            # A preflight doesn't tell who the client is: it is the answer to the request itself that is kept back.
            response.headers["Access-Control-Allow-Origin"] = "*"
            response.headers["Access-Control-Allow-Headers"] = ALLOWED
            response.headers["Access-Control-Allow-Methods"] = response.headers.get("Allow", "POST")
            response.headers["Access-Control-Max-Age"] = str(MAX_AGE)
            return response
        may_read = reader(origin)
        if may_read:
            response.headers["Access-Control-Allow-Origin"] = may_read
            response.headers["Access-Control-Expose-Headers"] = EXPOSED
        response.headers.add("Vary", "Origin")
        return response
