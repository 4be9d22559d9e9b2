"""Secret keys of the provider, wrapped by the ring "provider"."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Column, LargeBinary, String, Table, insert, select, update

from config.database import Transaction, UtcSeconds, metadata

secret_keys = Table(
    "oidc_secret_keys",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("wrapped", LargeBinary, nullable=False, comment="under the ring"),
    Column("made_at", UtcSeconds, nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretKeyRow:
    """One key; the newest is the one in use."""

    id: str
    wrapped: bytes = field(repr=False)
    made_at: datetime


def every(tx: Transaction) -> list[SecretKeyRow]:
    """All of them, oldest first."""
    rows = tx.execute(select(secret_keys).order_by(secret_keys.c.made_at, secret_keys.c.id))
    return [SecretKeyRow(id=row.id, wrapped=row.wrapped, made_at=row.made_at) for row in rows]


def add(tx: Transaction, row: SecretKeyRow) -> None:
    """Keep a new one."""
    tx.execute(insert(secret_keys).values(id=row.id, wrapped=row.wrapped, made_at=row.made_at))


def rewrap(tx: Transaction, key: str, before: bytes, after: bytes) -> int:
    """Put another wrap of the same key in place, unless someone else did."""
    statement = update(secret_keys).where(secret_keys.c.id == key, secret_keys.c.wrapped == before)
    return tx.execute(statement.values(wrapped=after)).rowcount
