"""OpenID Connect's own parameters (Core §3.1.2.1, §5.5; Initiating User Registration 1.0 for prompt=create)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from oidc.claims import DATA
from oidc.clients import Client
from oidc.errors import InvalidRequest, JwtRefused, UnmetAuthenticationRequirements
from oidc.request import strict_json

PROMPTS = ("none", "login", "consent", "select_account", "create")
ACRS = ("eidas1", "eidas2")
"""What a sign-in here can reach, each including the ones before it: one factor; two, and a person who was checked."""
_WHOLE = re.compile(r"[0-9]{1,9}")
_SUB = re.compile(r"[\x20-\x7e]{1,255}")
"""Core §2: at most 255 ASCII characters."""
_TAG = re.compile(r"[A-Za-z0-9-]{1,35}")
MAX_CLAIMS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedClaims:
    """What the claims parameter asks."""

    userinfo: tuple[str, ...] = ()
    id_token: tuple[str, ...] = ()
    essential_acr: tuple[str, ...] = ()
    sub: str | None = None


class Hints(Protocol):
    """Who reads ID tokens that come back."""

    def verify_hint(self, unverified_hint: str, *, client_id: str | None = None) -> Mapping[str, Any]:
        """See `oidc.tokens.id_token.IdTokens.verify_hint`."""


def reached(acr: str) -> tuple[str, ...]:
    """This acr and every one that it includes."""
    return ACRS[: ACRS.index(acr) + 1] if acr in ACRS else (acr,)


def prompt(parameters: Mapping[str, str]) -> tuple[str, ...]:
    """The prompts; `none` stands alone, an unknown one is refused."""
    asked = tuple(parameters.get("prompt", "").split())
    if any(value not in PROMPTS for value in asked) or len(set(asked)) != len(asked):
        raise InvalidRequest("prompt has an unknown or repeated value")
    if "none" in asked and len(asked) > 1:
        raise InvalidRequest("prompt=none must stand alone")
    return asked


def max_age(parameters: Mapping[str, str]) -> int | None:
    """How old a sign-in may be, in seconds."""
    value = parameters.get("max_age")
    if value is not None and not _WHOLE.fullmatch(value):
        raise InvalidRequest("max_age must be a whole number of seconds")
    return None if value is None else int(value)


def hinted_sub(client: Client, hints: Hints, parameters: Mapping[str, str]) -> str | None:
    """The sub of id_token_hint: ours by signature and issuer, for this client; it may have expired (Core §3.1.2.1)."""
    hint = parameters.get("id_token_hint")
    if hint is None:
        return None
    try:
        return str(hints.verify_hint(hint, client_id=client.client_id)["sub"])
    except JwtRefused as error:
        raise InvalidRequest("id_token_hint is no ID token of this issuer and client", detail=error.detail) from None


def ui_locales(parameters: Mapping[str, str]) -> tuple[str, ...]:
    """Language tags in order of preference; malformed ones are left out (Core: no error for locales)."""
    return tuple(tag for tag in parameters.get("ui_locales", "").split()[:8] if _TAG.fullmatch(tag))


def acr_values(parameters: Mapping[str, str]) -> tuple[str, ...]:
    """Voluntary acr values: wishes, never an error (Core §3.1.2.1)."""
    return tuple(parameters.get("acr_values", "").split()[:8])


def claims(parameters: Mapping[str, str]) -> RequestedClaims:
    """The claims parameter (Core §5.5). Claims and members that we don't know are ignored, wrong shapes refused."""
    text = parameters.get("claims")
    if text is None:
        return RequestedClaims()
    try:
        asked = strict_json.parse(text)
    except ValueError:
        raise InvalidRequest("claims is not JSON") from None
    if not isinstance(asked, dict):
        raise InvalidRequest("claims must be an object")
    userinfo, id_token = _members(asked, "userinfo"), _members(asked, "id_token")
    return RequestedClaims(
        userinfo=tuple(name for name in userinfo if name in DATA),
        id_token=tuple(name for name in id_token if name in DATA),
        essential_acr=_essential_acr(id_token.get("acr")),
        sub=_sub(userinfo.get("sub"), id_token.get("sub")),
    )


def _members(asked: Mapping[str, Any], place: str) -> Mapping[str, Any]:
    members = asked.get(place)
    if members is None:
        return {}
    if not isinstance(members, dict) or len(members) > MAX_CLAIMS:
        raise InvalidRequest(f"claims.{place} must be an object")
    for request in members.values():
        # §5.5.1: null, or an object whose essential is a boolean, value anything, values an array.
        wrong = request is not None and (
            not isinstance(request, dict)
            or not isinstance(request.get("essential", False), bool)
            or not isinstance(request.get("values", []), list)
        )
        if wrong:
            raise InvalidRequest(f"claims.{place} has a member of a wrong shape")
    return members


def _sub(*requests: Mapping[str, Any] | None) -> str | None:
    """The one `sub` that must answer (Core §5.5.1), if one is named."""
    named = [request["value"] for request in requests if request and "value" in request]
    if not all(isinstance(value, str) for value in named):
        raise InvalidRequest("claims: the value of sub must be a string")
    if len(set(named)) > 1:
        raise InvalidRequest("claims asks for two different sub values")
    if named and not _SUB.fullmatch(named[0]):
        raise InvalidRequest("claims: the value of sub is no subject identifier")
    return named[0] if named else None


def _essential_acr(request: Mapping[str, Any] | None) -> tuple[str, ...]:
    if not request:
        return ()
    values = tuple(request.get("values", [request["value"]] if "value" in request else []))
    if not all(isinstance(value, str) for value in values):
        raise InvalidRequest("claims: the values of acr must be strings")
    if not request.get("essential"):
        return ()
    if values and not set(values) & set(ACRS):
        # Core §5.5.1.1: an essential acr that can't be reached is a failed authentication.
        raise UnmetAuthenticationRequirements("none of the essential acr values can be reached")
    return values
