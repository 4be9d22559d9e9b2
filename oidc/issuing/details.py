"""What a token response says of the papers lent (RFC 9396 §7), and the shorter form inside the access token (§9.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_TOLD_IN_TOKEN = ("lending",)


def enriched(described: Sequence[Mapping[str, Any]], vault: str) -> list[dict[str, Any]]:
    """Authorization details as granted, one for each purpose, each with its `documents`.

    described: what `Evidence.described` tells, one member a paper. vault: the resource, for `locations`.
    """
    by_purpose: dict[str, list[Mapping[str, Any]]] = {}
    for document in described:
        by_purpose.setdefault(str(document.get("purpose", "")), []).append(document)
    return [
        {
            "type": "document",
            "actions": ["read"],
            "purpose": purpose,
            "document_types": sorted({str(document["document_type"]) for document in documents}),
            "locations": [vault],
            "documents": [dict(document) for document in documents],
        }
        for purpose, documents in by_purpose.items()
    ]


def in_token(details: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The same for the access token, where of each paper the lending id is enough: tokens travel in headers."""
    return [
        {**detail, "documents": [{name: document[name] for name in _TOLD_IN_TOKEN} for document in detail["documents"]]}
        for detail in details
    ]
