"""Requests under way: pushed or opened, bound to a browser, decided, then answered once."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Boolean, Column, LargeBinary, String, Table, Text, delete, insert, select, update

from config.database import Transaction, UtcSeconds, metadata
from oidc.protocols import GrantId, SubjectId
from oidc.store.batches import delete_some

interactions = Table(
    "oidc_interactions",
    metadata,
    Column("handle_hash", LargeBinary(32), primary_key=True),
    Column("client_id", String(128), nullable=False, comment="clear: client id"),
    Column("request", Text, nullable=False, comment="clear: JSON of the accepted request; gone within the hour"),
    Column("pushed", Boolean, nullable=False),
    Column("browser_hash", LargeBinary(32), comment="empty until a pushed or posted request is first opened"),
    Column("made_at", UtcSeconds, nullable=False),
    Column("expires_at", UtcSeconds, nullable=False, index=True),
    Column("sign_in_before", String(64), comment="clear: who was signed in when it began (opaque id)"),
    Column("subject", String(64), comment="clear: opaque id of who decided"),
    Column("grant_id", String(64), comment="clear: the grant made"),
    Column("refused", Boolean, nullable=False),
    Column("done_at", UtcSeconds),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class InteractionRow:
    """One request under way."""

    handle_hash: bytes = field(repr=False)
    client_id: str
    request: str = field(repr=False)
    pushed: bool
    browser_hash: bytes | None = field(repr=False)
    made_at: datetime
    expires_at: datetime
    sign_in_before: str | None
    subject: SubjectId | None = None
    grant_id: GrantId | None = None
    refused: bool = False
    done_at: datetime | None = None


def add(tx: Transaction, row: InteractionRow) -> None:
    """Insert a request."""
    tx.execute(insert(interactions).values({name: getattr(row, name) for name in InteractionRow.__slots__}))


def by_hash(tx: Transaction, handle_hash: bytes, now: datetime) -> InteractionRow | None:
    """The request of that handle, unless it is over."""
    mine = (interactions.c.handle_hash == handle_hash) & (interactions.c.expires_at > now)
    row = tx.execute(select(interactions).where(mine)).mappings().first()
    return InteractionRow(**row) if row else None


def bind(
    tx: Transaction,
    handle_hash: bytes,
    browser_hash: bytes,
    sign_in: str | None,
    expires_at: datetime,
) -> int:
    """Bind a request to the first browser that opens it; 1 when this one was the first."""
    free = (interactions.c.handle_hash == handle_hash) & interactions.c.browser_hash.is_(None)
    bound = update(interactions).where(free)
    values = {"browser_hash": browser_hash, "sign_in_before": sign_in, "expires_at": expires_at}
    return tx.execute(bound.values(**values)).rowcount


def decide(tx: Transaction, handle_hash: bytes, subject: SubjectId, grant: GrantId | None) -> int:
    """Keep the citizen's decision, a grant or (None) a refusal; 1 unless there was one already."""
    open_ = (interactions.c.handle_hash == handle_hash) & interactions.c.grant_id.is_(None)
    undecided = open_ & interactions.c.refused.is_(False) & interactions.c.done_at.is_(None)
    values = {"subject": subject, "grant_id": grant, "refused": grant is None}
    return tx.execute(update(interactions).where(undecided).values(**values)).rowcount


def finish(tx: Transaction, handle_hash: bytes, now: datetime) -> int:
    """Mark it answered; 1 for the one that may answer."""
    open_ = (interactions.c.handle_hash == handle_hash) & interactions.c.done_at.is_(None)
    return tx.execute(update(interactions).where(open_).values(done_at=now)).rowcount


def sweep(tx: Transaction, now: datetime, limit: int) -> int:
    """Remove at most `limit` of what is over; how many."""
    return delete_some(tx, interactions, interactions.c.expires_at <= now, limit)


def forget_subject(tx: Transaction, subject: str) -> int:
    """Delete every request that a subject answered (erasure); how many."""
    return tx.execute(delete(interactions).where(interactions.c.subject == subject)).rowcount
