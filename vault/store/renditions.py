"""Rows of encrypted objects: the original of a version and what was made from it, each under a data key of its own.

Header, length and hash are authenticated by the wrapped data key: change any of them and it does not open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String, Table, delete, insert, select, update

from config.database import Transaction, UtcSeconds, metadata

renditions = Table(
    "vault_renditions",
    metadata,
    Column("version", String(64), primary_key=True, comment="clear: random id"),
    Column("rendition", String(32), primary_key=True, comment="clear: original, page-1, page-2, …"),
    Column("document", String(64), nullable=False, index=True, comment="clear: random id"),
    Column("owner", String(64), nullable=False, index=True, comment="clear: opaque id"),
    Column("owner_key", String(64), nullable=False, index=True, comment="clear: id of the key that wraps `data_key`"),
    Column("data_key", LargeBinary(128), nullable=False, comment="wrapped"),
    Column("format", Integer, nullable=False),
    Column("header", LargeBinary(40), nullable=False),
    Column("length", BigInteger, nullable=False, comment="of the plaintext, in bytes"),
    Column("ciphertext_sha256", LargeBinary(32), nullable=False),
    Column("media_type", String(64), nullable=False, comment="clear: one of four"),
    Column("object_name", String(128), nullable=False, unique=True, comment="clear: random"),
    Column("made_at", UtcSeconds, nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RenditionRow:
    """One encrypted object, and the only way to open it."""

    version: str
    rendition: str
    document: str
    owner: str
    owner_key: str
    data_key: bytes = field(repr=False)
    format: int
    header: bytes = field(repr=False)
    length: int
    ciphertext_sha256: bytes = field(repr=False)
    media_type: str
    object_name: str
    made_at: datetime


def add(tx: Transaction, rows: Sequence[RenditionRow]) -> None:
    """Insert renditions."""
    values = [{name: getattr(row, name) for name in RenditionRow.__dataclass_fields__} for row in rows]
    if values:
        tx.execute(insert(renditions), values)


def get(tx: Transaction, version: str, rendition: str) -> RenditionRow | None:
    """That rendition of that version."""
    same = (renditions.c.version == version) & (renditions.c.rendition == rendition)
    row = tx.execute(select(renditions).where(same)).mappings().first()
    return RenditionRow(**row) if row else None


def named(tx: Transaction, object_names: Sequence[str]) -> set[str]:
    """Those of these objects that a rendition names."""
    chosen = select(renditions.c.object_name).where(renditions.c.object_name.in_(object_names))
    return set(tx.execute(chosen).scalars())


def under_key(tx: Transaction, owner_key: str, limit: int) -> list[RenditionRow]:
    """Renditions whose data key this owner key wraps."""
    rows = tx.execute(select(renditions).where(renditions.c.owner_key == owner_key).limit(limit)).mappings()
    return [RenditionRow(**row) for row in rows]


def rewrap(tx: Transaction, old: RenditionRow, owner_key: str, data_key: bytes) -> int:
    """Put the same data key under another owner key, only in the place of exactly the old wrap."""
    same = (renditions.c.version == old.version) & (renditions.c.rendition == old.rendition)
    same &= renditions.c.data_key == old.data_key
    return tx.execute(update(renditions).where(same).values(owner_key=owner_key, data_key=data_key)).rowcount


def objects_of_document(tx: Transaction, document: str) -> list[str]:
    """The names of every object of a paper."""
    return list(tx.execute(select(renditions.c.object_name).where(renditions.c.document == document)).scalars())


def objects_of_version(tx: Transaction, version: str) -> list[str]:
    """The names of every object of a version."""
    return list(tx.execute(select(renditions.c.object_name).where(renditions.c.version == version)).scalars())


def objects_of_owner(tx: Transaction, owner: str) -> list[str]:
    """The names of every object of an owner."""
    return list(tx.execute(select(renditions.c.object_name).where(renditions.c.owner == owner)).scalars())


def pictures_of_owner(tx: Transaction, owner: str) -> list[str]:
    """The names of every page picture of an owner."""
    chosen = select(renditions.c.object_name).where(renditions.c.owner == owner)
    return list(tx.execute(chosen.where(renditions.c.rendition != "original")).scalars())


def remove_pictures(tx: Transaction, owner: str) -> int:
    """Remove the page pictures of an owner, with their data keys; how many."""
    mine = (renditions.c.owner == owner) & (renditions.c.rendition != "original")
    return tx.execute(delete(renditions).where(mine)).rowcount


def remove_of_document(tx: Transaction, document: str) -> int:
    """Remove every rendition of a paper, with its data key; how many."""
    return tx.execute(delete(renditions).where(renditions.c.document == document)).rowcount


def remove_of_version(tx: Transaction, version: str) -> int:
    """Remove every rendition of a version, with its data key; how many."""
    return tx.execute(delete(renditions).where(renditions.c.version == version)).rowcount


def remove_all(tx: Transaction, owner: str) -> int:
    """Remove every rendition of an owner, with its data key; how many."""
    return tx.execute(delete(renditions).where(renditions.c.owner == owner)).rowcount
