"""Rows of versions: one file that was received, never changed afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String, Table, delete, insert, select, update

from config.database import Transaction, UtcSeconds, metadata

versions = Table(
    "vault_versions",
    metadata,
    Column("id", String(64), primary_key=True, comment="clear: random id, never leaves the house"),
    Column("document", String(64), nullable=False, index=True, comment="clear: random id"),
    Column("owner", String(64), nullable=False, index=True, comment="clear: opaque id"),
    Column("owner_key", String(64), nullable=False, index=True, comment="clear: id of the key that seals this row"),
    Column("filename", LargeBinary, nullable=False, comment="sealed"),
    Column("dates", LargeBinary, comment="sealed: what the person said of the dates printed on it"),
    Column("media_type", String(64), nullable=False, comment="clear: one of four"),
    Column("length", BigInteger, nullable=False, comment="of the original, in bytes"),
    Column("received_at", UtcSeconds, nullable=False),
    Column("superseded_at", UtcSeconds, index=True, comment="when a newer version took its place"),
    Column("preview", String(16), nullable=False, comment="clear: state of the page pictures"),
    Column("preview_reason", String(16), nullable=False, comment="clear: why pictures are missing"),
    Column("pages", Integer, nullable=False, comment="how many the paper has, 0 when unknown"),
    Column("pictures", Integer, nullable=False, comment="how many were made"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRow:
    """One file that was received."""

    id: str
    document: str
    owner: str
    owner_key: str
    filename: bytes = field(repr=False)
    dates: bytes | None = field(default=None, repr=False)
    media_type: str
    length: int
    received_at: datetime
    superseded_at: datetime | None = None
    preview: str
    preview_reason: str = ""
    pages: int = 0
    pictures: int = 0


def add(tx: Transaction, row: VersionRow) -> None:
    """Insert a version."""
    values = {name: getattr(row, name) for name in VersionRow.__dataclass_fields__}
    tx.execute(insert(versions).values(**values))


def get(tx: Transaction, version: str) -> VersionRow | None:
    """The version of that id."""
    row = tx.execute(select(versions).where(versions.c.id == version)).mappings().first()
    return VersionRow(**row) if row else None


def of_owner(tx: Transaction, owner: str) -> list[VersionRow]:
    """Every version of the owner's papers."""
    rows = tx.execute(select(versions).where(versions.c.owner == owner)).mappings()
    return [VersionRow(**row) for row in rows]


def superseded(tx: Transaction) -> list[VersionRow]:
    """Versions in whose place a newer one is."""
    rows = tx.execute(select(versions).where(versions.c.superseded_at.is_not(None))).mappings()
    return [VersionRow(**row) for row in rows]


def under_key(tx: Transaction, owner_key: str, limit: int) -> list[VersionRow]:
    """Versions that this owner key seals."""
    rows = tx.execute(select(versions).where(versions.c.owner_key == owner_key).limit(limit)).mappings()
    return [VersionRow(**row) for row in rows]


def reseal(tx: Transaction, old: VersionRow, owner_key: str, filename: bytes, dates: bytes | None) -> int:
    """Put the same file name and dates under another key, only in the place of exactly the old ones."""
    same = (versions.c.id == old.id) & (versions.c.owner_key == old.owner_key)
    changed = update(versions).where(same).values(owner_key=owner_key, filename=filename, dates=dates)
    return tx.execute(changed).rowcount


def supersede(tx: Transaction, version: str, now: datetime) -> int:
    """Say that a newer version took its place."""
    return tx.execute(update(versions).where(versions.c.id == version).values(superseded_at=now)).rowcount


def set_preview(tx: Transaction, version: str, was: str, **now: str | int) -> int:
    """Move the page pictures on from state `was`; 1 when they were in it."""
    same = (versions.c.id == version) & (versions.c.preview == was)
    return tx.execute(update(versions).where(same).values(**now)).rowcount


def set_preview_of_owner(tx: Transaction, owner: str, was: Sequence[str], preview: str) -> list[str]:
    """Move the pictures of all the owner's versions in these states to `preview`, without pictures; their ids."""
    chosen = (versions.c.owner == owner) & versions.c.preview.in_(was)
    ids = list(tx.execute(select(versions.c.id).where(chosen)).scalars())
    tx.execute(update(versions).where(chosen).values(preview=preview, preview_reason="", pages=0, pictures=0))
    return ids


def remove(tx: Transaction, version: str) -> int:
    """Remove one version; 1 when it was there."""
    return tx.execute(delete(versions).where(versions.c.id == version)).rowcount


def remove_of_document(tx: Transaction, document: str) -> int:
    """Remove every version of a paper; how many."""
    return tx.execute(delete(versions).where(versions.c.document == document)).rowcount


def remove_all(tx: Transaction, owner: str) -> int:
    """Remove every version of an owner's papers; how many."""
    return tx.execute(delete(versions).where(versions.c.owner == owner)).rowcount
