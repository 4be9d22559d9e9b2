"""What is asked of a provider, in requests as its client and its client's browser send them. The same for every one."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bench import load
from bench.load import Answer, Operation
from bench.visitor import VERIFIER

Beginning = Callable[[], Operation]
"""Begins an operation once more."""


@dataclass(kw_only=True)
class Provider:
    """One provider with a person who is signed in and has consented. Paths without the origin."""

    name: str
    host: str
    port: int
    client: tuple[str, str]
    callback: str
    cookies: Mapping[str, str] = field(repr=False)
    authorization: str
    token: str = "/token"  # noqa: S105 -- a path
    userinfo: str
    introspection: str
    jwks: str = "/jwks"

    def __post_init__(self) -> None:
        pair = base64.b64encode(":".join(self.client).encode()).decode()
        self._as_client = [("Authorization", f"Basic {pair}")]
        self._as_browser = [("Cookie", "; ".join(f"{name}={value}" for name, value in self.cookies.items()))]

    def operations(self) -> Mapping[str, Callable[[], Beginning]]:
        """By name: what makes an operation ready for one connection, which may take requests of its own."""
        return {
            "single sign-on": lambda: self.sign_on,
            "client credentials": lambda: self.client_credentials,
            "refresh": self.refresh,
            "introspection": self.introspect,
            "JWKS": lambda: self.keys,
        }

    def sign_on(self) -> Operation:
        """A code by the session and the grant that are there, tokens for it, claims."""
        told = yield from self._tokens()
        bearer = [("Authorization", f"Bearer {told['access_token']}")]
        answer = yield load.request(self.host, "GET", self.userinfo, bearer)
        assert _json(answer)["name"] == "Alice Martin", answer

    def client_credentials(self) -> Operation:
        """A token about the client itself."""
        answer = yield self._post(self.token, {"grant_type": "client_credentials"})
        assert "access_token" in _json(answer), answer

    def refresh(self) -> Beginning:
        """New tokens for a refresh token, which rotates: each connection goes on with the last it was given."""
        held = self._ask(self._tokens())["refresh_token"]

        def again() -> Operation:
            nonlocal held
            answer = yield self._post(self.token, {"grant_type": "refresh_token", "refresh_token": held})
            told = _json(answer)
            assert told["refresh_token"] != held, answer
            assert {"access_token", "id_token"} <= told.keys(), answer
            held = told["refresh_token"]

        return again

    def introspect(self) -> Beginning:
        """What a person's access token is."""
        token = self._ask(self._tokens())["access_token"]

        def again() -> Operation:
            answer = yield self._post(self.introspection, {"token": token})
            assert _json(answer)["active"], answer

        return again

    def keys(self) -> Operation:
        """The public keys."""
        answer = yield load.request(self.host, "GET", self.jwks)
        assert answer.status == 200, answer

    def _tokens(self) -> Any:
        answer = yield load.request(self.host, "GET", self.authorization, self._as_browser)
        location = answer.header("Location")
        assert location.startswith(self.callback), location
        form = {
            "grant_type": "authorization_code",
            "code": parse_qs(urlsplit(location).query)["code"][0],
            "redirect_uri": self.callback,
            "code_verifier": VERIFIER,
        }
        told = _json((yield self._post(self.token, form)))
        assert {"access_token", "id_token", "refresh_token"} <= told.keys(), told
        return told

    def _post(self, path: str, form: dict[str, str]) -> bytes:
        return load.request(self.host, "POST", path, self._as_client, form)

    def _ask(self, asking: Any) -> dict[str, Any]:
        """What comes of requests that aren't measured."""
        found: dict[str, Any] = {}

        def once() -> Operation:
            found.update((yield from asking))

        load.repeat(self.port, [once], 0)
        return found


def _json(answer: Answer) -> dict[str, Any]:
    assert answer.status == 200, answer
    members: dict[str, Any] = json.loads(answer.body)
    return members
