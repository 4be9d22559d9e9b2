"""Wrapped keys: one an account, and the house's own."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Column, LargeBinary, String, Table, delete, insert, select, update

from config.database import Transaction, metadata

account_keys = Table(
    "account_keys",
    metadata,
    Column("account_id", String(64), primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
)

house_keys = Table(
    "account_house_keys",
    metadata,
    Column("name", String(16), primary_key=True, comment="clear: what the key is for"),
    Column("wrapped", LargeBinary, nullable=False),
)


def add_account_key(tx: Transaction, account: str, wrapped: bytes) -> None:
    """Keep the wrapped key of a new account."""
    tx.execute(insert(account_keys).values(account_id=account, wrapped=wrapped))


def account_key(tx: Transaction, account: str) -> bytes | None:
    """The wrapped key; None once it was destroyed."""
    return tx.execute(select(account_keys.c.wrapped).where(account_keys.c.account_id == account)).scalar()


def destroy_account_key(tx: Transaction, account: str) -> int:
    """Remove the wrapped key: what it sealed is noise from now on. How many there were."""
    return tx.execute(delete(account_keys).where(account_keys.c.account_id == account)).rowcount


def account_keys_after(tx: Transaction, after: str, limit: int) -> Sequence[tuple[str, bytes]]:
    """(account, wrapped key) of up to `limit` accounts whose id is greater than `after`."""
    wanted = select(account_keys).where(account_keys.c.account_id > after).order_by(account_keys.c.account_id)
    return [(row.account_id, row.wrapped) for row in tx.execute(wanted.limit(limit))]


def rewrap_account_key(tx: Transaction, account: str, old: bytes, new: bytes) -> int:
    """Replace a wrapped key, unless someone else did or destroyed it meanwhile (0)."""
    wanted = update(account_keys).where(account_keys.c.account_id == account, account_keys.c.wrapped == old)
    return tx.execute(wanted.values(wrapped=new)).rowcount


def add_house_key(tx: Transaction, name: str, wrapped: bytes) -> bool:
    """Keep a key of the house unless there is one of that name; whether this one was kept."""
    if house_key(tx, name) is not None:
        return False
    tx.execute(insert(house_keys).values(name=name, wrapped=wrapped))
    return True


def house_key(tx: Transaction, name: str) -> bytes | None:
    """The wrapped key of that name."""
    return tx.execute(select(house_keys.c.wrapped).where(house_keys.c.name == name)).scalar()


def rewrap_house_key(tx: Transaction, name: str, old: bytes, new: bytes) -> int:
    """Replace a wrapped key of the house, unless someone else did (0)."""
    wanted = update(house_keys).where(house_keys.c.name == name, house_keys.c.wrapped == old)
    return tx.execute(wanted.values(wrapped=new)).rowcount
