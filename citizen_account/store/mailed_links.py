"""Flows that wait for a mailed link: sign-up, password reset, another address."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Column, LargeBinary, SmallInteger, String, Table, delete, insert, select, update

from config.database import Transaction, UtcSeconds, metadata

flows = Table(
    "account_mailed_links",
    metadata,
    Column("flow_id", String(64), primary_key=True),
    Column("kind", String(16), nullable=False, comment="clear: sign_up, reset, change_email"),
    Column("account_id", String(64), index=True, comment="clear: opaque id"),
    Column("browser_sha256", LargeBinary(32), nullable=False),
    Column("lookup", LargeBinary(32), nullable=False, comment="HMAC under the house's lookup key"),
    Column("sealed", LargeBinary, nullable=False, comment="the address, under the house's own key"),
    Column("password_hash", String(128), comment="clear: argon2id in PHC form, of a sign-up"),
    Column("language", String(8), nullable=False, comment="clear: language of the mail"),
    Column("next_path", String(512), nullable=False, comment="clear: local path to return to, ids only"),
    Column("link_sha256", LargeBinary(32), unique=True),
    Column("code_mac", LargeBinary(32)),
    Column("failures", SmallInteger, nullable=False),
    Column("proven_at", UtcSeconds),
    Column("expires_at", UtcSeconds, nullable=False, index=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowRow:
    """One flow. `proven_at`: the link's button was pressed (or its code typed) in the flow's own browser."""

    flow: str
    kind: str
    account: str | None
    browser_sha256: bytes = field(repr=False)
    lookup: bytes = field(repr=False)
    sealed: bytes = field(repr=False)
    password_hash: str | None = field(repr=False)
    language: str
    next_path: str
    code_mac: bytes | None = field(default=None, repr=False)
    failures: int = 0
    proven_at: datetime | None = None
    expires_at: datetime


def add(tx: Transaction, row: FlowRow) -> None:
    """Keep a new flow; its link is minted when the mail is rendered."""
    tx.execute(
        insert(flows).values(
            flow_id=row.flow,
            kind=row.kind,
            account_id=row.account,
            browser_sha256=row.browser_sha256,
            lookup=row.lookup,
            sealed=row.sealed,
            password_hash=row.password_hash,
            language=row.language,
            next_path=row.next_path,
            failures=0,
            expires_at=row.expires_at,
        ),
    )


def get(tx: Transaction, flow: str) -> FlowRow | None:
    """The flow of that id."""
    row = tx.execute(select(flows).where(flows.c.flow_id == flow)).first()
    return None if row is None else _row(row)


def by_link(tx: Transaction, link_sha256: bytes) -> FlowRow | None:
    """The flow whose newest link this is."""
    row = tx.execute(select(flows).where(flows.c.link_sha256 == link_sha256)).first()
    return None if row is None else _row(row)


def set_link(tx: Transaction, flow: str, link_sha256: bytes, code_mac: bytes) -> int:
    """Make this the flow's link, in the place of an older one; 0 when it was spent or swept meanwhile."""
    wanted = update(flows).where(flows.c.flow_id == flow, flows.c.proven_at.is_(None))
    return tx.execute(wanted.values(link_sha256=link_sha256, code_mac=code_mac)).rowcount


def prove(tx: Transaction, flow: str, now: datetime) -> int:
    """Spend the link: once; 0 when it was spent before."""
    wanted = update(flows).where(flows.c.flow_id == flow, flows.c.proven_at.is_(None))
    return tx.execute(wanted.values(proven_at=now, link_sha256=None, code_mac=None)).rowcount


def count_failure(tx: Transaction, flow: str) -> None:
    """A wrong code was typed."""
    tx.execute(update(flows).where(flows.c.flow_id == flow).values(failures=flows.c.failures + 1))


def remove(tx: Transaction, flow: str) -> int:
    """End a flow; 0 when it had ended before."""
    return tx.execute(delete(flows).where(flows.c.flow_id == flow)).rowcount


def remove_of_lookup(tx: Transaction, kind: str, lookup: bytes) -> int:
    """End every flow of a kind for an address; how many there were."""
    return tx.execute(delete(flows).where(flows.c.kind == kind, flows.c.lookup == lookup)).rowcount


def sweep(tx: Transaction, now: datetime) -> int:
    """Forget what has expired; how many."""
    return tx.execute(delete(flows).where(flows.c.expires_at < now)).rowcount


def erase(tx: Transaction, account: str) -> None:
    """End every flow of an account."""
    tx.execute(delete(flows).where(flows.c.account_id == account))


def _row(row: Any) -> FlowRow:
    return FlowRow(
        flow=row.flow_id,
        kind=row.kind,
        account=row.account_id,
        browser_sha256=row.browser_sha256,
        lookup=row.lookup,
        sealed=row.sealed,
        password_hash=row.password_hash,
        language=row.language,
        next_path=row.next_path,
        code_mac=row.code_mac,
        failures=row.failures,
        proven_at=row.proven_at,
        expires_at=row.expires_at,
    )
