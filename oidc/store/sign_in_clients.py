"""Which clients a sign-in was told to: one random `sid` for (sign-in, client)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, String, Table, bindparam, delete, select

from config.database import Transaction, UtcSeconds, metadata
from config.upsert import insert_or_nothing
from oidc.store.batches import delete_some

sign_in_clients = Table(
    "oidc_sign_in_clients",
    metadata,
    Column("sign_in", String(64), primary_key=True, comment="clear: opaque id"),
    Column("client_id", String(128), primary_key=True, comment="clear: public name of a service"),
    Column("sid", String(64), nullable=False, unique=True, comment="clear: random"),
    Column("subject", String(64), nullable=False, index=True, comment="clear: opaque id"),
    Column("made_at", UtcSeconds, nullable=False, index=True),
)


@dataclass(frozen=True, slots=True)
class Visit:
    """A client that a sign-in was told to, and what the sign-in is called there."""

    client_id: str
    sid: str
    subject: str


_FIND = select(sign_in_clients.c.sid).where(
    sign_in_clients.c.sign_in == bindparam("sign_in"),
    sign_in_clients.c.client_id == bindparam("client"),
)


def find(tx: Transaction, sign_in: str, client_id: str) -> str | None:
    """The sid of that pair, if there is one yet."""
    return tx.execute(_FIND, {"sign_in": sign_in, "client": client_id}).scalar()


def add(tx: Transaction, *, sign_in: str, client_id: str, sid: str, subject: str, now: datetime) -> bool:
    """Keep a new one; False when there is one."""
    values = {"sign_in": sign_in, "client_id": client_id, "sid": sid, "subject": subject, "made_at": now}
    return insert_or_nothing(tx, sign_in_clients, values)


def sign_in_of(tx: Transaction, client_id: str, sid: str) -> tuple[str, str] | None:
    """(sign-in, subject) behind a sid that this client was told."""
    where = (sign_in_clients.c.client_id == client_id, sign_in_clients.c.sid == sid)
    row = tx.execute(select(sign_in_clients.c.sign_in, sign_in_clients.c.subject).where(*where)).first()
    return (row.sign_in, row.subject) if row else None


def visited(tx: Transaction, sign_in: str) -> Sequence[Visit]:
    """Every client that a sign-in was told to, by id."""
    columns = (sign_in_clients.c.client_id, sign_in_clients.c.sid, sign_in_clients.c.subject)
    wanted = select(*columns).where(sign_in_clients.c.sign_in == sign_in).order_by(sign_in_clients.c.client_id)
    return [Visit(row.client_id, row.sid, row.subject) for row in tx.execute(wanted)]


def forget(tx: Transaction, before: datetime, limit: int) -> int:
    """Delete at most `limit` of pairs made before that time."""
    return delete_some(tx, sign_in_clients, sign_in_clients.c.made_at < before, limit)


def forget_subject(tx: Transaction, subject: str) -> int:
    """Delete every pair of a person (erasure)."""
    return tx.execute(delete(sign_in_clients).where(sign_in_clients.c.subject == subject)).rowcount
