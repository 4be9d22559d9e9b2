"""Rows about restores: what was found when the database was behind its published log, and what was done about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Boolean, Column, Integer, Table, func, insert, select, update

from config.database import Transaction, UtcSeconds, metadata

restores = Table(
    "audit_restores",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("published_size", BigInteger, primary_key=True, autoincrement=False),
    Column("known_size", BigInteger, nullable=False, comment="what the restored database knew of the log"),
    Column("found_at", UtcSeconds, nullable=False),
    Column("lost", BigInteger, nullable=False, comment="entries whose readable part is gone"),
    Column("is_whole", Boolean, nullable=False, comment="every ending was found, or an operator opens without"),
    Column("ended", Integer, nullable=False, comment="how many things were ended again"),
    Column("replayed_at", UtcSeconds, comment="until then the doors are closed"),
    Column("swept_at", UtcSeconds, comment="until then nothing from before the restore is swept"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreRow:
    """One restore."""

    generation: int
    published_size: int
    known_size: int
    found_at: datetime
    lost: int
    is_whole: bool
    ended: int = 0
    replayed_at: datetime | None = None
    swept_at: datetime | None = None


def add(tx: Transaction, row: RestoreRow) -> None:
    """Insert a restore."""
    tx.execute(insert(restores).values(**{name: getattr(row, name) for name in RestoreRow.__slots__}))


def every(tx: Transaction) -> list[RestoreRow]:
    """All restores, the newest first."""
    chosen = select(restores).order_by(restores.c.found_at.desc(), restores.c.published_size.desc())
    return [RestoreRow(**row) for row in tx.execute(chosen).mappings()]


def replayed(tx: Transaction, row: RestoreRow, ended: int, now: datetime) -> int:
    """Everything that had ended is ended again; 1 when nobody else said so before."""
    same = (restores.c.generation == row.generation) & (restores.c.published_size == row.published_size)
    chosen = same & restores.c.replayed_at.is_(None)
    return tx.execute(update(restores).where(chosen).values(ended=ended, replayed_at=now)).rowcount


def open_without(tx: Transaction) -> int:
    """Don't wait for endings that nobody finds; how many restores waited."""
    chosen = restores.c.is_whole.is_(False) & restores.c.replayed_at.is_(None)
    return tx.execute(update(restores).where(chosen).values(is_whole=True)).rowcount


def swept(tx: Transaction, now: datetime) -> int:
    """What is from before the restores may be swept from now on; how many restores waited for that word."""
    return tx.execute(update(restores).where(restores.c.swept_at.is_(None)).values(swept_at=now)).rowcount


def unswept_since(tx: Transaction) -> datetime | None:
    """When the newest restore was found about which nobody has said that it may be swept."""
    return tx.execute(select(func.max(restores.c.found_at)).where(restores.c.swept_at.is_(None))).scalar()
