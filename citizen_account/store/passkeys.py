"""Passkeys: the public halves of key pairs that people's devices hold (WebAuthn Level 3 §4, credential record)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, LargeBinary, String, Table, delete, insert, or_, select, update

from citizen_account.store.accounts import AccountId
from config.database import Transaction, UtcSeconds, metadata

passkeys = Table(
    "account_passkeys",
    metadata,
    Column("passkey_id", String(64), primary_key=True),
    Column("account_id", String(64), nullable=False, index=True, comment="clear: opaque id"),
    Column(
        "credential_id", LargeBinary, nullable=False, unique=True, comment="chosen by the device, at most 1023 bytes"
    ),
    Column("public_key", LargeBinary, nullable=False, comment="COSE_Key"),
    Column("sign_count", BigInteger, nullable=False, comment="0 for devices that don't count"),
    Column("backed_up", Boolean, nullable=False, comment="whether its owner's other devices hold it too"),
    Column("name_sealed", LargeBinary, nullable=False),
    Column("made_at", UtcSeconds, nullable=False),
    Column("last_used_at", UtcSeconds),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyRow:
    """One passkey, its name sealed under the account's key."""

    passkey: str
    account: AccountId
    credential: bytes = field(repr=False)
    public_key: bytes = field(repr=False)
    sign_count: int
    backed_up: bool
    name_sealed: bytes = field(repr=False)
    made_at: datetime
    last_used_at: datetime | None = None


def add(tx: Transaction, row: PasskeyRow) -> None:
    """Keep a new passkey."""
    tx.execute(
        insert(passkeys).values(
            passkey_id=row.passkey,
            account_id=row.account,
            credential_id=row.credential,
            public_key=row.public_key,
            sign_count=row.sign_count,
            backed_up=row.backed_up,
            name_sealed=row.name_sealed,
            made_at=row.made_at,
        ),
    )


def by_credential(tx: Transaction, credential: bytes) -> PasskeyRow | None:
    """The passkey of a credential id, whoever's it is."""
    row = tx.execute(select(passkeys).where(passkeys.c.credential_id == credential)).first()
    return None if row is None else _row(row)


def of_account(tx: Transaction, account: str) -> Sequence[PasskeyRow]:
    """Every passkey of the account, the oldest first."""
    wanted = (
        select(passkeys).where(passkeys.c.account_id == account).order_by(passkeys.c.made_at, passkeys.c.passkey_id)
    )
    return [_row(row) for row in tx.execute(wanted)]


def used(tx: Transaction, passkey: str, *, sign_count: int, backed_up: bool, now: datetime) -> bool:
    """It signed in; False when it was removed meanwhile, or its counter went no further (WebAuthn §6.1.1)."""
    goes_on = or_(passkeys.c.sign_count < sign_count, (passkeys.c.sign_count == 0) & (sign_count == 0))
    wanted = update(passkeys).where(passkeys.c.passkey_id == passkey, goes_on)
    return tx.execute(wanted.values(sign_count=sign_count, backed_up=backed_up, last_used_at=now)).rowcount == 1


def remove(tx: Transaction, account: AccountId, passkey: str) -> int:
    """Forget one of the account's passkeys; how many there were."""
    this = (passkeys.c.account_id == account) & (passkeys.c.passkey_id == passkey)
    return tx.execute(delete(passkeys).where(this)).rowcount


def erase(tx: Transaction, account: AccountId) -> None:
    """Forget every passkey of the account."""
    tx.execute(delete(passkeys).where(passkeys.c.account_id == account))


def _row(row: Any) -> PasskeyRow:
    return PasskeyRow(
        passkey=row.passkey_id,
        account=AccountId(row.account_id),
        credential=row.credential_id,
        public_key=row.public_key,
        sign_count=row.sign_count,
        backed_up=row.backed_up,
        name_sealed=row.name_sealed,
        made_at=row.made_at,
        last_used_at=row.last_used_at,
    )
