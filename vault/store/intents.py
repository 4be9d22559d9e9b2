"""Rows about objects that no rendition names: those being written, and those waiting for the backup window to end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Column, String, Table, delete, func, insert, select

from config.database import Transaction, UtcSeconds, metadata

intents = Table(
    "vault_intents",
    metadata,
    Column("object_name", String(128), primary_key=True, comment="clear: random"),
    Column("began_at", UtcSeconds, nullable=False, index=True),
)
discarded = Table(
    "vault_discarded",
    metadata,
    Column("object_name", String(128), primary_key=True, comment="clear: random"),
    Column("delete_at", UtcSeconds, nullable=False, index=True, comment="end of the backup window"),
)


def add(tx: Transaction, object_names: Sequence[str], now: datetime) -> None:
    """Say that objects of these names may come to be."""
    tx.execute(insert(intents), [{"object_name": name, "began_at": now} for name in object_names])


def end(tx: Transaction, object_names: Sequence[str]) -> int:
    """These objects have their rows, or are gone; how many intents were there."""
    return tx.execute(delete(intents).where(intents.c.object_name.in_(object_names))).rowcount


def begun_between(tx: Transaction, first: datetime | None, end: datetime, limit: int) -> list[str]:
    """Names whose writing began from `first` (None: ever) up to, without, `end`, and never ended."""
    chosen = select(intents.c.object_name).where(intents.c.began_at < end)
    if first is not None:
        chosen = chosen.where(intents.c.began_at >= first)
    return list(tx.execute(chosen.limit(limit)).scalars())


def count_before(tx: Transaction, end: datetime) -> int:
    """How many objects were begun before that moment and never ended."""
    return int(tx.execute(select(func.count()).select_from(intents).where(intents.c.began_at < end)).scalar_one())


def named(tx: Transaction, object_names: Sequence[str]) -> set[str]:
    """Those of these objects that are being written or wait to be deleted."""
    found: set[str] = set()
    for table in (intents, discarded):
        found |= set(tx.execute(select(table.c.object_name).where(table.c.object_name.in_(object_names))).scalars())
    return found


def discard(tx: Transaction, object_names: Sequence[str], delete_at: datetime) -> None:
    """Nothing opens these objects any more; delete them at that time."""
    if object_names:
        tx.execute(insert(discarded), [{"object_name": name, "delete_at": delete_at} for name in object_names])


def due(tx: Transaction, now: datetime, limit: int) -> list[str]:
    """Discarded objects whose time has come."""
    return list(tx.execute(select(discarded.c.object_name).where(discarded.c.delete_at <= now).limit(limit)).scalars())


def forget(tx: Transaction, object_names: Sequence[str]) -> int:
    """These discarded objects are gone."""
    return tx.execute(delete(discarded).where(discarded.c.object_name.in_(object_names))).rowcount
