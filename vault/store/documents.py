"""Rows of papers: what stays the same when a paper is replaced by a newer version."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Column, LargeBinary, String, Table, delete, func, insert, select, update

from config.database import Transaction, UtcSeconds, metadata

documents = Table(
    "vault_documents",
    metadata,
    Column("id", String(64), primary_key=True, comment="clear: random id, never leaves the house"),
    Column("owner", String(64), nullable=False, index=True, comment="clear: opaque id"),
    Column("document_type", String(64), nullable=False, comment="clear: code of the type"),
    Column("current_version", String(64), nullable=False, comment="clear: random id"),
    Column("owner_key", String(64), nullable=False, index=True, comment="clear: id of the key that seals this row"),
    Column("label", LargeBinary, nullable=False, comment="sealed"),
    Column("made_at", UtcSeconds, nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRow:
    """A paper."""

    id: str
    owner: str
    document_type: str
    current_version: str
    owner_key: str
    label: bytes = field(repr=False)
    made_at: datetime


def add(tx: Transaction, row: DocumentRow) -> None:
    """Insert a paper."""
    values = {name: getattr(row, name) for name in DocumentRow.__dataclass_fields__}
    tx.execute(insert(documents).values(**values))


def get(tx: Transaction, owner: str, document: str) -> DocumentRow | None:
    """The owner's paper of that id."""
    mine = (documents.c.owner == owner) & (documents.c.id == document)
    row = tx.execute(select(documents).where(mine)).mappings().first()
    return DocumentRow(**row) if row else None


def owner_of(tx: Transaction, document: str) -> str | None:
    """Whose paper it is; None when there is none (any more)."""
    return tx.execute(select(documents.c.owner).where(documents.c.id == document)).scalar()


def hold(tx: Transaction, owner: str, document: str) -> DocumentRow | None:
    """The same, kept from being replaced or removed until the transaction ends."""
    mine = (documents.c.owner == owner) & (documents.c.id == document)
    row = tx.execute(select(documents).where(mine).with_for_update(read=True)).mappings().first()
    return DocumentRow(**row) if row else None


def of_owner(tx: Transaction, owner: str) -> list[DocumentRow]:
    """The owner's papers, the newest first."""
    chosen = select(documents).where(documents.c.owner == owner)
    rows = tx.execute(chosen.order_by(documents.c.made_at.desc(), documents.c.id)).mappings()
    return [DocumentRow(**row) for row in rows]


def count(tx: Transaction, owner: str) -> int:
    """How many papers the owner keeps."""
    return int(tx.execute(select(func.count()).select_from(documents).where(documents.c.owner == owner)).scalar_one())


def under_key(tx: Transaction, owner_key: str, limit: int) -> list[DocumentRow]:
    """Papers that this owner key seals."""
    chosen = select(documents).where(documents.c.owner_key == owner_key).limit(limit)
    return [DocumentRow(**row) for row in tx.execute(chosen).mappings()]


def set_label(tx: Transaction, document: str, owner_key: str, label: bytes) -> int:
    """Put a sealed label, with the key that seals it; 1 when the paper is there."""
    chosen = update(documents).where(documents.c.id == document)
    return tx.execute(chosen.values(owner_key=owner_key, label=label)).rowcount


def reseal(tx: Transaction, old: DocumentRow, owner_key: str, label: bytes) -> int:
    """Put the same label under another key, only in the place of exactly the old one."""
    same = (documents.c.id == old.id) & (documents.c.owner_key == old.owner_key) & (documents.c.label == old.label)
    return tx.execute(update(documents).where(same).values(owner_key=owner_key, label=label)).rowcount


def set_current(tx: Transaction, document: str, *, replaces: str, version: str) -> int:
    """Make a version the current one in the place of exactly `replaces`; 1 when that was current."""
    same = (documents.c.id == document) & (documents.c.current_version == replaces)
    return tx.execute(update(documents).where(same).values(current_version=version)).rowcount


def remove(tx: Transaction, owner: str, document: str) -> int:
    """Remove one paper; 1 when it was there."""
    return tx.execute(delete(documents).where(documents.c.owner == owner, documents.c.id == document)).rowcount


def remove_all(tx: Transaction, owner: str) -> int:
    """Remove every paper of an owner; how many."""
    return tx.execute(delete(documents).where(documents.c.owner == owner)).rowcount
