"""Client assertions: private_key_jwt and client_secret_jwt (RFC 7523 §3, OpenID Connect Core §9)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc import jwk

from oidc import jwts
from oidc.clients import Client
from oidc.clients.client import HMAC_METHODS
from oidc.clients.metadata import HMAC_ALGORITHMS
from oidc.errors import InvalidClient, JwtRefused

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST = timedelta(minutes=60)
"""An `exp` further ahead is refused."""
SKEW = timedelta(seconds=10)
"""How far a client's clock may be ahead (`iat`, `nbf`)."""
MAX_JTI_CHARS = 255
_TYPES = ("JWT", "client-authentication+jwt")


@dataclass(frozen=True, slots=True)
class Assertion:
    """A verified assertion whose `jti` must still be used up."""

    jti: str
    expires_at: datetime


def unverified_claim(unverified_assertion: str) -> tuple[str, object]:
    """Whom the assertion claims to be, and the `kid` of its header: whose key to try. Raises `InvalidClient`."""
    try:
        jwt = jwts.parse_without_verifying(unverified_assertion)
    except JwtRefused as error:
        raise InvalidClient("malformed client assertion", detail=error.detail) from error
    sub = jwt.claims.get("sub")
    if not isinstance(sub, str) or not sub:
        raise InvalidClient("client assertion without sub")
    return sub, jwt.header.get("kid")


def verify(
    unverified_assertion: str,
    client: Client,
    *,
    keys: Sequence[jwk.Key],
    audiences: str | Collection[str],
    now: datetime,
) -> Assertion:
    """Check an assertion by RFC 7523 §3, in the order of its list.

    keys: the client's public keys, or its secret as the one key of client_secret_jwt.
    audiences: what `aud` may be; of an array every member must be one. A string: it must be that string, no array.
    Raises `InvalidClient`.
    """
    try:
        jwt = jwts.verify_foreign(unverified_assertion, keys, algorithms=_algorithms(client))
    except (JwtRefused, ValueError) as error:
        raise InvalidClient("client assertion: signature", detail=str(error)) from error
    claims = jwt.claims
    if "typ" in jwt.header and not any(jwts.is_type(jwt.header, typ) for typ in _TYPES):
        raise InvalidClient("client assertion: typ")
    if claims.get("iss") != client.client_id or claims.get("sub") != client.client_id:  # 1, 2
        raise InvalidClient("client assertion: iss and sub are the client_id")
    told = claims.get("aud")  # 3
    if isinstance(audiences, str):
        members, audiences = [told], {audiences}
    else:
        members = told if isinstance(told, list) else [told]
    if not members or not all(isinstance(one, str) and one in audiences for one in members):
        raise InvalidClient("client assertion: aud is the issuer or the token endpoint")
    expires_at = _time(claims, "exp")  # 4
    if expires_at is None or expires_at <= now or expires_at > now + LONGEST:
        raise InvalidClient("client assertion: exp is missing, over, or more than 60 minutes ahead")
    for name in ("nbf", "iat"):  # 5, 6
        moment = _time(claims, name)
        if moment is not None and moment > now + SKEW:
            raise InvalidClient(f"client assertion: {name} is in the future")
    jti = claims.get("jti")  # 7: optional there, required by OpenID Connect Core §9
    if not isinstance(jti, str) or not 1 <= len(jti) <= MAX_JTI_CHARS:
        raise InvalidClient("client assertion: jti")
    return Assertion(jti, expires_at)


def _algorithms(client: Client) -> Collection[str]:
    if client.token_endpoint_auth_signing_alg:
        return (client.token_endpoint_auth_signing_alg,)
    known = HMAC_ALGORITHMS if client.token_endpoint_auth_method in HMAC_METHODS else jwts.FOREIGN_ALGORITHMS
    return known & client.demands.signing_algorithms


def _time(claims: Mapping[str, Any], name: str) -> datetime | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidClient(f"client assertion: {name} is a number")
    try:
        return datetime.fromtimestamp(int(value), UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise InvalidClient(f"client assertion: {name} is no time") from error
