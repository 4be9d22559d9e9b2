"""RP-Initiated Logout 1.0: a client sends the person by to end their sign-in.

Nothing is believed but an ID token of ours as hint. It may have expired; it says which client asks and which sign-in
is meant. Without it, or when another sign-in is at this browser, the person is asked; without it nobody is redirected.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from config.clock import Clock
from config.database import Database
from config.errors import KeyRingError
from oidc import jwts
from oidc.clients import Client, Clients
from oidc.errors import InvalidRequest, JwtRefused
from oidc.front_channel import FrontChannel
from oidc.keys import SecretKeys
from oidc.protocols import SignIn
from oidc.store import sign_in_clients
from oidc.tokens.families import Families
from oidc.tokens.id_token import IdTokens

HANDLE_LIFETIME = timedelta(minutes=20)
MAX_CHARS = 24_000
_PURPOSE = "sign-out"
_KEY_ID_END = "."


@dataclass(frozen=True, slots=True)
class Confirm:
    """Ask the person. The handle is good in this browser only, so a foreign page can't answer for them."""

    handle: str = field(repr=False)
    client_name: str
    url: str = field(repr=False)
    """Where the answer leads: the page's form must be let go there."""


@dataclass(frozen=True, slots=True)
class SignedOut:
    """It is done. url: where the client wants the person; empty to say so here."""

    url: str = field(repr=False)
    frames: tuple[str, ...] = field(default=(), repr=False)
    """What the browser is to open first (`oidc.front_channel`)."""
    ended: bool = False
    """Whether there was a sign-in, of which the browser then forgets what it kept."""


@dataclass(frozen=True, slots=True)
class _Asked:
    client: Client | None
    sign_in: str | None
    """The sign-in that the hint means; None without a hint."""
    url: str


class Logout:
    """Ends sign-ins for clients."""

    def __init__(
        self,
        *,
        database: Database,
        clients: Clients,
        id_tokens: IdTokens,
        families: Families,
        front_channel: FrontChannel,
        secret_keys: SecretKeys,
        sign_in: SignIn,
        clock: Clock,
    ) -> None:
        """sign_in: who is at the browser of the current request."""
        self._database = database
        self._clients = clients
        self._id_tokens = id_tokens
        self._families = families
        self._front_channel = front_channel
        self._secret_keys = secret_keys
        self._sign_in = sign_in
        self._clock = clock

    def begin(self, parameters: Mapping[str, str]) -> Confirm | SignedOut:
        """Answer a request (§2). Raises `InvalidRequest` for a hint, client_id or address that doesn't fit (§3)."""
        asked = self._check(parameters)
        there = self._sign_in.current()
        if there is None:
            return SignedOut(asked.url)
        if asked.sign_in == there.sign_in:
            return SignedOut(asked.url, self._end(there.sign_in), ended=True)
        name = asked.client.name if asked.client else ""
        return Confirm(self._seal({"url": asked.url}, self._sign_in.browser()), name, asked.url)

    def confirm(self, handle: str) -> SignedOut:
        """The person said yes. Raises `InvalidRequest` for a handle that isn't this browser's, or is over."""
        kept = self._unseal(handle, self._sign_in.browser())
        there = self._sign_in.current()
        frames = () if there is None else self._end(there.sign_in)
        return SignedOut(str(kept["url"]), frames, ended=there is not None)

    def keep(self, parameters: Mapping[str, str]) -> str:
        """A POST may come from another site, without our cookie: a handle for the GET that follows, for any browser."""
        return self._seal({"parameters": dict(parameters)}, "")

    def resume(self, handle: str) -> Confirm | SignedOut:
        """Go on with a POST that was kept. Raises `InvalidRequest`."""
        return self.begin(self._unseal(handle, "")["parameters"])

    def _check(self, parameters: Mapping[str, str]) -> _Asked:
        client_id = parameters.get("client_id")
        client = self._clients.get(client_id) if client_id else None
        if client_id and client is None:
            raise InvalidRequest("unknown client")
        hint = parameters.get("id_token_hint")
        if not hint:
            return _Asked(client, None, "")
        try:
            claims = self._id_tokens.verify_hint(hint, client_id=client_id)
        except JwtRefused as error:
            raise InvalidRequest("id_token_hint", detail=error.detail) from error
        client = self._clients.get(str(claims["aud"]))
        if client is None:
            raise InvalidRequest("unknown client")
        with self._database.reading() as tx:
            meant = sign_in_clients.sign_in_of(tx, client.client_id, str(claims["sid"]))
        url = _address(client, parameters.get("post_logout_redirect_uri"), parameters.get("state"))
        return _Asked(client, meant[0] if meant else "", url)

    def _end(self, sign_in: str) -> tuple[str, ...]:
        frames = self._front_channel.frames(sign_in)
        with self._database.transaction() as tx:
            self._families.end_of_sign_in(tx, sign_in)
        self._sign_in.end(sign_in)
        return frames

    def _seal(self, kept: Mapping[str, Any], browser: str) -> str:
        ends_at = int((self._clock.now() + HANDLE_LIFETIME).timestamp())
        key = self._secret_keys.current
        sealed = self._secret_keys.seal(
            _PURPOSE, json.dumps({**kept, "ends_at": ends_at}).encode(), f"browser:{browser}"
        )
        return f"{key}{_KEY_ID_END}{jwts.encode(sealed)}"

    def _unseal(self, handle: str, browser: str) -> Mapping[str, Any]:
        key, _, sealed = handle.partition(_KEY_ID_END)
        try:
            if len(handle) > MAX_CHARS:
                raise InvalidRequest("unknown handle")
            opened = self._secret_keys.unseal(_PURPOSE, jwts.decode(sealed), f"browser:{browser}", key=key)
        except (KeyRingError, JwtRefused) as error:
            raise InvalidRequest("unknown handle") from error
        kept: dict[str, Any] = json.loads(opened)
        if kept["ends_at"] <= self._clock.now().timestamp():
            raise InvalidRequest("the handle is over")
        return kept


def _address(client: Client, asked: str | None, state: str | None) -> str:
    if not asked:
        return ""
    if asked not in client.post_logout_redirect_uris:
        raise InvalidRequest("post_logout_redirect_uri is not registered")
    if not state:
        return asked
    parts = urlsplit(asked)
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), ("state", state)])
    return urlunsplit(parts._replace(query=query))
