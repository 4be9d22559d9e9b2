"""Rows about owners: a safe, the person whom the ledger tells, and whether the house may read the papers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Boolean, Column, String, Table, delete, insert, select, update

from config.database import Transaction, UtcSeconds, metadata

owners = Table(
    "vault_owners",
    metadata,
    Column("owner", String(64), primary_key=True, comment="clear: opaque id"),
    Column("person", String(64), nullable=False, comment="clear: opaque id, whom the ledger tells"),
    Column("made_at", UtcSeconds, nullable=False),
    Column("agreed", Boolean, comment="to page pictures and recognition (CPCE L103 4°); null: never asked"),
    Column("agreed_at", UtcSeconds),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerRow:
    """A safe."""

    owner: str
    person: str
    made_at: datetime
    agreed: bool | None = None
    agreed_at: datetime | None = None


def add(tx: Transaction, row: OwnerRow) -> None:
    """Insert a safe."""
    tx.execute(insert(owners).values(owner=row.owner, person=row.person, made_at=row.made_at))


def get(tx: Transaction, owner: str) -> OwnerRow | None:
    """The safe of that id."""
    row = tx.execute(select(owners).where(owners.c.owner == owner)).mappings().first()
    return OwnerRow(**row) if row else None


def set_agreement(tx: Transaction, owner: str, *, agreed: bool, now: datetime) -> int:
    """Keep what the person decided about reading; 1 when the safe is there."""
    return tx.execute(update(owners).where(owners.c.owner == owner).values(agreed=agreed, agreed_at=now)).rowcount


def remove(tx: Transaction, owner: str) -> int:
    """Forget a safe; 1 when it was there."""
    return tx.execute(delete(owners).where(owners.c.owner == owner)).rowcount
