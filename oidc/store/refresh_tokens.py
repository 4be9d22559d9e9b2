"""Refresh tokens by the SHA-256 of their value; each has at most one successor, which is derived, not kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Column, LargeBinary, String, Table, bindparam, delete, insert, select, update

from config.database import Transaction, UtcSeconds, metadata
from oidc.store.authorizations import KEPT, AuthorizationRow, authorizations, row_of, sooner
from oidc.store.batches import delete_some

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
    .values(used_at=bindparam("now"), expires_at=sooner(refresh_tokens.c.expires_at))
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
    """Use a token up: one conditional UPDATE whose row count decides. It is known for 30 days more."""
    return tx.execute(_USE, {"presented": token_hash, "now": now, "kept_until": now + KEPT}).rowcount == 1


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


def forget(tx: Transaction, before: datetime, limit: int) -> int:
    """Delete at most `limit` tokens that expired before that time, or were used 30 days before it."""
    return delete_some(tx, refresh_tokens, refresh_tokens.c.expires_at < before, limit)


def forget_families(tx: Transaction, ids: Sequence[str]) -> int:
    """Delete the tokens of these families."""
    return tx.execute(delete(refresh_tokens).where(refresh_tokens.c.authorization_id.in_(ids))).rowcount


def forget_subject(tx: Transaction, subject: str) -> int:
    """Delete every token of a subject (erasure), before the families by which they are found."""
    families = select(authorizations.c.id).where(authorizations.c.subject == subject)
    return tx.execute(delete(refresh_tokens).where(refresh_tokens.c.authorization_id.in_(families))).rowcount
