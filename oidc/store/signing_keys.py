"""Signing keys: the public half in clear, the private half wrapped by the ring "provider" until it retires."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Column, Index, LargeBinary, Row, String, Table, Text, insert, select, text, update

from config.database import Transaction, UtcSeconds, metadata

NEXT = "next"
ACTIVE = "active"
RETIRED = "retired"

signing_keys = Table(
    "oidc_signing_keys",
    metadata,
    Column("kid", String(64), primary_key=True, comment="clear: published"),
    Column("alg", String(16), nullable=False, comment="clear: ES256 or RS256"),
    Column("state", String(8), nullable=False, comment="clear: next, active, retired"),
    Column("public_jwk", Text, nullable=False, comment="clear: published"),
    Column("wrapped", LargeBinary, comment="PKCS#8 under the ring; NULL once retired"),
    Column("made_at", UtcSeconds, nullable=False),
    Column("retired_at", UtcSeconds),
    Index(
        "uq_oidc_signing_keys_one_of_each",
        "alg",
        "state",
        unique=True,
        sqlite_where=text("state <> 'retired'"),
        postgresql_where=text("state <> 'retired'"),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKeyRow:
    """One key in one of its three states."""

    kid: str
    alg: str
    state: str
    public_jwk: str
    wrapped: bytes | None = field(repr=False)
    made_at: datetime
    retired_at: datetime | None


def _row(row: Row[tuple[object, ...]]) -> SigningKeyRow:
    return SigningKeyRow(**row._mapping)  # noqa: SLF001 -- SQLAlchemy's documented name


def every(tx: Transaction) -> list[SigningKeyRow]:
    """All of them, oldest first."""
    return [_row(row) for row in tx.execute(select(signing_keys).order_by(signing_keys.c.made_at, signing_keys.c.kid))]


def add(tx: Transaction, row: SigningKeyRow) -> None:
    """Keep a new one."""
    tx.execute(insert(signing_keys).values(**{name: getattr(row, name) for name in SigningKeyRow.__slots__}))


def retire(tx: Transaction, alg: str, now: datetime) -> int:
    """Active becomes retired; its private half is gone."""
    statement = update(signing_keys).where(signing_keys.c.alg == alg, signing_keys.c.state == ACTIVE)
    return tx.execute(statement.values(state=RETIRED, retired_at=now, wrapped=None)).rowcount


def activate(tx: Transaction, kid: str) -> int:
    """Next becomes active."""
    statement = update(signing_keys).where(signing_keys.c.kid == kid, signing_keys.c.state == NEXT)
    return tx.execute(statement.values(state=ACTIVE)).rowcount


def rewrap(tx: Transaction, kid: str, before: bytes, after: bytes) -> int:
    """Put another wrap of the same key in place, unless it changed meanwhile."""
    statement = update(signing_keys).where(signing_keys.c.kid == kid, signing_keys.c.wrapped == before)
    return tx.execute(statement.values(wrapped=after)).rowcount
