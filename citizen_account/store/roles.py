"""Roles: proposed by one person, confirmed by another; and the one-time links of the first start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, LargeBinary, String, Table, bindparam, delete, insert, select, update

from citizen_account.store.accounts import AccountId
from config.database import Transaction, UtcSeconds, metadata

roles = Table(
    "account_roles",
    metadata,
    Column("proposal_id", String(64), primary_key=True),
    Column("account_id", String(64), nullable=False, comment="clear: opaque id"),
    Column("role", String(16), nullable=False, comment="clear: facilitator, auditor, operator"),
    Column("proposed_by", String(64), nullable=False, comment="clear: account id, or os:<user> of a command"),
    Column("proposed_at", UtcSeconds, nullable=False),
    Column("confirmed_by", String(64), comment="clear: account id, or first-start"),
    Column("confirmed_at", UtcSeconds),
    Column("ended_at", UtcSeconds),
    Index(None, "account_id", "role"),
)

first_links = Table(
    "account_first_links",
    metadata,
    Column("role", String(16), primary_key=True, comment="clear: auditor, operator"),
    Column("secret_sha256", LargeBinary(32), nullable=False, unique=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleRow:
    """A role of an account: proposed, and held once confirmed."""

    proposal: str
    account: AccountId
    role: str
    proposed_by: str
    proposed_at: datetime
    confirmed_at: datetime | None = None
    confirmed_by: str | None = None


_HELD = select(roles.c.role).where(
    roles.c.account_id == bindparam("account"),
    roles.c.confirmed_at.is_not(None),
    roles.c.ended_at.is_(None),
)


def propose(tx: Transaction, row: RoleRow) -> None:
    """Keep a proposal (or, with `confirmed_at`, a role at once)."""
    tx.execute(
        insert(roles).values(
            proposal_id=row.proposal,
            account_id=row.account,
            role=row.role,
            proposed_by=row.proposed_by,
            proposed_at=row.proposed_at,
            confirmed_at=row.confirmed_at,
            confirmed_by=row.confirmed_by,
        ),
    )


def get(tx: Transaction, proposal: str) -> RoleRow | None:
    """A proposal or role that stands."""
    row = tx.execute(select(roles).where(roles.c.proposal_id == proposal, roles.c.ended_at.is_(None))).first()
    return None if row is None else _row(row)


def confirm(tx: Transaction, proposal: str, by: str, now: datetime) -> int:
    """Make a waiting proposal a role; 0 when it isn't waiting any more."""
    waiting = roles.c.confirmed_at.is_(None) & roles.c.ended_at.is_(None)
    wanted = update(roles).where(roles.c.proposal_id == proposal, waiting)
    return tx.execute(wanted.values(confirmed_at=now, confirmed_by=by)).rowcount


def end(tx: Transaction, proposal: str, now: datetime) -> int:
    """End a role or drop a proposal; 0 when it had ended already."""
    wanted = update(roles).where(roles.c.proposal_id == proposal, roles.c.ended_at.is_(None))
    return tx.execute(wanted.values(ended_at=now)).rowcount


def held(tx: Transaction, account: str) -> frozenset[str]:
    """The roles that the account holds."""
    return frozenset(tx.execute(_HELD, {"account": account}).scalars())


def of_account(tx: Transaction, account: str) -> Sequence[RoleRow]:
    """Roles and proposals of an account that stand."""
    wanted = select(roles).where(roles.c.account_id == account, roles.c.ended_at.is_(None))
    return [_row(row) for row in tx.execute(wanted)]


def standing(tx: Transaction) -> Sequence[RoleRow]:
    """Every role and proposal that stands, the newest first."""
    wanted = select(roles).where(roles.c.ended_at.is_(None)).order_by(roles.c.proposed_at.desc(), roles.c.proposal_id)
    return [_row(row) for row in tx.execute(wanted)]


def anyone_holds(tx: Transaction, role: str) -> bool:
    """Whether some account holds the role."""
    confirmed = roles.c.confirmed_at.is_not(None) & roles.c.ended_at.is_(None)
    return tx.execute(select(roles.c.proposal_id).where(roles.c.role == role, confirmed).limit(1)).first() is not None


def put_first_link(tx: Transaction, role: str, secret_sha256: bytes) -> None:
    """Keep the link for a role in the place of an older one."""
    tx.execute(delete(first_links).where(first_links.c.role == role))
    tx.execute(insert(first_links).values(role=role, secret_sha256=secret_sha256))


def first_link(tx: Transaction, secret_sha256: bytes) -> str | None:
    """The role that this link gives, None when it gives none any more."""
    return tx.execute(select(first_links.c.role).where(first_links.c.secret_sha256 == secret_sha256)).scalar()


def spend_first_link(tx: Transaction, secret_sha256: bytes) -> int:
    """Use the link up; 0 when it was used already."""
    return tx.execute(delete(first_links).where(first_links.c.secret_sha256 == secret_sha256)).rowcount


def erase(tx: Transaction, account: AccountId) -> None:
    """Remove every role and proposal of the account."""
    tx.execute(delete(roles).where(roles.c.account_id == account))


def _row(row: Any) -> RoleRow:
    return RoleRow(
        proposal=row.proposal_id,
        account=AccountId(row.account_id),
        role=row.role,
        proposed_by=row.proposed_by,
        proposed_at=row.proposed_at,
        confirmed_at=row.confirmed_at,
        confirmed_by=row.confirmed_by,
    )
