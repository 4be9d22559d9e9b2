"""Rows about erasures: until when each root version must be gone, so that backups keep what was promised."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Integer, Table, delete, insert, select

from config.database import Transaction, UtcSeconds, metadata

erasures = Table(
    "vault_erasures",
    metadata,
    Column("root_version", Integer, primary_key=True, autoincrement=False),
    Column("gone_by", UtcSeconds, nullable=False, comment="what the earliest receipt promised"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureRow:
    """The earliest promise about one root version."""

    root_version: int
    gone_by: datetime


def promise(tx: Transaction, root_version: int, gone_by: datetime) -> None:
    """Something under that root version was erased; the first promise is the earliest and stays."""
    if tx.execute(select(erasures.c.root_version).where(erasures.c.root_version == root_version)).first() is None:
        tx.execute(insert(erasures).values(root_version=root_version, gone_by=gone_by))


def of_root(tx: Transaction, root_version: int) -> ErasureRow | None:
    """The promise about that root version, if anything was erased under it."""
    row = tx.execute(select(erasures).where(erasures.c.root_version == root_version)).mappings().first()
    return ErasureRow(**row) if row else None


def kept(tx: Transaction, root_version: int) -> int:
    """That root version is destroyed: the promise is kept."""
    return tx.execute(delete(erasures).where(erasures.c.root_version == root_version)).rowcount
