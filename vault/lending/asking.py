"""May this client ask for these papers for this purpose? The client's contract and the catalogues say so; pure.

A contract is what the operator agreed with the service:
`{"purposes": {"school_enrolment": {"document_types": ["proof_of_address"], "max_duration": "P1Y", "max_reads": 5}}}`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from vault.document_types import DocumentTypes, Period, Purpose, Purposes
from vault.errors import NotAllowedToAsk, UnknownDocumentType

_MEMBERS: Final = frozenset({"type", "document_types", "actions", "purpose", "duration", "locations"})
MAX_TYPES: Final = 20
"""Document types in one request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One `authorization_details` member of type `document`, held against contract and catalogues."""

    document_types: tuple[str, ...]
    """Any one of these proves it."""
    purpose: str
    legal_basis: str
    """The article."""
    duration: Period
    reads_allowed: int | None
    """None: any number."""
    most: int = 1
    """How many papers may answer it."""

    def until(self, start: datetime) -> datetime:
        """When a lending made at `start` is over."""
        return datetime.combine(self.duration.after(start.date()), start.timetz())


def asked(
    contract: Mapping[str, Any],
    detail: Mapping[str, Any],
    *,
    types: DocumentTypes,
    purposes: Purposes,
    location: str,
    now: datetime,
) -> Asked:
    """What a detail (parsed JSON, RFC 9396 §2) asks for.

    location: the vault's address, the only one that `locations` may name. now: what "no longer than" is measured from.
    Raises `NotAllowedToAsk`, whose `named` says what is unknown, missing or not in the contract.
    """
    _refuse_unknown_members(detail)
    if detail.get("type") != "document":
        raise NotAllowedToAsk("type is not document")
    if detail.get("actions", ["read"]) != ["read"]:
        raise NotAllowedToAsk('actions: only ["read"] is known')
    if detail.get("locations", [location]) != [location]:
        raise NotAllowedToAsk(f"locations: only {location} is known")
    allowed, purpose = _purpose(contract, detail, purposes)
    chosen = _document_types(detail, allowed, purpose, types)
    return Asked(
        document_types=chosen,
        purpose=purpose.code,
        legal_basis=purpose.legal_basis.reference,
        duration=_duration(detail, allowed, purpose, now),
        reads_allowed=_reads(allowed),
        most=purposes.most(purpose.code, chosen),
    )


def of_scope(contract: Mapping[str, Any], document_type: str, *, location: str) -> Mapping[str, Any] | None:
    """The detail that the scope `document:<type>` stands for; None unless the contract names exactly one purpose."""
    named = _purposes_of(contract)
    if len(named) != 1:
        return None
    return {
        "type": "document",
        "document_types": [document_type],
        "actions": ["read"],
        "purpose": next(iter(named)),
        "locations": [location],
    }


def _refuse_unknown_members(detail: Mapping[str, Any]) -> None:
    # RFC 9396 §5: unknown fields are refused, not ignored.
    for member in detail:
        if member not in _MEMBERS:
            raise NotAllowedToAsk(f"unknown member {member[:40]!r}", quotes=True)


def _purposes_of(contract: Mapping[str, Any]) -> Mapping[str, Any]:
    named = contract.get("purposes", {})
    return named if isinstance(named, Mapping) else {}


def _purpose(
    contract: Mapping[str, Any], detail: Mapping[str, Any], purposes: Purposes
) -> tuple[Mapping[str, Any], Purpose]:
    code = detail.get("purpose")
    if not isinstance(code, str):
        raise NotAllowedToAsk("purpose is missing")
    purpose = purposes.get(code)
    if purpose is None:
        raise NotAllowedToAsk(f"unknown purpose {code[:40]!r}", quotes=True)
    allowed = _purposes_of(contract).get(code)
    if not isinstance(allowed, Mapping):
        raise NotAllowedToAsk(f"purpose {code} is not in the client's contract")
    return allowed, purpose


def _document_types(
    detail: Mapping[str, Any], allowed: Mapping[str, Any], purpose: Purpose, types: DocumentTypes
) -> tuple[str, ...]:
    codes = detail.get("document_types")
    if not isinstance(codes, Sequence) or isinstance(codes, str) or not 1 <= len(codes) <= MAX_TYPES:
        raise NotAllowedToAsk(f"document_types must be a list of 1 to {MAX_TYPES} types")
    for code in codes:
        _document_type(code, allowed, purpose, types)
    if len(set(codes)) != len(codes):
        raise NotAllowedToAsk("document_types names a type twice")
    return tuple(codes)


def _document_type(code: object, allowed: Mapping[str, Any], purpose: Purpose, types: DocumentTypes) -> None:
    if not isinstance(code, str):
        raise NotAllowedToAsk("document_types must be a list of strings")
    try:
        types.get(code)
    except UnknownDocumentType as error:
        raise NotAllowedToAsk(f"unknown document type {code[:40]!r}", quotes=True) from error
    if code not in allowed.get("document_types", ()):
        raise NotAllowedToAsk(f"document type {code} is not in the client's contract for {purpose.code}")
    if purpose.closed_by and code not in purpose.document_types:
        raise NotAllowedToAsk(f"document type {code} may not be asked for {purpose.code}: {purpose.closed_by}")


def _duration(detail: Mapping[str, Any], allowed: Mapping[str, Any], purpose: Purpose, now: datetime) -> Period:
    longest = _period(allowed["max_duration"], "max_duration") if "max_duration" in allowed else purpose.duration
    if "duration" not in detail:
        return min(longest, purpose.duration, key=lambda period: period.after(now.date()))
    wanted = _period(detail["duration"], "duration")
    if wanted.after(now.date()) > longest.after(now.date()):
        raise NotAllowedToAsk(f"duration {wanted} is longer than the contract's {longest}")
    if wanted.after(now.date()) <= now.date():
        raise NotAllowedToAsk("duration is shorter than a day")
    return wanted


def _period(text: object, member: str) -> Period:
    try:
        return Period.parse(text if isinstance(text, str) else "")
    except ValueError as error:
        raise NotAllowedToAsk(f"{member} is no period such as P30D, P3M or P1Y") from error


def _reads(allowed: Mapping[str, Any]) -> int | None:
    reads = allowed.get("max_reads")
    return reads if isinstance(reads, int) and reads > 0 else None
