"""Ways to sign in. Today: password hashes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Column, String, Table, delete, insert, select

from citizen_account.store.accounts import AccountId
from citizen_account.store.addresses import addresses
from config.database import Transaction, UtcSeconds, metadata

passwords = Table(
    "account_passwords",
    metadata,
    Column("account_id", String(64), primary_key=True),
    Column("hash", String(128), nullable=False, comment="clear: argon2id in PHC form"),
    Column("changed_at", UtcSeconds, nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordRow:
    """The password of an account."""

    account: AccountId
    hash: str = field(repr=False)
    changed_at: datetime


def put(tx: Transaction, row: PasswordRow) -> None:
    """Keep a password in the place of an older one."""
    remove(tx, row.account)
    tx.execute(insert(passwords).values(account_id=row.account, hash=row.hash, changed_at=row.changed_at))


def get(tx: Transaction, account: str) -> PasswordRow | None:
    """The password of an account, None when it has none."""
    row = tx.execute(select(passwords).where(passwords.c.account_id == account)).first()
    return None if row is None else PasswordRow(account=AccountId(row.account_id), hash=row.hash, changed_at=row[2])


def find(tx: Transaction, kind: str, lookup: bytes) -> PasswordRow | None:
    """The password of the account that confirmed this address: one query, whether there is one or not."""
    wanted = (
        select(passwords)
        .join(addresses, addresses.c.account_id == passwords.c.account_id)
        .where(addresses.c.kind == kind, addresses.c.lookup == lookup)
    )
    row = tx.execute(wanted).first()
    return None if row is None else PasswordRow(account=AccountId(row.account_id), hash=row.hash, changed_at=row[2])


def remove(tx: Transaction, account: AccountId) -> int:
    """Forget the password; how many there were."""
    return tx.execute(delete(passwords).where(passwords.c.account_id == account)).rowcount
