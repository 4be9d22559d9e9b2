"""Grants: what citizens decided. Ended only by the citizen, the client, the end date or the operator."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, RowMapping, String, Table, Text, bindparam, delete, insert, select, update

from config.database import Transaction, UtcSeconds, metadata
from oidc.protocols import GrantId, SubjectId

grants = Table(
    "oidc_grants",
    metadata,
    Column("id", String(64), primary_key=True, comment="clear: random id"),
    Column("subject", String(64), nullable=False, comment="clear: opaque id"),
    Column("client_id", String(128), nullable=False, comment="clear: client id"),
    Column("scope", Text, nullable=False, comment="clear: scope names"),
    Column("claims", Text, nullable=False, comment="clear: JSON of claim names for userinfo and ID token"),
    Column("details", Text, nullable=False, comment="clear: JSON of authorization_details, codes only"),
    Column("lendings", Text, nullable=False, comment="clear: JSON of opaque lending ids"),
    Column("entry", String(64), nullable=False, comment="clear: id of the ledger entry that tells of it"),
    Column("made_at", UtcSeconds, nullable=False),
    Column("until", UtcSeconds, comment="empty: until it is taken back"),
    Column("ended_at", UtcSeconds),
    Column("ended_reason", String(32), comment="clear: person, returned, operator, closed"),
    Index(None, "subject", "client_id"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRow:
    """One decision of a citizen about one client."""

    id: GrantId
    subject: SubjectId
    client_id: str
    scope: tuple[str, ...]
    userinfo_claims: tuple[str, ...]
    id_token_claims: tuple[str, ...]
    details: tuple[Mapping[str, Any], ...]
    lendings: tuple[str, ...]
    entry: str
    """Of the ledger: it tells of the decision."""
    made_at: datetime
    until: datetime | None
    ended_at: datetime | None = None
    ended_reason: str | None = None

    def stands(self, now: datetime) -> bool:
        """Whether it is in force."""
        return self.ended_at is None and (self.until is None or self.until > now)


_ADD = insert(grants)
_BY_ID = select(grants).where(grants.c.id == bindparam("grant"))
_NOT_ENDED = (
    select(grants)
    .where(
        grants.c.subject == bindparam("subject"),
        grants.c.client_id == bindparam("client"),
        grants.c.ended_at.is_(None),
    )
    .order_by(grants.c.made_at.desc())
)


def add(tx: Transaction, row: GrantRow) -> None:
    """Insert a grant."""
    tx.execute(
        insert(grants).values(
            id=row.id,
            subject=row.subject,
            client_id=row.client_id,
            scope=" ".join(row.scope),
            claims=json.dumps([row.userinfo_claims, row.id_token_claims]),
            details=json.dumps(row.details),
            lendings=json.dumps(row.lendings),
            entry=row.entry,
            made_at=row.made_at,
            until=row.until,
        ),
    )


def by_id(tx: Transaction, grant: GrantId) -> GrantRow | None:
    """The grant of that id."""
    row = tx.execute(_BY_ID, {"grant": grant}).mappings().first()
    return _row(row) if row else None


def standing(tx: Transaction, subject: SubjectId, client_id: str, now: datetime) -> list[GrantRow]:
    """The grants of a person for a client that are in force, newest first."""
    rows = tx.execute(_NOT_ENDED, {"subject": subject, "client": client_id}).mappings()
    return [row for row in map(_row, rows) if row.stands(now)]


def of_subject(tx: Transaction, subject: SubjectId) -> list[GrantRow]:
    """All grants of a person, newest first, the ended ones too."""
    rows = tx.execute(select(grants).where(grants.c.subject == subject).order_by(grants.c.made_at.desc())).mappings()
    return [_row(row) for row in rows]


def end(tx: Transaction, ids: Sequence[GrantId], reason: str, now: datetime) -> int:
    """End grants that stand; how many did."""
    chosen = grants.c.id.in_(ids) & grants.c.ended_at.is_(None)
    return tx.execute(update(grants).where(chosen).values(ended_at=now, ended_reason=reason)).rowcount


def forget_subject(tx: Transaction, subject: str) -> int:
    """Delete every grant of a subject (erasure); how many."""
    return tx.execute(delete(grants).where(grants.c.subject == subject)).rowcount


def _row(row: RowMapping) -> GrantRow:
    userinfo, id_token = json.loads(row["claims"])
    return GrantRow(
        id=row["id"],
        subject=row["subject"],
        client_id=row["client_id"],
        scope=tuple(row["scope"].split()),
        userinfo_claims=tuple(userinfo),
        id_token_claims=tuple(id_token),
        details=tuple(json.loads(row["details"])),
        lendings=tuple(json.loads(row["lendings"])),
        entry=row["entry"],
        made_at=row["made_at"],
        until=row["until"],
        ended_at=row["ended_at"],
        ended_reason=row["ended_reason"],
    )
