"""Access tokens revoked one by one (RFC 7009), by `jti`, until they would have expired anyway."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, String, Table, bindparam, select

from config.database import Transaction, UtcSeconds, metadata
from config.upsert import insert_or_nothing
from oidc.store.authorizations import AuthorizationRow, authorizations, row_of
from oidc.store.batches import delete_some
from oidc.store.clients import clients

revoked_tokens = Table(
    "oidc_revoked_tokens",
    metadata,
    Column("jti", String(64), primary_key=True),
    Column("expires_at", UtcSeconds, nullable=False, index=True),
)


_OF_STANDING = (
    authorizations.c.id == bindparam("authorization"),
    authorizations.c.ended_at.is_(None),
    ~select(revoked_tokens.c.jti).where(revoked_tokens.c.jti.in_([bindparam("token"), bindparam("origin")])).exists(),
    ~select(clients.c.client_id)
    .where(clients.c.client_id == bindparam("holder"), clients.c.removed_at.is_not(None))
    .exists(),
)
_STANDING = select(authorizations).where(*_OF_STANDING)
_STANDS = select(authorizations.c.id).where(*_OF_STANDING)
_REVOKED = select(revoked_tokens.c.jti).where(revoked_tokens.c.jti == bindparam("token"))


def revoke(tx: Transaction, jti: str, expires_at: datetime) -> None:
    """Revoke one; again changes nothing."""
    insert_or_nothing(tx, revoked_tokens, {"jti": jti, "expires_at": expires_at})


def is_revoked(tx: Transaction, jti: str) -> bool:
    """Whether that one was revoked."""
    return tx.execute(_REVOKED, {"token": jti}).first() is not None


def standing_family(
    tx: Transaction, authorization: str, jti: str, *, holder: str, origin: str = ""
) -> AuthorizationRow | None:
    """The family of a token if it stands and neither the token nor the one it was exchanged for (origin) is revoked.

    holder: the client that has the token, which for an exchanged one isn't the family's; it wasn't removed. One query.
    """
    values = {"authorization": authorization, "token": jti, "origin": origin, "holder": holder}
    row = tx.execute(_STANDING, values).first()
    return row_of(row) if row else None


def stands(tx: Transaction, authorization: str, jti: str, *, holder: str, origin: str = "") -> bool:
    """Whether `standing_family` would find one: no row is read."""
    asked = {"authorization": authorization, "token": jti, "origin": origin, "holder": holder}
    return tx.execute(_STANDS, asked).first() is not None


def forget(tx: Transaction, before: datetime, limit: int) -> int:
    """Delete at most `limit` of those that expired before that time."""
    return delete_some(tx, revoked_tokens, revoked_tokens.c.expires_at < before, limit)
