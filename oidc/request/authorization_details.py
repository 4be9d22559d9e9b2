"""authorization_details: what exactly is asked (RFC 9396 §2, §5). Strict: an unknown member is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from oidc.clients import Client
from oidc.errors import InvalidAuthorizationDetails
from oidc.protocols import Evidence
from oidc.request import strict_json

TYPES = ("document",)
MAX_DETAILS = 16
_MEMBERS = {"type", "document_types", "actions", "purpose", "duration", "locations"}
_CODE = re.compile(r"[a-z][a-z0-9_]{0,63}")
_DURATION = re.compile(r"P(?:([0-9]{1,3})Y)?(?:([0-9]{1,3})M)?(?:([0-9]{1,4})D)?")
"""ISO 8601, whole days; how long that is and whether the contract allows it says `Evidence`."""


def accept(
    client: Client,
    evidence: Evidence,
    parameters: Mapping[str, str],
    vault: str,
) -> list[Mapping[str, Any]]:
    """The details, each of a known shape and within the client's contract.

    vault: the only location there is. Raises `InvalidAuthorizationDetails`.
    """
    text = parameters.get("authorization_details")
    if text is None:
        return []
    try:
        asked = strict_json.parse(text)
    except ValueError:
        raise InvalidAuthorizationDetails("authorization_details is not JSON") from None
    if not isinstance(asked, list) or not 0 < len(asked) <= MAX_DETAILS:
        raise InvalidAuthorizationDetails("authorization_details must be an array of 1 to 16 objects")
    for detail in asked:
        _check_shape(detail, vault)
        evidence.check(client.contract, detail)
    return list(asked)


def each_once(details: Sequence[Mapping[str, Any]], vault: str) -> tuple[Mapping[str, Any], ...]:
    """The details, normalised; what is asked twice (also by a scope) is one question."""
    found: list[Mapping[str, Any]] = []
    for detail in details:
        same = normalised(detail, vault)
        if same not in found:
            found.append(same)
    return tuple(found)


def normalised(detail: Mapping[str, Any], vault: str) -> Mapping[str, Any]:
    """The same detail, always written the same way, so that a later request for the same is known as the same."""
    return {**detail, "document_types": sorted(detail["document_types"]), "locations": [vault]}


def _check_shape(detail: object, vault: str) -> None:
    if not isinstance(detail, dict) or detail.get("type") not in TYPES:
        raise InvalidAuthorizationDetails("the type of a detail is unknown")
    if unknown := sorted(set(detail) - _MEMBERS):
        raise InvalidAuthorizationDetails(f"unknown member {unknown[0]!s:.40}", quotes=True)
    types = detail.get("document_types")
    if not _is_codes(types):
        raise InvalidAuthorizationDetails("document_types must name one or more types, each once")
    if detail.get("actions") != ["read"]:
        raise InvalidAuthorizationDetails('actions must be ["read"]')
    if not isinstance(detail.get("purpose"), str) or not _CODE.fullmatch(detail["purpose"]):
        raise InvalidAuthorizationDetails("purpose is missing")
    if not _is_duration(detail.get("duration", "P1D")):
        raise InvalidAuthorizationDetails("duration must be like P30D or P1Y")
    if detail.get("locations", [vault]) != [vault]:
        raise InvalidAuthorizationDetails("locations must name the vault")


def _is_duration(value: object) -> bool:
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    return found is not None and any(int(number or 0) for number in found.groups())


def _is_codes(value: object) -> bool:
    return (
        isinstance(value, list)
        and 0 < len(value) <= MAX_DETAILS
        and all(isinstance(code, str) and _CODE.fullmatch(code) for code in value)
        and len(set(value)) == len(value)
    )
