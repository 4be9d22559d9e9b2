"""The public keys of clients: registered inline (`jwks`) or fetched from where the client keeps them (`jwks_uri`).

A fetched set is kept a few minutes; a `kid` that isn't in it makes us look again, so that a client's new key works at
once (OpenID Connect Core §10.1.1). While the address doesn't answer, what was fetched last still counts for an hour.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final

from joserfc import jwk
from joserfc.errors import JoseError

from config.clock import Clock
from config.errors import OutgoingError
from config.logs import get_logger
from config.outgoing import Outgoing
from oidc.clients.client import Client
from oidc.errors import InvalidClient, InvalidClientMetadata

MAX_KEYS: Final = 20
MIN_RSA_BITS: Final = 2048
MAX_BYTES: Final = 65_536
"""Of a fetched set."""
KEEP_SECONDS: Final = 300.0
"""A fetched set is used so long without asking again."""
AGAIN_SECONDS: Final = 10.0
"""For an unknown `kid` the address is asked at most so often."""
STALE_SECONDS: Final = 3600.0
"""How long the last set counts while its address doesn't answer."""
_MOST_KEPT: Final = 1_000
_PRIVATE_MEMBERS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Fetched:
    uri: str
    keys: tuple[jwk.Key, ...] = field(repr=False)
    at: float


class ClientKeys:
    """Finds the keys that a client's signature may be checked with."""

    def __init__(self, outgoing: Outgoing, clock: Clock) -> None:
        """outgoing: for `jwks_uri`."""
        self._outgoing = outgoing
        self._clock = clock
        self._fetched: dict[str, _Fetched] = {}

    def of(self, client: Client, kid: object = None) -> Sequence[jwk.Key]:
        """Its keys. kid: of the signature's header, whatever it holds; one that isn't known makes us fetch again.

        Outside any transaction. Raises `InvalidClient` when its `jwks_uri` doesn't answer and never did lately.
        """
        if not client.jwks_uri:
            return _inline(json.dumps(client.jwks))
        held = self._fetched.get(client.client_id)
        if held is not None and held.uri != client.jwks_uri:
            held = None
        age = self._clock.monotonic() - held.at if held else STALE_SECONDS
        is_known = held is not None and (kid is None or any(key.kid == kid for key in held.keys))
        if held is not None and age < (KEEP_SECONDS if is_known else AGAIN_SECONDS):
            return held.keys
        try:
            keys = self._fetch(client)
        except (OutgoingError, ValueError) as error:
            log.warning("client_keys_not_fetched", client=client.client_id, reason=str(error))
            if held is not None and age < STALE_SECONDS:
                return held.keys
            raise InvalidClient("the client's jwks_uri gave no keys") from error
        if len(self._fetched) >= _MOST_KEPT:
            self._fetched.clear()
        self._fetched[client.client_id] = _Fetched(client.jwks_uri, keys, self._clock.monotonic())
        return keys

    def _fetch(self, client: Client) -> tuple[jwk.Key, ...]:
        answer = self._outgoing.get(
            client.jwks_uri, accept="application/jwk-set+json, application/json", max_bytes=MAX_BYTES
        )
        if answer.status != HTTPStatus.OK:
            raise ValueError(f"status {answer.status}")
        return readable(json.loads(answer.body.decode("utf-8")))


def readable(jwks: object) -> tuple[jwk.Key, ...]:
    """The keys of a JWK Set that somebody else keeps; those of kinds that we can't use are passed over.

    Raises `ValueError` for anything but a set of at most `MAX_KEYS`.
    """
    listed = jwks.get("keys") if isinstance(jwks, dict) else None
    if not isinstance(listed, list) or len(listed) > MAX_KEYS:
        raise ValueError("not a JWK Set of our size")
    return tuple(key for key in map(_readable, listed) if key is not None)


def check(jwks: Mapping[str, Any]) -> Mapping[str, Any]:
    """A JWK Set given inline, every key of it usable; empty for none. Raises `InvalidClientMetadata`."""
    keys = jwks.get("keys", [])
    if not isinstance(keys, list) or len(keys) > MAX_KEYS or not all(isinstance(key, dict) for key in keys):
        raise InvalidClientMetadata(f"jwks: a JWK Set of at most {MAX_KEYS} keys")
    for key in keys:
        _check_key(key)
    return {"keys": keys} if keys else {}


def _check_key(key: Mapping[str, Any]) -> jwk.Key:
    if key.get("kty") == "oct" or _PRIVATE_MEMBERS & key.keys():
        raise InvalidClientMetadata("jwks: public keys only")
    try:
        imported = jwk.import_key(dict(key))
        size = getattr(imported.raw_value, "key_size", MIN_RSA_BITS)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise InvalidClientMetadata("jwks: a key that can't be read") from error
    if key.get("kty") == "RSA" and size < MIN_RSA_BITS:
        raise InvalidClientMetadata(f"jwks: RSA keys have at least {MIN_RSA_BITS} bits")
    return imported


def _readable(key: object) -> jwk.Key | None:
    """RFC 7517 §5: in a set that others keep, members that we can't use are passed over."""
    if not isinstance(key, dict):
        return None
    try:
        return _check_key(key)
    except InvalidClientMetadata:
        return None


@lru_cache(maxsize=1_000)
def _inline(jwks: str) -> tuple[jwk.Key, ...]:
    return tuple(jwk.import_key(key) for key in json.loads(jwks).get("keys", []))
