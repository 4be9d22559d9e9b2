"""Authorization codes: columns of their authorization, looked up by the SHA-256 of the code."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from config.database import Transaction
from oidc.store.authorizations import AuthorizationRow, authorizations, row_of


def redeem(tx: Transaction, code_hash: bytes, client_id: str, now: datetime) -> AuthorizationRow | None:
    """Use a code up: one conditional UPDATE whose row is the proof. None when it can't be (any more)."""
    statement = (
        update(authorizations)
        .where(
            authorizations.c.code_hash == code_hash,
            authorizations.c.client_id == client_id,
            authorizations.c.redeemed_at.is_(None),
            authorizations.c.code_expires_at > now,
            authorizations.c.ended_at.is_(None),
        )
        .values(redeemed_at=now)
        .returning(*authorizations.c)
    )
    row = tx.execute(statement).first()
    return row_of(row) if row else None


def redeemed(tx: Transaction, code_hash: bytes, client_id: str) -> AuthorizationRow | None:
    """The authorization of a code that this client used up before."""
    where = (
        authorizations.c.code_hash == code_hash,
        authorizations.c.client_id == client_id,
        authorizations.c.redeemed_at.is_not(None),
    )
    row = tx.execute(select(authorizations).where(*where)).first()
    return row_of(row) if row else None
