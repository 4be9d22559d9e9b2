"""Request objects (RFC 9101, OpenID Connect Core §6): the whole request in one signed JWT, by value or by reference.

What stands outside the object isn't used (RFC 9101 §5, §6.3), save `client_id`, which says whose key to try. A
reference leads out of the house: it must be registered, exactly, and is fetched through `config.outgoing`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

from config.clock import Clock
from config.database import Database
from config.errors import OutgoingError
from config.outgoing import Outgoing
from oidc import jwts
from oidc.clients import Client, ClientKeys
from oidc.errors import (
    InvalidClient,
    InvalidRequest,
    InvalidRequestObject,
    InvalidRequestUri,
    JwtRefused,
    RequestUriNotSupported,
)
from oidc.request.parameters import unrepeated
from oidc.store import used_identifiers

TYPES: Final = ("oauth-authz-req+jwt", "JWT")
"""`typ`, when there is one (RFC 9101 §10.8)."""
SKEW: Final = timedelta(seconds=10)
"""How far a client's clock may be ahead (FAPI 2.0 §5.3.2.1: up to 10 s passes)."""
LONGEST: Final = timedelta(minutes=60)
"""FAPI 2.0 Message Signing §5.3.1: how old an object may be, and how far ahead its end."""
MAX_JTI_CHARS: Final = 255
MAX_BYTES: Final = jwts.MAX_CHARS
_NOT_PARAMETERS: Final = frozenset({"iss", "aud", "exp", "nbf", "iat", "jti", "sub"})

Parameters = tuple[dict[str, str], list[str]]
"""By name, and the resources, which may be several (RFC 8707 §2)."""


class RequestObjects:
    """Opens request objects."""

    def __init__(
        self, *, database: Database, client_keys: ClientKeys, outgoing: Outgoing, issuer: str, clock: Clock
    ) -> None:
        """database: remembers which were used. issuer: what `aud` must hold."""
        self._database = database
        self._client_keys = client_keys
        self._outgoing = outgoing
        self._issuer = issuer
        self._clock = clock

    def opened(
        self, client: Client, parameters: Mapping[str, str], resources: Sequence[str], *, pushed: bool = False
    ) -> Parameters:
        """The parameters that count: those of the object, where the request has one. Outside any transaction.

        pushed: the client proved itself with the request.

        Raises `InvalidRequestObject`, `InvalidRequestUri`, or `InvalidRequest` when the client must sign and didn't;
        none may be redirected, since nothing outside the object says where to.
        """
        unverified, reference = parameters.get("request"), parameters.get("request_uri")
        if unverified is None and reference is None:
            if client.must_sign_requests or (client.federated and not pushed):
                raise InvalidRequest("this client must sign its requests", redirectable=False)  # RFC 9101 §10.5
            return dict(parameters), list(resources)
        if unverified is not None and reference is not None:
            raise InvalidRequest("request and request_uri", redirectable=False)  # RFC 9101 §5
        jwt = self._verified(client, unverified if unverified is not None else self._fetched(client, reference or ""))
        self._check_claims(client, jwt.claims)
        if client.federated:
            self._use_once(client, jwt.claims)
        return _parameters(jwt.claims)

    def _fetched(self, client: Client, reference: str) -> str:
        if not client.request_uris:
            raise RequestUriNotSupported(redirectable=False)
        address = reference.partition("#")[0]  # Core §6.2: a fragment tells versions apart, for caches
        if address not in {uri.partition("#")[0] for uri in client.request_uris}:
            raise InvalidRequestUri("the request_uri is not registered", redirectable=False)
        try:
            accept = "application/oauth-authz-req+jwt, application/jwt"
            answer = self._outgoing.get(address, accept=accept, max_bytes=MAX_BYTES)
            body = answer.body.decode("ascii").strip()
        except (OutgoingError, ValueError) as error:
            raise InvalidRequestUri("the request_uri gave nothing", redirectable=False, detail=str(error)) from error
        if answer.status != HTTPStatus.OK:
            raise InvalidRequestUri(
                "the request_uri gave nothing", redirectable=False, detail=f"status {answer.status}"
            )
        return body

    def _verified(self, client: Client, unverified: str) -> jwts.UnverifiedJwt:
        known = jwts.FOREIGN_ALGORITHMS & client.demands.signing_algorithms
        alg = client.request_object_signing_alg
        try:
            kid = jwts.parse_without_verifying(unverified).header.get("kid")
            keys = self._client_keys.of(client, kid)
            jwt = jwts.verify_foreign(unverified, keys, algorithms=(alg,) if alg else known)
        except (JwtRefused, InvalidClient) as error:
            raise InvalidRequestObject("its signature", redirectable=False, detail=error.detail) from error
        if "typ" in jwt.header and not any(jwts.is_type(jwt.header, typ) for typ in TYPES):
            raise InvalidRequestObject("its typ", redirectable=False)
        return jwt

    def _check_claims(self, client: Client, claims: Mapping[str, Any]) -> None:
        if claims.get("client_id") != client.client_id or claims.get("iss", client.client_id) != client.client_id:
            raise InvalidRequestObject("client_id and iss are the client's", redirectable=False)
        audience = claims.get("aud", self._issuer)
        if self._issuer not in (audience if isinstance(audience, list) else [audience]):
            raise InvalidRequestObject("aud is the issuer", redirectable=False)
        if "request" in claims or "request_uri" in claims:  # RFC 9101 §4
            raise InvalidRequestObject("request and request_uri are outside", redirectable=False)
        now = int(self._clock.now().timestamp())
        expires_at, begins_at, made_at = (_seconds(claims, name) for name in ("exp", "nbf", "iat"))
        if expires_at is not None and expires_at <= now:
            raise InvalidRequestObject("exp is over", redirectable=False)
        if begins_at is not None and begins_at > now + SKEW.total_seconds():
            raise InvalidRequestObject("nbf is in the future", redirectable=False)
        if made_at is not None and made_at > now + SKEW.total_seconds():  # FAPI 2.0 §5.3.2.1
            raise InvalidRequestObject("iat is in the future", redirectable=False)
        if client.demands.signed_requests:
            longest = LONGEST.total_seconds()
            if expires_at is None or expires_at > now + longest:
                raise InvalidRequestObject("exp is within 60 minutes", redirectable=False)
            if begins_at is None or begins_at < now - longest:
                raise InvalidRequestObject("nbf is within 60 minutes", redirectable=False)
            if "aud" not in claims or "iss" not in claims:
                raise InvalidRequestObject("iss and aud are there", redirectable=False)

    def _use_once(self, client: Client, claims: Mapping[str, Any]) -> None:
        """OpenID Federation 1.0 §12.1.1.1: whose, for whom, until when, and once."""
        jti, expires_at = claims.get("jti"), _seconds(claims, "exp")
        if "iss" not in claims or "aud" not in claims or "sub" in claims:
            raise InvalidRequestObject("iss and aud are there, sub is not", redirectable=False)
        if not isinstance(jti, str) or not 1 <= len(jti) <= MAX_JTI_CHARS:
            raise InvalidRequestObject("jti", redirectable=False)
        if expires_at is None or expires_at > (self._clock.now() + LONGEST).timestamp():
            raise InvalidRequestObject("exp is within 60 minutes", redirectable=False)
        with self._database.transaction() as tx:
            until = datetime.fromtimestamp(expires_at, UTC)
            first = used_identifiers.use(tx, "request object", f"{client.client_id} {jti}", until)
        if not first:
            raise InvalidRequestObject("jti was used", redirectable=False)


def _seconds(claims: Mapping[str, Any], name: str) -> int | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 2**40:
        raise InvalidRequestObject(f"{name} is a number", redirectable=False)
    return int(value)


def _parameters(claims: Mapping[str, Any]) -> Parameters:
    """As if they had come in a form: numbers and JSON as text (RFC 9101 §4)."""
    named = {name: value for name, value in claims.items() if name not in _NOT_PARAMETERS and name != "resource"}
    listed = claims.get("resource", [])
    resources = listed if isinstance(listed, list) else [listed]
    if not all(isinstance(one, str) for one in resources):
        raise InvalidRequestObject("resource is a text or a list of texts", redirectable=False)
    return unrepeated((name, _text(name, value)) for name, value in named.items()), list(resources)


def _text(name: str, value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict | list) or (isinstance(value, int) and not isinstance(value, bool)):
        return json.dumps(value)
    raise InvalidRequestObject(f"{name[:40]} is a text", redirectable=False, quotes=True)
