"""Refresh tokens by the SHA-256 of their value; each has at most one successor, which is derived, not kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Column, LargeBinary, String, Table, delete, insert, select, update

from config.database import Transaction, UtcSeconds, metadata
from oidc.store.authorizations import AuthorizationRow, authorizations, row_of

refresh_tokens = Table(
    "oidc_refresh_tokens",
    metadata,
    Column("token_hash", LargeBinary(32), primary_key=True, comment="SHA-256 of the token"),
    Column("authorization_id", String(64), nullable=False, index=True, comment="clear: opaque id"),
    Column("secret_key", String(64), nullable=False, comment="clear: id of the key that derives the successor"),
    Column("made_at", UtcSeconds, nullable=False),
    Column("expires_at", UtcSeconds, nullable=False, index=True),
    Column("used_at", UtcSeconds),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshTokenRow:
    """One token of a family. `used_at`: when its successor was first given."""

    token_hash: bytes = field(repr=False)
    authorization_id: str
    secret_key: str
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None


_ADD = insert(refresh_tokens)


def add(tx: Transaction, row: RefreshTokenRow) -> None:
    """Keep a new one."""
    tx.execute(_ADD, {name: getattr(row, name) for name in RefreshTokenRow.__slots__})


def use(tx: Transaction, token_hash: bytes, now: datetime) -> bool:
    """Use a token up: one conditional UPDATE whose row count decides."""
    statement = update(refresh_tokens).where(
        refresh_tokens.c.token_hash == token_hash,
        refresh_tokens.c.used_at.is_(None),
        refresh_tokens.c.expires_at > now,
    )
    return tx.execute(statement.values(used_at=now)).rowcount == 1


def find(tx: Transaction, token_hash: bytes) -> tuple[RefreshTokenRow, AuthorizationRow] | None:
    """A token with its family, used, expired and ended ones too."""
    statement = select(refresh_tokens, authorizations).join(
        authorizations, authorizations.c.id == refresh_tokens.c.authorization_id
    )
    row = tx.execute(statement.where(refresh_tokens.c.token_hash == token_hash)).first()
    if row is None:
        return None
    values = row._mapping  # noqa: SLF001 -- SQLAlchemy's documented name
    token = RefreshTokenRow(**{name: values[refresh_tokens.c[name]] for name in RefreshTokenRow.__slots__})
    return token, row_of({column.name: values[column] for column in authorizations.c})


def used_at(tx: Transaction, token_hash: bytes) -> datetime | None:
    """When a token was used up, if it was."""
    return tx.execute(select(refresh_tokens.c.used_at).where(refresh_tokens.c.token_hash == token_hash)).scalar()


def is_unused(tx: Transaction, token_hash: bytes) -> bool:
    """Whether that token is known and was never used."""
    where = (refresh_tokens.c.token_hash == token_hash, refresh_tokens.c.used_at.is_(None))
    return tx.execute(select(refresh_tokens.c.token_hash).where(*where)).first() is not None


def forget(tx: Transaction, before: datetime) -> int:
    """Delete tokens that expired before that time, and those whose family is gone."""
    gone = refresh_tokens.c.authorization_id.not_in(select(authorizations.c.id))
    return tx.execute(delete(refresh_tokens).where((refresh_tokens.c.expires_at < before) | gone)).rowcount
