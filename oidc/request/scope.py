"""Scopes: registered ones only, and `document:<type>` as shorthand for a detail (RFC 6749 §3.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from oidc.clients import Client
from oidc.errors import InvalidRequest, InvalidScope
from oidc.protocols import Evidence

SCOPES = ("openid", "profile", "email", "address", "phone", "offline_access")
DOCUMENT = "document:"
_TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")


def is_about_a_person(scope: str) -> bool:
    """Whether only a person can grant it."""
    return scope in SCOPES or scope.startswith(DOCUMENT)


def accept(
    client: Client,
    evidence: Evidence,
    parameters: Mapping[str, str],
) -> tuple[tuple[str, ...], list[Mapping[str, Any]]]:
    """The scopes of the request, each once, and the details that its `document:` scopes stand for.

    Raises `InvalidScope` for a malformed, unknown or unregistered scope, and for a shorthand when the client's
    contract does not name exactly one purpose (DESIGN: the scope cannot say which).
    """
    asked = parameters.get("scope")
    if asked is None:
        raise InvalidRequest("scope is missing")
    scopes: list[str] = []
    details: list[Mapping[str, Any]] = []
    for token in asked.split(" "):
        if not _TOKEN.fullmatch(token):
            raise InvalidScope("the scope is malformed")
        if token.startswith(DOCUMENT):
            detail = evidence.expand_scope(client.contract, token.removeprefix(DOCUMENT))
            if detail is None:
                raise InvalidScope("document scopes need a contract with exactly one purpose that has this type")
            details.append(detail)
        elif token not in SCOPES or token not in client.scopes | {"openid"}:
            raise InvalidScope("a scope is unknown or not registered for this client")
        elif token not in scopes:
            scopes.append(token)
    return tuple(scopes), details
