"""Authorizations: one code and the family of tokens that it gave.

The row holds what the tokens say, copied from the request and the grant when the code is made: both never change, and
whoever ends a grant ends its authorizations in the same transaction. So a token needs this row and no other.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
    bindparam,
    case,
    delete,
    insert,
    or_,
    select,
    update,
)

from config.database import Transaction, UtcSeconds, metadata

authorizations = Table(
    "oidc_authorizations",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("client_id", String(128), nullable=False, comment="clear: public name of a service"),
    Column("subject", String(64), nullable=False, comment="clear: opaque id"),
    Column("sub", String(64), nullable=False, comment="clear: pairwise, random"),
    Column("grant_id", String(64), nullable=False, comment="clear: opaque id"),
    Column("sign_in", String(64), nullable=False, comment="clear: opaque id"),
    Column("sid", String(64), nullable=False, comment="clear: random, one for (sign-in, client)"),
    Column("scope", Text, nullable=False, comment="clear: JSON list of scope names"),
    Column("audience", Text, nullable=False, comment="clear: JSON list of our own resources"),
    Column("lendings", Text, nullable=False, comment="clear: JSON list of opaque ids"),
    Column("userinfo_claims", Text, nullable=False, comment="clear: JSON list of claim names, no values"),
    Column("id_token_claims", Text, nullable=False, comment="clear: JSON list of claim names, no values"),
    Column("nonce", Text, comment="clear: the client's, random"),
    Column("auth_time", UtcSeconds, nullable=False),
    Column("amr", Text, nullable=False, comment="clear: JSON list of method names"),
    Column("acr", String(64), nullable=False, comment="clear: a level's name"),
    Column("jkt", String(64), comment="clear: SHA-256 of the client's DPoP key"),
    Column("x5t_s256", String(64), comment="clear: SHA-256 of the client's certificate"),
    Column("code_hash", LargeBinary(32), nullable=False, unique=True, comment="SHA-256 of the code"),
    Column("redirect_uri", Text, nullable=False, comment="clear: registered by the client"),
    Column("code_challenge", String(128), comment="clear: SHA-256 of the verifier"),
    Column("code_expires_at", UtcSeconds, nullable=False),
    Column("redeemed_at", UtcSeconds),
    Column("refreshes_until", UtcSeconds, comment="empty: it has no refresh tokens"),
    Column("tells_grant", Boolean, nullable=False),
    Column("outlives_sign_in", Boolean, nullable=False),
    Column("made_at", UtcSeconds, nullable=False),
    Column("ends_at", UtcSeconds, nullable=False, index=True),
    Column("ended_at", UtcSeconds),
    Column("ended_reason", String(32), comment="clear: a code"),
    Index(None, "grant_id"),
    Index(None, "sign_in"),
    Index(None, "subject"),
    Index(None, "client_id"),
)

KEPT = timedelta(days=30)
"""How long what has ended stays, so that a client that comes late hears why (docs/decisions/1701)."""
TAKEN_BACK = "person"
"""The `ended_reason` of families whose grant the person took back."""
RETURNED = "returned"
"""The `ended_reason` of families whose grant their client gave back."""

_LISTS = ("scope", "audience", "lendings", "userinfo_claims", "id_token_claims", "amr")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRow:
    """One family. `ends_at` is when its last possible token has expired; `refreshes`: whether it has refresh tokens.

    `tells_grant`: whether its client gets to know `grant_id`.
    """

    id: str
    client_id: str
    subject: str
    sub: str
    grant_id: str
    sign_in: str
    sid: str
    scope: tuple[str, ...]
    audience: tuple[str, ...]
    lendings: tuple[str, ...]
    userinfo_claims: tuple[str, ...]
    id_token_claims: tuple[str, ...]
    nonce: str | None
    auth_time: datetime
    amr: tuple[str, ...]
    acr: str
    jkt: str | None
    x5t_s256: str | None
    code_hash: bytes = field(repr=False)
    redirect_uri: str
    code_challenge: str | None
    code_expires_at: datetime
    redeemed_at: datetime | None
    refreshes_until: datetime | None
    tells_grant: bool
    outlives_sign_in: bool
    made_at: datetime
    ends_at: datetime
    ended_at: datetime | None
    ended_reason: str | None

    @property
    def refreshes(self) -> bool:
        """Whether it has refresh tokens."""
        return self.refreshes_until is not None


def sooner(column: Column[Any]) -> ColumnElement[Any]:
    """The earlier of the column's time and the parameter `kept_until`."""
    until = bindparam("kept_until", type_=UtcSeconds())
    return case((column > until, until), else_=column)


_NAMES = tuple(f.name for f in fields(AuthorizationRow))
_COLUMNS = tuple(authorizations.c.keys())
_ADD = insert(authorizations)
_THIS = authorizations.c.id == bindparam("authorization")
_GET = select(authorizations).where(_THIS)
_BIND = update(authorizations).where(_THIS).values(jkt=bindparam("key"), x5t_s256=bindparam("certificate"))
_END = (
    update(authorizations)
    .where(_THIS, authorizations.c.ended_at.is_(None))
    .values(ended_at=bindparam("now"), ended_reason=bindparam("reason"), ends_at=sooner(authorizations.c.ends_at))
)


def row_of(row: Sequence[Any]) -> AuthorizationRow:
    """The row of a result that has all of the table's columns, in its order."""
    values = dict(zip(_COLUMNS, row, strict=True))
    for name in _LISTS:
        values[name] = _list(values[name])
    return AuthorizationRow(**values)


@lru_cache(maxsize=1_024)
def _list(text: str) -> tuple[str, ...]:
    """A list as it is kept. Most rows of a client have the same ones."""
    return tuple(json.loads(text))


def add(tx: Transaction, row: AuthorizationRow) -> None:
    """Keep a new one."""
    values = {name: getattr(row, name) for name in _NAMES}
    values |= {name: json.dumps(values[name]) for name in _LISTS}
    tx.execute(_ADD, values)


def get(tx: Transaction, authorization: str) -> AuthorizationRow | None:
    """One by its id, ended or not."""
    row = tx.execute(_GET, {"authorization": authorization}).first()
    return row_of(row) if row else None


def bind(tx: Transaction, authorization: str, *, jkt: str | None, x5t_s256: str | None) -> None:
    """Bind the family to what came with its code: the key of a proof, a certificate, or both; None for neither."""
    tx.execute(_BIND, {"authorization": authorization, "key": jkt, "certificate": x5t_s256})


def end(tx: Transaction, authorization: str, reason: str, now: datetime) -> int:
    """End one family; 0 when it had ended."""
    values = {"authorization": authorization, "reason": reason, "now": now, "kept_until": now + KEPT}
    return tx.execute(_END, values).rowcount


def end_those(tx: Transaction, column: str, value: str, reason: str, now: datetime) -> Sequence[AuthorizationRow]:
    """End every family of a grant_id, subject or client_id (column); those that this ended."""
    where = authorizations.c[column] == value
    return _end_all(tx, where, reason, now)


def end_of_sign_in(tx: Transaction, sign_in: str, reason: str, now: datetime) -> Sequence[AuthorizationRow]:
    """End the families of a sign-in that don't outlive it; those that this ended."""
    where = (authorizations.c.sign_in == sign_in) & authorizations.c.outlives_sign_in.is_(False)
    return _end_all(tx, where, reason, now)


def over(tx: Transaction, before: datetime, limit: int) -> Sequence[str]:
    """At most `limit` families whose last token expired before that time."""
    wanted = select(authorizations.c.id).where(authorizations.c.ends_at < before).limit(limit)
    return tx.execute(wanted).scalars().all()


def forget(tx: Transaction, ids: Sequence[str]) -> int:
    """Delete families; their refresh tokens go first (`refresh_tokens.forget_families`)."""
    return tx.execute(delete(authorizations).where(authorizations.c.id.in_(ids))).rowcount


def forget_subject(tx: Transaction, subject: str) -> int:
    """Delete every family of a subject (erasure)."""
    return tx.execute(delete(authorizations).where(authorizations.c.subject == subject)).rowcount


def _stands() -> Any:
    return authorizations.c.ended_at.is_(None)


def _end_all(tx: Transaction, where: Any, reason: str, now: datetime) -> Sequence[AuthorizationRow]:
    alive = or_(authorizations.c.redeemed_at.is_not(None), authorizations.c.code_expires_at > now)
    ended = {"ended_at": now, "ended_reason": reason, "ends_at": sooner(authorizations.c.ends_at)}
    statement = update(authorizations).where(where, _stands(), alive).values(**ended).returning(*authorizations.c)
    return [row_of(row) for row in tx.execute(statement, {"kept_until": now + KEPT})]
