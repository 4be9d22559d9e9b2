"""Which claims a scope stands for (OpenID Connect Core §5.4), and which of a person's a release holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

SCOPE_CLAIMS: Mapping[str, tuple[str, ...]] = {
    "profile": ("name", "family_name", "given_name", "birthdate", "locale"),
    "email": ("email", "email_verified"),
    "address": ("address",),
    "phone": ("phone_number", "phone_number_verified"),
}
"""Those of §5.4 that an account can hold, no other: nobody is asked to release, and no client told, what nobody has."""
DATA = tuple(name for names in SCOPE_CLAIMS.values() for name in names)
"""Data about a person: what a scope or the claims parameter can ask for, and a release page must show."""
SUPPORTED = ("sub", "auth_time", "acr", "amr", *DATA)
"""For `claims_supported`; userinfo gives those that the house knows of the person."""


def names_for(scopes: Iterable[str], asked: Iterable[str] = ()) -> tuple[str, ...]:
    """The claims that scopes and the claims parameter ask for, each once; names that we don't know are left out."""
    known = [name for scope in scopes for name in SCOPE_CLAIMS.get(scope, ())]
    known += [name for name in asked if name in DATA]
    return tuple(dict.fromkeys(known))


def chosen(known: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Of what is known of a person, the claims of these names."""
    return {name: known[name] for name in names if known.get(name) is not None}
