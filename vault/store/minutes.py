"""What the ledger merges by minute: repeated refusals of a client, repeated looks of an owner at page pictures."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, LargeBinary, String, Table, delete, select

from config.database import Transaction, UtcSeconds, metadata
from vault.store.absent import insert_if_absent

minutes = Table(
    "vault_minutes",
    metadata,
    Column("key_hash", LargeBinary(32), primary_key=True),
    Column("minute", UtcSeconds, primary_key=True),
    Column("entry", String(64), nullable=False, comment="clear: id of the ledger entry that stands for all"),
)


def first(tx: Transaction, key_hash: bytes, minute: datetime, entry: str) -> bool:
    """Whether this is the first of its kind in that minute; then `entry` stands for those that follow."""
    values = {"key_hash": key_hash, "minute": minute, "entry": entry}
    return insert_if_absent(tx, minutes, values)


def entry_of(tx: Transaction, key_hash: bytes, minute: datetime) -> str | None:
    """The entry that stands for that minute."""
    same = (minutes.c.key_hash == key_hash) & (minutes.c.minute == minute)
    return tx.execute(select(minutes.c.entry).where(same)).scalar()


def remove_before(tx: Transaction, moment: datetime) -> int:
    """Forget older minutes; how many."""
    return tx.execute(delete(minutes).where(minutes.c.minute < moment)).rowcount
