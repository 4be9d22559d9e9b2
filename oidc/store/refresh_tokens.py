"""Refresh tokens by the SHA-256 of their value; each has at most one successor, which is derived, not kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Column, LargeBinary, String, Table, bindparam, delete, insert, select, update

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


_NAMES = tuple(RefreshTokenRow.__slots__)
_PRESENTED = refresh_tokens.c.token_hash == bindparam("presented")
_ADD = insert(refresh_tokens)
_USE = (
    update(refresh_tokens)
    .where(_PRESENTED, refresh_tokens.c.used_at.is_(None), refresh_tokens.c.expires_at > bindparam("now"))
    .values(used_at=bindparam("now"))
)
_FIND = (
    select(refresh_tokens, *authorizations.c)
    .join(authorizations, authorizations.c.id == refresh_tokens.c.authorization_id)
    .where(_PRESENTED)
)
_USED_AT = select(refresh_tokens.c.used_at).where(_PRESENTED)
_UNUSED = select(refresh_tokens.c.token_hash).where(_PRESENTED, refresh_tokens.c.used_at.is_(None))


def add(tx: Transaction, row: RefreshTokenRow) -> None:
    """Keep a new one."""
    tx.execute(_ADD, {name: getattr(row, name) for name in _NAMES})


def use(tx: Transaction, token_hash: bytes, now: datetime) -> bool:
    """Use a token up: one conditional UPDATE whose row count decides."""
    return tx.execute(_USE, {"presented": token_hash, "now": now}).rowcount == 1


def find(tx: Transaction, token_hash: bytes) -> tuple[RefreshTokenRow, AuthorizationRow] | None:
    """A token with its family, used, expired and ended ones too."""
    row = tx.execute(_FIND, {"presented": token_hash}).first()
    if row is None:
        return None
    return RefreshTokenRow(**dict(zip(_NAMES, row, strict=False))), row_of(row[len(_NAMES) :])


def used_at(tx: Transaction, token_hash: bytes) -> datetime | None:
    """When a token was used up, if it was."""
    return tx.execute(_USED_AT, {"presented": token_hash}).scalar()


def is_unused(tx: Transaction, token_hash: bytes) -> bool:
    """Whether that token is known and was never used."""
    return tx.execute(_UNUSED, {"presented": token_hash}).first() is not None


def forget(tx: Transaction, before: datetime) -> int:
    """Delete tokens that expired before that time, and those whose family is gone."""
    gone = refresh_tokens.c.authorization_id.not_in(select(authorizations.c.id))
    return tx.execute(delete(refresh_tokens).where((refresh_tokens.c.expires_at < before) | gone)).rowcount
