"""What may be used once: `jti` of client assertions and DPoP proofs, and tokens whose release was written down."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import Column, LargeBinary, String, Table

from config.database import Transaction, UtcSeconds, metadata
from config.upsert import insert_or_nothing
from oidc.store.batches import delete_some

used_identifiers = Table(
    "oidc_used_identifiers",
    metadata,
    Column("purpose", String(16), primary_key=True, comment="clear: assertion, dpop, release, request object"),
    Column("identifier_hash", LargeBinary(32), primary_key=True, comment="SHA-256"),
    Column("expires_at", UtcSeconds, nullable=False, index=True),
)


def use(tx: Transaction, purpose: str, identifier: str, expires_at: datetime) -> bool:
    """Use an identifier; False when it was used before. It may be forgotten after expires_at."""
    values = {
        "purpose": purpose,
        "identifier_hash": hashlib.sha256(identifier.encode()).digest(),
        "expires_at": expires_at,
    }
    return insert_or_nothing(tx, used_identifiers, values)


def forget(tx: Transaction, before: datetime, limit: int) -> int:
    """Delete at most `limit` of those whose time is over."""
    return delete_some(tx, used_identifiers, used_identifiers.c.expires_at < before, limit)
