"""Rows of lendings: one version of a paper, lent to one client for one purpose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Integer, String, Table, bindparam, delete, func, insert, or_, select, update

from config.database import Transaction, UtcSeconds, metadata

lendings = Table(
    "vault_lendings",
    metadata,
    Column("id", String(64), primary_key=True, comment="clear: random, the only name a client knows the paper by"),
    Column("owner", String(64), nullable=False, index=True, comment="clear: opaque id"),
    Column("document", String(64), nullable=False, index=True, comment="clear: random id, never leaves the house"),
    Column("version", String(64), nullable=False, index=True, comment="clear: random id, never leaves the house"),
    Column("document_type", String(64), nullable=False, comment="clear: code of the type"),
    Column("client_id", String(128), nullable=False, comment="clear: the e-service"),
    Column("grant_id", String(64), nullable=False, comment="clear: opaque id, empty outside sign-in"),
    Column("purpose", String(64), nullable=False, comment="clear: code of the purpose"),
    Column("legal_basis", String(200), nullable=False, comment="clear: the article"),
    Column("made_at", UtcSeconds, nullable=False),
    Column("until", UtcSeconds, nullable=False),
    Column("reads_allowed", Integer, comment="null: any number"),
    Column("reads_used", Integer, nullable=False),
    Column("ended_at", UtcSeconds, comment="before its time"),
    Column("ended_by", String(16), nullable=False, comment="clear: taken_back, returned, deleted, or empty"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LendingRow:
    """One lending."""

    id: str
    owner: str
    document: str
    version: str
    document_type: str
    client_id: str
    grant_id: str
    purpose: str
    legal_basis: str
    made_at: datetime
    until: datetime
    reads_allowed: int | None
    reads_used: int = 0
    ended_at: datetime | None = None
    ended_by: str = ""


def add(tx: Transaction, row: LendingRow) -> None:
    """Insert a lending."""
    values = {name: getattr(row, name) for name in LendingRow.__dataclass_fields__}
    tx.execute(insert(lendings).values(**values))


def by_ids(tx: Transaction, ids: Sequence[str]) -> list[LendingRow]:
    """The lendings of these ids, those that exist."""
    rows = tx.execute(select(lendings).where(lendings.c.id.in_(ids))).mappings()
    return [LendingRow(**row) for row in rows]


def of_owner(tx: Transaction, owner: str) -> list[LendingRow]:
    """Every lending of an owner's papers, the newest first."""
    chosen = select(lendings).where(lendings.c.owner == owner).order_by(lendings.c.made_at.desc(), lendings.c.id)
    return [LendingRow(**row) for row in tx.execute(chosen).mappings()]


def standing_of_document(tx: Transaction, document: str, now: datetime) -> list[LendingRow]:
    """The lendings of a paper that stand."""
    stands = lendings.c.ended_at.is_(None) & (lendings.c.until > now)
    rows = tx.execute(select(lendings).where((lendings.c.document == document) & stands)).mappings()
    return [LendingRow(**row) for row in rows]


def stands_for_version(tx: Transaction, version: str, now: datetime) -> bool:
    """Whether anyone may still read that version."""
    stands = lendings.c.ended_at.is_(None) & (lendings.c.until > now)
    return (
        tx.execute(select(lendings.c.id).where((lendings.c.version == version) & stands).limit(1)).first() is not None
    )


def count_standing(tx: Transaction, ids: Sequence[str], now: datetime) -> int:
    """How many of these stand and have a read left."""
    left = or_(lendings.c.reads_allowed.is_(None), lendings.c.reads_used < lendings.c.reads_allowed)
    stands = lendings.c.ended_at.is_(None) & (lendings.c.until > now) & left
    chosen = select(func.count()).select_from(lendings).where(lendings.c.id.in_(ids) & stands)
    return int(tx.execute(chosen).scalar_one())


def use_one(tx: Transaction, lending: str) -> int:
    """Count one read, if one is left; 1 when it was."""
    return tx.execute(_USE_ONE, {"lending": lending}).rowcount


_LEFT = or_(lendings.c.reads_allowed.is_(None), lendings.c.reads_used < lendings.c.reads_allowed)
_USE_ONE = (
    update(lendings).where((lendings.c.id == bindparam("lending")) & _LEFT).values(reads_used=lendings.c.reads_used + 1)
)


def give_one_back(tx: Transaction, lending: str) -> int:
    """A read that gave nothing does not count."""
    chosen = update(lendings).where((lendings.c.id == lending) & (lendings.c.reads_used > 0))
    return tx.execute(chosen.values(reads_used=lendings.c.reads_used - 1)).rowcount


def end(tx: Transaction, lending: str, now: datetime, ended_by: str) -> int:
    """End a lending that has not been ended; 1 when this did it."""
    chosen = update(lendings).where((lendings.c.id == lending) & lendings.c.ended_at.is_(None))
    return tx.execute(chosen.values(ended_at=now, ended_by=ended_by)).rowcount


def end_of_document(tx: Transaction, document: str, now: datetime, ended_by: str) -> int:
    """End every lending of a paper; how many this ended."""
    chosen = update(lendings).where((lendings.c.document == document) & lendings.c.ended_at.is_(None))
    return tx.execute(chosen.values(ended_at=now, ended_by=ended_by)).rowcount


def over_before(tx: Transaction, moment: datetime, limit: int) -> list[str]:
    """Lendings that ended, or whose time was over, before that."""
    over = or_(lendings.c.ended_at < moment, lendings.c.until < moment)
    return list(tx.execute(select(lendings.c.id).where(over).limit(limit)).scalars())


def remove(tx: Transaction, ids: Sequence[str]) -> int:
    """Forget lendings; how many."""
    return tx.execute(delete(lendings).where(lendings.c.id.in_(ids))).rowcount


def remove_all(tx: Transaction, owner: str) -> int:
    """Forget every lending of an owner's papers; how many."""
    return tx.execute(delete(lendings).where(lendings.c.owner == owner)).rowcount
