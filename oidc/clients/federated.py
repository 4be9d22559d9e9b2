"""Clients that a federation vouches for instead of an operator: what the registry asks, and gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Vouched:
    """What a chain of trust says of a client."""

    metadata: Mapping[str, Any]
    """As in RFC 7591, without contract."""
    until: datetime
    """When the chain ends."""


class Voucher(Protocol):
    """A federation (`oidc.federation`)."""

    def vouch(self, entity_id: str) -> Vouched:
        """By the network, outside any transaction. Raises `TrustChainRefused`."""
