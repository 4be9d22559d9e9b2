"""Authorization codes: columns of their authorization, looked up by the SHA-256 of the code."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, func, select, update

from config.database import Transaction
from oidc.store.authorizations import AuthorizationRow, authorizations, row_of

_OF_CLIENT = (
    authorizations.c.code_hash == bindparam("presented"),
    authorizations.c.client_id == bindparam("client"),
)
_REDEEM = (
    update(authorizations)
    .where(
        *_OF_CLIENT,
        authorizations.c.redeemed_at.is_(None),
        authorizations.c.code_expires_at > bindparam("now"),
        authorizations.c.ended_at.is_(None),
    )
    .values(
        redeemed_at=bindparam("now"),
        ends_at=func.coalesce(authorizations.c.refreshes_until, authorizations.c.ends_at),
    )
    .returning(*authorizations.c)
)
_REDEEMED = select(authorizations).where(*_OF_CLIENT, authorizations.c.redeemed_at.is_not(None))


def redeem(tx: Transaction, code_hash: bytes, client_id: str, now: datetime) -> AuthorizationRow | None:
    """Use a code up: one conditional UPDATE whose row is the proof. None when it can't be (any more)."""
    row = tx.execute(_REDEEM, {"presented": code_hash, "client": client_id, "now": now}).first()
    return row_of(row) if row else None


def redeemed(tx: Transaction, code_hash: bytes, client_id: str) -> AuthorizationRow | None:
    """The authorization of a code that this client used up before."""
    row = tx.execute(_REDEEMED, {"presented": code_hash, "client": client_id}).first()
    return row_of(row) if row else None
