"""Rows of reads: one (token, version, rendition) each; and the one query that a fetch begins with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate, pairwise
from typing import Any

from sqlalchemy import (
    BindParameter,
    Boolean,
    Column,
    ForeignKey,
    Select,
    String,
    Table,
    bindparam,
    delete,
    func,
    or_,
    select,
    update,
)

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
    row = tx.execute(_FETCH, {"lending": lending, "rendition": rendition, "token_id": token_id}).first()
    if row is None:
        return None
    lent, stored, key, rest = (row[start:end] for start, end in _PARTS)
    person, preview, entry, joined = rest
    return Fetch(
        lending=LendingRow(**dict(zip(_LENDING, lent, strict=True))),
        person=person or "",
        preview=preview or "",
        rendition=RenditionRow(**dict(zip(_RENDITION, stored, strict=True))) if stored[0] else None,
        owner_key=OwnerKeyRow(**dict(zip(_OWNER_KEY, key, strict=True))) if key[0] else None,
        entry=entry or "",
        joined=bool(joined),
    )


def _statement() -> Select[Any]:
    rendition: BindParameter[str] = bindparam("rendition")
    token_id: BindParameter[str] = bindparam("token_id")
    this_rendition = (renditions.c.version == lendings.c.version) & (renditions.c.rendition == rendition)
    this_read = (reads.c.version == lendings.c.version) & (reads.c.rendition == rendition)
    joined = (
        lendings.outerjoin(owners, owners.c.owner == lendings.c.owner)
        .outerjoin(versions, versions.c.id == lendings.c.version)
        .outerjoin(renditions, this_rendition)
        .outerjoin(owner_keys, owner_keys.c.id == renditions.c.owner_key)
        .outerjoin(reads, this_read & (reads.c.token_id == token_id))
    )
    rest = (owners.c.person, versions.c.preview, reads.c.entry, reads.c.joined)
    chosen = select(*lendings.c, *renditions.c, *owner_keys.c, *rest).select_from(joined)
    return chosen.where(lendings.c.id == bindparam("lending"))


_LENDING = [column.name for column in lendings.c]
_RENDITION = [column.name for column in renditions.c]
_OWNER_KEY = [column.name for column in owner_keys.c]
_ENDS = list(accumulate((len(_LENDING), len(_RENDITION), len(_OWNER_KEY), 4)))
_PARTS = list(pairwise([0, *_ENDS]))
_FETCH = _statement()  # built once: putting fifty columns together costs more than asking for them


def begin(
    tx: Transaction, *, token_id: str, version: str, rendition: str, lending: str, entry: str, now: datetime
) -> bool:
    """Begin a read; False when it had begun already (another request of the same token)."""
    values = {
        "token_id": token_id,
        "version": version,
        "rendition": rendition,
        "lending": lending,
        "entry": entry,
        "began_at": now,
        "joined": False,
    }
    return insert_if_absent(tx, reads, values)


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
