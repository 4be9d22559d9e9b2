"""The contract of a service, made from the catalogue of purposes: papers, durations, reads, retention, contact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vault.document_types import Purpose


def terms(
    purpose: Purpose, *, document_types: Sequence[str] = (), duration: str = "", max_reads: int | None = None
) -> dict[str, Any]:
    """What a contract says of one purpose (`oidc.clients.contract`); what isn't given is the catalogue's.

    document_types: some of the purpose's. duration: of a lending at most, ISO 8601. max_reads: of each paper.
    """
    told: dict[str, Any] = {
        "document_types": list(document_types or purpose.document_types),
        "max_duration": duration or str(purpose.duration),
    }
    return told if max_reads is None else told | {"max_reads": max_reads}


def contract(
    purposes: Mapping[str, Mapping[str, Any]], *, retention: str, contact: str, acts_for: Sequence[str] = ()
) -> dict[str, Any]:
    """The whole. retention: how long the service keeps what it got, ISO 8601. acts_for: see docs/integrate.md."""
    told: dict[str, Any] = {"purposes": dict(purposes), "contact": contact}
    if retention:
        told["retention"] = retention
    if acts_for:
        told["acts_for"] = list(acts_for)
    return told
