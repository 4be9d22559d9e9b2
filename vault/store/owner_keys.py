"""Rows of wrapped owner keys. An owner has one; two while the older is being replaced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Column, Integer, LargeBinary, String, Table, delete, func, insert, select, update

from config.database import Transaction, UtcSeconds, metadata

owner_keys = Table(
    "vault_owner_keys",
    metadata,
    Column("id", String(64), primary_key=True, comment="clear: random id"),
    Column("owner", String(64), nullable=False, index=True, comment="clear: opaque id"),
    Column("generation", Integer, nullable=False, comment="the highest wraps what is new"),
    Column("root_version", Integer, nullable=False, index=True, comment="of the ring, as inside `wrapped`"),
    Column("wrapped", LargeBinary(512), nullable=False),
    Column("made_at", UtcSeconds, nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerKeyRow:
    """A wrapped owner key."""

    id: str
    owner: str
    generation: int
    root_version: int
    wrapped: bytes = field(repr=False)
    made_at: datetime


def add(tx: Transaction, row: OwnerKeyRow) -> None:
    """Insert a key."""
    values = {name: getattr(row, name) for name in OwnerKeyRow.__dataclass_fields__}
    tx.execute(insert(owner_keys).values(**values))


def of_owner(tx: Transaction, owner: str) -> list[OwnerKeyRow]:
    """The owner's keys, the one that wraps what is new first."""
    chosen = select(owner_keys).where(owner_keys.c.owner == owner).order_by(owner_keys.c.generation.desc())
    return [OwnerKeyRow(**row) for row in tx.execute(chosen).mappings()]


def by_ids(tx: Transaction, ids: Sequence[str]) -> list[OwnerKeyRow]:
    """The keys of these ids, those that exist."""
    rows = tx.execute(select(owner_keys).where(owner_keys.c.id.in_(ids))).mappings()
    return [OwnerKeyRow(**row) for row in rows]


def hold_newest(tx: Transaction, owner: str) -> str | None:
    """The id of the key that wraps what is new, kept from being destroyed until the transaction ends."""
    chosen = (
        select(owner_keys.c.id)
        .where(owner_keys.c.owner == owner)
        .order_by(owner_keys.c.generation.desc())
        .with_for_update(read=True)
    )
    return tx.execute(chosen).scalars().first()


def lock(tx: Transaction, key: str) -> bool:
    """Keep everybody else from holding that key until the transaction ends; whether it is there."""
    return tx.execute(select(owner_keys.c.id).where(owner_keys.c.id == key).with_for_update()).first() is not None


def replace_wrapped(tx: Transaction, row: OwnerKeyRow, root_version: int, wrapped: bytes) -> int:
    """Put a new wrap of the same key in the place of exactly the old one; 1 when it was there."""
    same = (owner_keys.c.id == row.id) & (owner_keys.c.wrapped == row.wrapped)
    return tx.execute(update(owner_keys).where(same).values(root_version=root_version, wrapped=wrapped)).rowcount


def under_other_roots(tx: Transaction, root_version: int, limit: int) -> list[OwnerKeyRow]:
    """Keys that another root version wraps."""
    chosen = select(owner_keys).where(owner_keys.c.root_version != root_version).limit(limit)
    return [OwnerKeyRow(**row) for row in tx.execute(chosen).mappings()]


def count_under(tx: Transaction, root_versions: Sequence[int]) -> int:
    """How many keys these root versions wrap."""
    chosen = select(func.count()).select_from(owner_keys).where(owner_keys.c.root_version.in_(root_versions))
    return int(tx.execute(chosen).scalar_one())


def destroy(tx: Transaction, key: str) -> int:
    """Remove one key; 1 when it was there."""
    return tx.execute(delete(owner_keys).where(owner_keys.c.id == key)).rowcount


def destroy_all(tx: Transaction, owner: str) -> int:
    """Remove every key of an owner; how many."""
    return tx.execute(delete(owner_keys).where(owner_keys.c.owner == owner)).rowcount
