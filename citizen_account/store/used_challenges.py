"""Challenges that were answered: each signs in, or adds a passkey, once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, LargeBinary, Table, delete
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from config.database import Transaction, UtcSeconds, metadata

used_challenges = Table(
    "account_used_challenges",
    metadata,
    Column("challenge_sha256", LargeBinary(32), primary_key=True),
    Column("expires_at", UtcSeconds, nullable=False, index=True),
)


def use(tx: Transaction, challenge_sha256: bytes, expires_at: datetime) -> bool:
    """Use a challenge; False when it was used before. It may be forgotten after expires_at."""
    made = sqlite_insert if tx.dialect.name == "sqlite" else postgresql_insert
    wanted = made(used_challenges).values(challenge_sha256=challenge_sha256, expires_at=expires_at)
    # Not rowcount: SQLAlchemy keeps none of an INSERT on PostgreSQL.
    return tx.execute(wanted.on_conflict_do_nothing().returning(used_challenges.c.expires_at)).first() is not None


def forget(tx: Transaction, before: datetime) -> int:
    """Delete those whose time is over; how many."""
    return tx.execute(delete(used_challenges).where(used_challenges.c.expires_at < before)).rowcount
