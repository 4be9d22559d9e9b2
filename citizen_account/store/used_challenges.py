"""Challenges that were answered: each signs in, or adds a passkey, once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, LargeBinary, Table, delete

from config.database import Transaction, UtcSeconds, metadata
from config.upsert import insert_or_nothing

used_challenges = Table(
    "account_used_challenges",
    metadata,
    Column("challenge_sha256", LargeBinary(32), primary_key=True),
    Column("expires_at", UtcSeconds, nullable=False, index=True),
)


def use(tx: Transaction, challenge_sha256: bytes, expires_at: datetime) -> bool:
    """Use a challenge; False when it was used before. It may be forgotten after expires_at."""
    return insert_or_nothing(tx, used_challenges, {"challenge_sha256": challenge_sha256, "expires_at": expires_at})


def forget(tx: Transaction, before: datetime) -> int:
    """Delete those whose time is over; how many."""
    return tx.execute(delete(used_challenges).where(used_challenges.c.expires_at < before)).rowcount
