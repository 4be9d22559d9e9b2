"""Rows of reads: one (token, version, rendition) each; and the one query that a fetch begins with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Column, ForeignKey, Row, String, Table, and_, delete, func, or_, select, update

from config.database import Transaction, UtcSeconds, metadata
from vault.store.absent import insert_if_absent
from vault.store.lendings import LendingRow, lendings
from vault.store.owner_keys import OwnerKeyRow, owner_keys
from vault.store.owners import owners
from vault.store.renditions import RenditionRow, renditions
from vault.store.versions import versions

reads = Table(
    "vault_reads",
    metadata,
    Column("token_id", String(64), primary_key=True, comment="clear: jti of the access token"),
    Column("version", String(64), primary_key=True, comment="clear: random id"),
    Column("rendition", String(32), primary_key=True, comment="clear: original, page-1, …"),
    Column(
        "lending",
        String(64),
        ForeignKey(lendings.c.id, ondelete="CASCADE"),
        nullable=False,
        index=True,
        comment="clear: random id",
    ),
    Column("entry", String(64), nullable=False, comment="clear: id of the ledger entry"),
    Column("began_at", UtcSeconds, nullable=False),
    Column("joined", Boolean, nullable=False, comment="a second request came: the read counts whatever the first gave"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """What is known about a lending when a token asks for one rendition of it."""

    lending: LendingRow
    person: str
    """Whom the ledger tells; empty when the safe is gone."""
    preview: str
    """State of the page pictures; empty when the version is gone."""
    rendition: RenditionRow | None
    owner_key: OwnerKeyRow | None
    entry: str
    """The ledger entry of this very read, empty when it has not begun."""
    joined: bool
    """Whether that read had a second request before."""


def fetch(tx: Transaction, lending: str, rendition: str, token_id: str) -> Fetch | None:
    """All of it in one query; None when there is no such lending."""
    joined = (
        lendings.outerjoin(owners, owners.c.owner == lendings.c.owner)
        .outerjoin(versions, versions.c.id == lendings.c.version)
        .outerjoin(renditions, and_(renditions.c.version == lendings.c.version, renditions.c.rendition == rendition))
        .outerjoin(owner_keys, owner_keys.c.id == renditions.c.owner_key)
        .outerjoin(
            reads,
            and_(reads.c.version == lendings.c.version, reads.c.rendition == rendition, reads.c.token_id == token_id),
        )
    )
    columns = [
        *_named(lendings, "l"),
        *_named(renditions, "r"),
        *_named(owner_keys, "k"),
        owners.c.person,
        versions.c.preview,
        reads.c.entry,
        reads.c.joined,
    ]
    row = tx.execute(select(*columns).select_from(joined).where(lendings.c.id == lending)).first()
    if row is None:
        return None
    return Fetch(
        lending=LendingRow(**_part(row, lendings, "l")),
        person=row.person or "",
        preview=row.preview or "",
        rendition=RenditionRow(**_part(row, renditions, "r")) if row.r_version else None,
        owner_key=OwnerKeyRow(**_part(row, owner_keys, "k")) if row.k_id else None,
        entry=row.entry or "",
        joined=bool(row.joined),
    )


def _named(table: Table, prefix: str) -> list[Any]:
    return [column.label(f"{prefix}_{column.name}") for column in table.c]


def _part(row: Row[Any], table: Table, prefix: str) -> dict[str, Any]:
    return {column.name: getattr(row, f"{prefix}_{column.name}") for column in table.c}


def begin(
    tx: Transaction, *, token_id: str, version: str, rendition: str, lending: str, entry: str, now: datetime
) -> int:
    """Begin a read; 0 when it had begun already (another request of the same token)."""
    values = {
        "token_id": token_id,
        "version": version,
        "rendition": rendition,
        "lending": lending,
        "entry": entry,
        "began_at": now,
        "joined": False,
    }
    return tx.execute(insert_if_absent(tx, reads, values)).rowcount


def entry_of(tx: Transaction, token_id: str, version: str, rendition: str) -> str | None:
    """The ledger entry of that read."""
    same = (reads.c.token_id == token_id) & (reads.c.version == version) & (reads.c.rendition == rendition)
    return tx.execute(select(reads.c.entry).where(same)).scalar()


def join(tx: Transaction, token_id: str, version: str, rendition: str) -> int:
    """Another request belongs to that read; 1 when the read is there."""
    same = (reads.c.token_id == token_id) & (reads.c.version == version) & (reads.c.rendition == rendition)
    return tx.execute(update(reads).where(same).values(joined=True)).rowcount


def undo(tx: Transaction, entry: str, lending: str) -> int:
    """A read gave nothing: the next request of that token is a new one; 0 when another request joined it."""
    alone = (reads.c.entry == entry) & (reads.c.lending == lending) & reads.c.joined.is_(False)
    return tx.execute(delete(reads).where(alone)).rowcount


def remove_ended(tx: Transaction, now: datetime) -> int:
    """Forget the reads of lendings that are over; how many. The ledger keeps what happened."""
    over = select(lendings.c.id).where(or_(lendings.c.ended_at.is_not(None), lendings.c.until <= now))
    return tx.execute(delete(reads).where(reads.c.lending.in_(over))).rowcount


def last_read(tx: Transaction, ids: Sequence[str]) -> dict[str, datetime]:
    """When each of these lendings was read last, those that were."""
    chosen = select(reads.c.lending, func.max(reads.c.began_at)).where(reads.c.lending.in_(ids))
    return {row[0]: row[1] for row in tx.execute(chosen.group_by(reads.c.lending))}
