"""Addresses (e-mail, phone) of accounts: sealed, and found by a keyed hash of their normalised form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Column, Index, LargeBinary, String, Table, bindparam, delete, insert, select, update

from citizen_account.store.accounts import AccountId
from config.database import Transaction, UtcSeconds, metadata

addresses = Table(
    "account_addresses",
    metadata,
    Column("address_id", String(64), primary_key=True),
    Column("account_id", String(64), nullable=False, index=True, comment="clear: opaque id"),
    Column("kind", String(8), nullable=False, comment="clear: email, phone"),
    # NULL for an unconfirmed or a former address: only the account that confirmed it is found by it.
    Column("lookup", LargeBinary(32), comment="HMAC under the house's lookup key"),
    Column("sealed", LargeBinary, nullable=False),
    Column("confirmed_at", UtcSeconds),
    Column("former_since", UtcSeconds),
    Index(None, "kind", "lookup", unique=True),
)

EMAIL = "email"
PHONE = "phone"


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressRow:
    """One address. A former one is kept until it was told that it was replaced."""

    address_id: str
    account: AccountId
    kind: str
    lookup: bytes | None = field(repr=False)
    sealed: bytes = field(repr=False)
    confirmed_at: datetime | None
    former_since: datetime | None = None


_IN_USE = (
    select(addresses)
    .where(addresses.c.account_id == bindparam("account"), addresses.c.former_since.is_(None))
    .order_by(addresses.c.confirmed_at, addresses.c.address_id)
)


def add(tx: Transaction, row: AddressRow) -> None:
    """Keep an address."""
    tx.execute(
        insert(addresses).values(
            address_id=row.address_id,
            account_id=row.account,
            kind=row.kind,
            lookup=row.lookup,
            sealed=row.sealed,
            confirmed_at=row.confirmed_at,
            former_since=row.former_since,
        ),
    )


def find(tx: Transaction, kind: str, lookup: bytes) -> AddressRow | None:
    """The confirmed address with this keyed hash."""
    row = tx.execute(select(addresses).where(addresses.c.kind == kind, addresses.c.lookup == lookup)).first()
    return None if row is None else _row(row)


def get(tx: Transaction, address_id: str) -> AddressRow | None:
    """The address of that id."""
    row = tx.execute(select(addresses).where(addresses.c.address_id == address_id)).first()
    return None if row is None else _row(row)


def of_account(tx: Transaction, account: str) -> Sequence[AddressRow]:
    """The addresses in use, the longest confirmed first."""
    return [_row(row) for row in tx.execute(_IN_USE, {"account": account})]


def retire(tx: Transaction, account: AccountId, kind: str, now: datetime) -> Sequence[str]:
    """Make the addresses of a kind former ones; their ids."""
    wanted = (
        update(addresses)
        .where(addresses.c.account_id == account, addresses.c.kind == kind, addresses.c.former_since.is_(None))
        .values(former_since=now, lookup=None)
        .returning(addresses.c.address_id)
    )
    return list(tx.execute(wanted).scalars())


def remove(tx: Transaction, address_id: str) -> int:
    """Forget an address; how many there were."""
    return tx.execute(delete(addresses).where(addresses.c.address_id == address_id)).rowcount


def sweep_former(tx: Transaction, before: datetime) -> int:
    """Forget former addresses that were replaced before then; how many."""
    return tx.execute(delete(addresses).where(addresses.c.former_since < before)).rowcount


def erase(tx: Transaction, account: AccountId) -> None:
    """Forget every address of the account."""
    tx.execute(delete(addresses).where(addresses.c.account_id == account))


def _row(row: object) -> AddressRow:
    values = row._mapping  # type: ignore[attr-defined]  # noqa: SLF001 -- SQLAlchemy's documented accessor
    return AddressRow(
        address_id=values["address_id"],
        account=AccountId(values["account_id"]),
        kind=values["kind"],
        lookup=values["lookup"],
        sealed=values["sealed"],
        confirmed_at=values["confirmed_at"],
        former_since=values["former_since"],
    )
