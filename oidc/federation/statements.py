"""Entity statements: what one entity of a federation says of another, or of itself (OpenID Federation 1.0 §3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from joserfc import jwk

from oidc import jwts
from oidc.clients import key_sets
from oidc.errors import JwtRefused, TrustChainRefused

TYPE: Final = "entity-statement+jwt"
"""`typ`, which tells a statement from every other JWT (§3.1)."""
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
SKEW: Final = timedelta(seconds=10)
"""How far another entity's clock may be ahead."""
_LATEST: Final = 2**37
"""Seconds since 1970; the year 6325."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A statement whose signature was checked. One about itself (issuer is subject) is an entity configuration."""

    issuer: str
    subject: str
    expires_at: datetime
    keys: Sequence[jwk.Key] = field(repr=False)
    """The subject's."""
    claims: Mapping[str, Any] = field(repr=False)
    text: str = field(repr=False)
    """As it came, for others whose keys it must be checked with."""

    def member(self, *names: str) -> Mapping[str, Any]:
        """An object inside the claims; empty where there is none. Raises `TrustChainRefused` for anything else."""
        value: Any = self.claims
        for name in names:
            value = value.get(name, {})
            if not isinstance(value, dict):
                raise TrustChainRefused(f"{self.issuer}: {name} is an object")
        return value  # type: ignore[no-any-return] # a dict, as was just seen


def is_entity_id(text: str) -> bool:
    """Whether it is an https address without user, query and fragment (§1.2)."""
    if not text.startswith("https://") or set("@?#\\") & set(text):
        return False
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    return bool(parts.hostname)


def read(text: str, *, issuer: str, subject: str, keys: Sequence[jwk.Key] | None, now: datetime) -> Statement:
    """A statement, checked in the order of §3.2.

    keys: the issuer's; None for an entity configuration, which is checked with the keys that it names: whether they are
    the entity's says its superior. Raises `TrustChainRefused` with the issuer and the reason.
    """
    try:
        jwt = jwts.parse_without_verifying(text)
    except JwtRefused as error:
        raise TrustChainRefused(f"{issuer}: {error.detail}") from error
    if not jwts.is_type(jwt.header, TYPE):
        raise TrustChainRefused(f"{issuer}: typ is {TYPE}")
    claims = jwt.claims
    if claims.get("iss") != issuer or claims.get("sub") != subject:
        raise TrustChainRefused(f"{issuer}: iss and sub are the entities that were asked")
    begins_at, expires_at = (_time(claims, name, issuer) for name in ("iat", "exp"))
    if begins_at > now + SKEW:
        raise TrustChainRefused(f"{issuer}: iat is in the future")
    if expires_at <= now:
        raise TrustChainRefused(f"{issuer}: exp is over")
    if claims.get("crit") or claims.get("metadata_policy_crit"):
        raise TrustChainRefused(f"{issuer}: a critical claim or operator that is unknown here")
    try:
        named = key_sets.readable(claims.get("jwks"))
    except ValueError as error:
        raise TrustChainRefused(f"{issuer}: jwks is a JWK Set") from error
    verify(text, named if keys is None else keys, issuer)
    return Statement(issuer=issuer, subject=subject, expires_at=expires_at, keys=named, claims=claims, text=text)


def verify(text: str, keys: Sequence[jwk.Key], issuer: str) -> None:
    """Check a statement's signature with the one key that its `kid` names (§3.1). Raises `TrustChainRefused`."""
    try:
        kid = jwts.parse_without_verifying(text).header.get("kid")
        named = [key for key in keys if isinstance(kid, str) and key.kid == kid]
        jwts.verify_foreign(text, named, algorithms=jwts.FOREIGN_ALGORITHMS)
    except JwtRefused as error:
        raise TrustChainRefused(f"{issuer}: the signature is not by a key of its own") from error


def _time(claims: Mapping[str, Any], name: str, issuer: str) -> datetime:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _LATEST:
        raise TrustChainRefused(f"{issuer}: {name} is a time")
    return EPOCH + timedelta(seconds=int(value))
