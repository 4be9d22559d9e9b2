"""authorization_details: what exactly is asked (RFC 9396 §2, §5). Strict: an unknown member is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from oidc.clients import Client
from oidc.errors import InvalidAuthorizationDetails
from oidc.protocols import Evidence

TYPES = ("document",)
MAX_DETAILS = 16
_MEMBERS = {"type", "document_types", "actions", "purpose", "duration", "locations", "reads"}
_CODE = re.compile(r"^[a-z][a-z0-9_]{0,63}$")
_DURATION = re.compile(r"^P(?:([0-9]{1,3})Y)?(?:([0-9]{1,3})M)?(?:([0-9]{1,3})W)?(?:([0-9]{1,4})D)?$")
_DAYS = (365, 30, 7, 1)


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
        asked = json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidAuthorizationDetails("authorization_details is not JSON") from None
    if not isinstance(asked, list) or not 0 < len(asked) <= MAX_DETAILS:
        raise InvalidAuthorizationDetails("authorization_details must be an array of 1 to 16 objects")
    for detail in asked:
        _check_shape(detail, vault)
        evidence.check(client.contract, detail)
    return asked


def days(duration: str) -> timedelta:
    """How long an ISO 8601 duration of whole days lasts (a month counts 30 days, a year 365)."""
    match = _DURATION.match(duration)
    if match is None or duration == "P":
        raise InvalidAuthorizationDetails("duration must be like P30D or P1Y")
    return timedelta(days=sum(int(number or 0) * unit for number, unit in zip(match.groups(), _DAYS, strict=True)))


def _check_shape(detail: object, vault: str) -> None:
    if not isinstance(detail, dict) or detail.get("type") not in TYPES:
        raise InvalidAuthorizationDetails("the type of a detail is unknown")
    if unknown := sorted(set(detail) - _MEMBERS):
        raise InvalidAuthorizationDetails(f"unknown member {unknown[0]!s:.40}")
    types = detail.get("document_types")
    if not _is_codes(types):
        raise InvalidAuthorizationDetails("document_types must name one or more types, each once")
    if detail.get("actions") != ["read"]:
        raise InvalidAuthorizationDetails('actions must be ["read"]')
    if not isinstance(detail.get("purpose"), str) or not _CODE.match(detail["purpose"]):
        raise InvalidAuthorizationDetails("purpose is missing")
    if "duration" in detail and (not isinstance(detail["duration"], str) or not days(detail["duration"])):
        raise InvalidAuthorizationDetails("duration must be like P30D or P1Y")
    reads = detail.get("reads", 1)
    if not isinstance(reads, int) or isinstance(reads, bool) or not 0 < reads <= 1_000:  # noqa: PLR2004 -- a bound
        raise InvalidAuthorizationDetails("reads must be a number from 1 to 1000")
    if detail.get("locations", [vault]) != [vault]:
        raise InvalidAuthorizationDetails("locations must name the vault")


def _is_codes(value: object) -> bool:
    return (
        isinstance(value, list)
        and 0 < len(value) <= MAX_DETAILS
        and all(isinstance(code, str) and _CODE.match(code) for code in value)
        and len(set(value)) == len(value)
    )
