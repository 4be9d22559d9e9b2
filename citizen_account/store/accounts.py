"""Accounts, the safes they act for, and facts about the person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NewType

from sqlalchemy import (
    Column,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    bindparam,
    delete,
    insert,
    select,
    update,
)

from config.database import Transaction, UtcSeconds, metadata

AccountId = NewType("AccountId", str)
"""An opaque id: the provider's SubjectId and the ledger's PersonId of the same person have the same value."""

accounts = Table(
    "account_accounts",
    metadata,
    Column("account_id", String(64), primary_key=True),
    Column("created_at", UtcSeconds, nullable=False),
    Column("language", String(8), nullable=False, comment="clear: language of mails and pages"),
)

owners = Table(
    "account_owners",
    metadata,
    Column("account_id", String(64), primary_key=True),
    Column("owner_id", String(64), primary_key=True),
    Column("role", String(16), nullable=False, comment="clear: self; later parent, guardian"),
    Index(None, "owner_id"),
)

attributes = Table(
    "account_attributes",
    metadata,
    Column("account_id", String(64), primary_key=True),
    Column("name", String(32), primary_key=True, comment="clear: name of the claim"),
    Column("sealed", LargeBinary, nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("source", String(32), nullable=False, comment="clear: code of where the fact comes from"),
    Column("at", UtcSeconds, nullable=False),
)

SELF = "self"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """An account."""

    account: AccountId
    created_at: datetime
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeRow:
    """One fact, its value sealed under the account's key."""

    name: str
    sealed: bytes = field(repr=False)
    level: int
    source: str
    at: datetime


_GET = select(accounts).where(accounts.c.account_id == bindparam("account"))
_ATTRIBUTES = select(attributes).where(attributes.c.account_id == bindparam("account"))


def add(tx: Transaction, row: AccountRow, owner: str) -> None:
    """Keep a new account and its own safe."""
    tx.execute(
        insert(accounts).values(account_id=row.account, created_at=row.created_at, language=row.language),
    )
    tx.execute(insert(owners).values(account_id=row.account, owner_id=owner, role=SELF))


def get(tx: Transaction, account: str) -> AccountRow | None:
    """The account, None when there is none of that id."""
    row = tx.execute(_GET, {"account": account}).first()
    if row is None:
        return None
    return AccountRow(account=AccountId(row.account_id), created_at=row.created_at, language=row.language)


def page(tx: Transaction, after: str, limit: int) -> Sequence[AccountRow]:
    """Up to `limit` accounts whose id is greater than `after`, by id."""
    wanted = select(accounts).where(accounts.c.account_id > after).order_by(accounts.c.account_id).limit(limit)
    return [
        AccountRow(account=AccountId(row.account_id), created_at=row.created_at, language=row.language)
        for row in tx.execute(wanted)
    ]


def set_language(tx: Transaction, account: AccountId, language: str) -> None:
    """Remember the language that the person chose."""
    tx.execute(update(accounts).where(accounts.c.account_id == account).values(language=language))


def own_safe(tx: Transaction, account: str) -> str | None:
    """The owner id of the account's own safe."""
    wanted = select(owners.c.owner_id).where(owners.c.account_id == account, owners.c.role == SELF)
    return tx.execute(wanted).scalar()


def holder(tx: Transaction, owner: str) -> AccountId | None:
    """The account whose own safe this is."""
    wanted = select(owners.c.account_id).where(owners.c.owner_id == owner, owners.c.role == SELF)
    found = tx.execute(wanted).scalar()
    return None if found is None else AccountId(found)


def attributes_of(tx: Transaction, account: str) -> Sequence[AttributeRow]:
    """Every fact about the person."""
    return [
        AttributeRow(name=row.name, sealed=row.sealed, level=row.level, source=row.source, at=row.at)
        for row in tx.execute(_ATTRIBUTES, {"account": account})
    ]


def levels_of(tx: Transaction, account: str) -> dict[str, int]:
    """How sure each fact about the person is, by name."""
    wanted = select(attributes.c.name, attributes.c.level).where(attributes.c.account_id == account)
    return {row.name: row.level for row in tx.execute(wanted)}


def put_attribute(tx: Transaction, account: AccountId, row: AttributeRow) -> None:
    """Keep one fact in the place of an older one of that name."""
    remove_attribute(tx, account, row.name)
    tx.execute(
        insert(attributes).values(
            account_id=account,
            name=row.name,
            sealed=row.sealed,
            level=row.level,
            source=row.source,
            at=row.at,
        ),
    )


def remove_attribute(tx: Transaction, account: AccountId, name: str) -> int:
    """Forget one fact; how many there were."""
    gone = tx.execute(delete(attributes).where(attributes.c.account_id == account, attributes.c.name == name))
    return gone.rowcount


def erase(tx: Transaction, account: AccountId) -> None:
    """Remove every row of this file about the account."""
    for table in (attributes, owners, accounts):
        tx.execute(delete(table).where(table.c.account_id == account))
