"""Rows about closed accounts: until when a root version of a ring must be gone, so that backups keep the promise."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Integer, String, Table, delete, insert, select

from config.database import Transaction, UtcSeconds, metadata

erasures = Table(
    "account_erasures",
    metadata,
    Column("ring", String(16), primary_key=True, comment="clear: ledger or provider; the vault keeps its own"),
    Column("root_version", Integer, primary_key=True, autoincrement=False),
    Column("gone_by", UtcSeconds, nullable=False, comment="what the earliest receipt promised"),
)


def promise(tx: Transaction, ring: str, root_version: int, gone_by: datetime) -> None:
    """Something under that root version was erased; the first promise is the earliest and stays."""
    if promised(tx, ring, root_version) is None:
        tx.execute(insert(erasures).values(ring=ring, root_version=root_version, gone_by=gone_by))


def promised(tx: Transaction, ring: str, root_version: int) -> datetime | None:
    """The promise about that root version, if anything was erased under it."""
    chosen = (erasures.c.ring == ring) & (erasures.c.root_version == root_version)
    return tx.execute(select(erasures.c.gone_by).where(chosen)).scalar()


def kept(tx: Transaction, ring: str, root_version: int) -> int:
    """That root version is destroyed: the promise is kept."""
    chosen = (erasures.c.ring == ring) & (erasures.c.root_version == root_version)
    return tx.execute(delete(erasures).where(chosen)).rowcount
