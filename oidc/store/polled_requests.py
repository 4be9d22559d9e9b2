"""Requests whose client asks again and again for the answer, while the person answers elsewhere (RFC 8628, CIBA).

Of what the client holds (device_code, auth_req_id) only the SHA-256 is kept, of the code that the person types a MAC.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    delete,
    or_,
    select,
    update,
)

from config.database import Transaction, UtcSeconds, metadata
from config.upsert import insert_or_nothing
from oidc.store.batches import delete_some

polled_requests = Table(
    "oidc_polled_requests",
    metadata,
    Column("id", String(64), primary_key=True, comment="clear: random id"),
    Column("kind", String(8), nullable=False, comment="clear: device or ciba"),
    Column("secret_hash", LargeBinary(32), nullable=False, unique=True, comment="SHA-256 of what the client holds"),
    Column("user_code_mac", LargeBinary(32), unique=True, comment="MAC of what the person types"),
    Column("sealed", LargeBinary, comment="what a ping sends and the binding message, by a key of the provider"),
    Column("sealed_by", String(64), comment="clear: id of that key"),
    Column("client_id", String(128), nullable=False, comment="clear: client id"),
    Column("request", Text, nullable=False, comment="clear: JSON of the accepted request; gone within the day"),
    Column("subject", String(64), index=True, comment="clear: opaque id of who is asked, or who answered"),
    Column("browser_hash", LargeBinary(32), comment="the browser at which the code was typed"),
    Column("made_at", UtcSeconds, nullable=False),
    Column("expires_at", UtcSeconds, nullable=False, index=True),
    Column("interval_seconds", Integer, nullable=False),
    Column("polled_at", UtcSeconds),
    Column("answered_at", UtcSeconds),
    Column("refused", Boolean, nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolledRequestRow:
    """One request. `interval_seconds`: between two polls; it grows when the client doesn't keep to it."""

    id: str
    kind: str
    secret_hash: bytes = field(repr=False)
    user_code_mac: bytes | None = field(default=None, repr=False)
    sealed: bytes | None = field(default=None, repr=False)
    sealed_by: str | None = None
    client_id: str
    request: str = field(repr=False)
    subject: str | None = None
    browser_hash: bytes | None = field(default=None, repr=False)
    made_at: datetime
    expires_at: datetime
    interval_seconds: int
    polled_at: datetime | None = None
    answered_at: datetime | None = None
    refused: bool = False

    @property
    def code_hash(self) -> bytes:
        """What the authorization that answers it has for the hash of a code.

        Nothing that a form can hold hashes to it, because no form's value may hold a NUL: at the authorization code
        grant neither device_code nor auth_req_id is a code.
        """
        return hashlib.sha256(b"\0polled\0" + self.secret_hash).digest()


_COLUMNS = polled_requests.c


def add(tx: Transaction, row: PolledRequestRow) -> bool:
    """Keep a new one; False when its user code is another's already."""
    values = {name: getattr(row, name) for name in PolledRequestRow.__slots__}
    return insert_or_nothing(tx, polled_requests, values)


def get(tx: Transaction, request: str) -> PolledRequestRow | None:
    """One by its id, answered, over or neither."""
    return _one(tx, _COLUMNS.id == request)


def of_client(tx: Transaction, kind: str, secret_hash: bytes, client_id: str) -> PolledRequestRow | None:
    """The one whose secret this client shows, answered, over or neither."""
    mine = (_COLUMNS.secret_hash == secret_hash) & (_COLUMNS.client_id == client_id)
    return _one(tx, mine & (_COLUMNS.kind == kind))


def by_user_code(tx: Transaction, user_code_mac: bytes, now: datetime) -> PolledRequestRow | None:
    """The one that still waits for the person who types this code."""
    return _one(tx, (_COLUMNS.user_code_mac == user_code_mac) & _waits(now))


def open_at(tx: Transaction, request: str, browser_hash: bytes, now: datetime) -> int:
    """Bind it to the first browser at which its code is typed; 1 there, also when typed again, 0 at any other."""
    free = or_(_COLUMNS.browser_hash.is_(None), _COLUMNS.browser_hash == browser_hash)
    mine = (_COLUMNS.id == request) & _waits(now) & free
    return tx.execute(update(polled_requests).where(mine).values(browser_hash=browser_hash)).rowcount


def answer(tx: Transaction, request: str, subject: str, now: datetime, *, refused: bool) -> int:
    """Keep the person's answer; 1 unless there was one, it came too late, or somebody else was asked."""
    asked = or_(_COLUMNS.subject.is_(None), _COLUMNS.subject == subject)
    mine = (_COLUMNS.id == request) & _waits(now) & asked
    values = {"answered_at": now, "refused": refused, "subject": subject}
    return tx.execute(update(polled_requests).where(mine).values(**values)).rowcount


def count_poll(tx: Transaction, request: str, now: datetime, slower: timedelta) -> int:
    """Remember when the client asked last; slower: what is added to its interval."""
    interval = _COLUMNS.interval_seconds + int(slower.total_seconds())
    mine = update(polled_requests).where(_COLUMNS.id == request)
    return tx.execute(mine.values(polled_at=now, interval_seconds=interval)).rowcount


def forget(tx: Transaction, before: datetime, limit: int) -> int:
    """Delete at most `limit` of those that expired before that time; how many."""
    return delete_some(tx, polled_requests, _COLUMNS.expires_at < before, limit)


def forget_subject(tx: Transaction, subject: str) -> int:
    """Delete what a subject was asked or answered (erasure); how many."""
    return tx.execute(delete(polled_requests).where(_COLUMNS.subject == subject)).rowcount


def _waits(now: datetime) -> ColumnElement[bool]:
    return _COLUMNS.answered_at.is_(None) & (_COLUMNS.expires_at > now)


def _one(tx: Transaction, where: ColumnElement[bool]) -> PolledRequestRow | None:
    row = tx.execute(select(polled_requests).where(where)).mappings().first()
    return PolledRequestRow(**row) if row else None
