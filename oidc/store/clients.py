"""Clients as they are kept: metadata in clear (it is public), secrets as MAC or sealed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Column, LargeBinary, Row, String, Table, Text, bindparam, insert, select, update

from config.database import Transaction, UtcSeconds, metadata
from config.upsert import insert_or_nothing

clients = Table(
    "oidc_clients",
    metadata,
    Column("client_id", String(128), primary_key=True, comment="clear: public name of a service"),
    Column("metadata", Text, nullable=False, comment="clear: JSON of RFC 7591 metadata and contract; no person"),
    Column("secret_key", String(64), comment="clear: id of the MAC key"),
    Column("secret_mac", LargeBinary, comment="HMAC-SHA-256 of the secret"),
    Column("secret_sealed", LargeBinary, comment="the secret under a ring key, for HMAC methods only"),
    Column("registration_token_hash", LargeBinary, comment="SHA-256 of the token of RFC 7592; empty: not by itself"),
    Column("made_at", UtcSeconds, nullable=False),
    Column("removed_at", UtcSeconds),
    Column("chain_until", UtcSeconds, comment="when its chain of trust ends; empty: registered here"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRow:
    """One client. Of `secret_mac` and `secret_sealed` at most one is set; `secret_key` names the key of either."""

    client_id: str
    metadata: str
    secret_key: str | None
    secret_mac: bytes | None = field(repr=False)
    secret_sealed: bytes | None = field(repr=False)
    registration_token_hash: bytes | None = field(repr=False)
    made_at: datetime
    removed_at: datetime | None
    chain_until: datetime | None = None
    """Of a client that a federation vouches for: it doesn't stand from then on."""

    def stands(self, now: datetime) -> bool:
        """Whether it was not removed, and its chain of trust, if it came by one, has not ended."""
        return self.removed_at is None and (self.chain_until is None or now < self.chain_until)


_KNOWN = select(clients).where(clients.c.client_id == bindparam("client"))


def _row(row: Row[tuple[object, ...]]) -> ClientRow:
    return ClientRow(**row._mapping)  # noqa: SLF001 -- SQLAlchemy's documented name


def standing(tx: Transaction) -> list[ClientRow]:
    """Every client that wasn't removed, by id."""
    rows = tx.execute(select(clients).where(clients.c.removed_at.is_(None)).order_by(clients.c.client_id))
    return [_row(row) for row in rows]


def known(tx: Transaction, client_id: str) -> ClientRow | None:
    """A client, removed or not."""
    row = tx.execute(_KNOWN, {"client": client_id}).first()
    return _row(row) if row else None


def standing_one(tx: Transaction, client_id: str) -> ClientRow | None:
    """A client, unless it was removed."""
    row = known(tx, client_id)
    return row if row is not None and row.removed_at is None else None


def add(tx: Transaction, row: ClientRow) -> None:
    """Keep a client of a new id."""
    tx.execute(insert(clients).values(**{name: getattr(row, name) for name in ClientRow.__slots__}))


def add_unless_there(tx: Transaction, row: ClientRow) -> bool:
    """The same; False when another process added that id meanwhile."""
    return insert_or_nothing(tx, clients, {name: getattr(row, name) for name in ClientRow.__slots__})


def replace(tx: Transaction, row: ClientRow) -> int:
    """Replace everything but the date it was made; it stands again if it was removed."""
    changed = {name: getattr(row, name) for name in ClientRow.__slots__ if name not in {"client_id", "made_at"}}
    return tx.execute(update(clients).where(clients.c.client_id == row.client_id).values(**changed)).rowcount


def remove(tx: Transaction, client_id: str, now: datetime) -> int:
    """Mark a standing client as removed. The row stays, so that its id never names another service by accident."""
    statement = update(clients).where(clients.c.client_id == client_id, clients.c.removed_at.is_(None))
    return tx.execute(statement.values(removed_at=now)).rowcount
