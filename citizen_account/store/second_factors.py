"""Second factors beside a password: one shared secret for an app that shows codes, and codes printed on paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import BigInteger, Column, LargeBinary, String, Table, delete, func, insert, select, update

from citizen_account.store.accounts import AccountId
from config.database import Transaction, UtcSeconds, metadata

apps = Table(
    "account_code_apps",
    metadata,
    Column("account_id", String(64), primary_key=True, comment="clear: opaque id"),
    Column("secret_sealed", LargeBinary, nullable=False),
    Column("last_step", BigInteger, nullable=False, comment="RFC 6238 time step of the last code that was accepted"),
    Column("made_at", UtcSeconds, nullable=False),
    Column("goes_at", UtcSeconds, index=True, comment="when it goes, asked for by who lost it; null while it stays"),
)

printed = Table(
    "account_printed_codes",
    metadata,
    Column("account_id", String(64), primary_key=True, comment="clear: opaque id"),
    Column("code_mac", LargeBinary(32), primary_key=True, comment="HMAC under the house's lookup key"),
    Column("used_at", UtcSeconds),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppRow:
    """The app of an account; goes_at: when its second step ends unless it is used before."""

    account: AccountId
    secret_sealed: bytes = field(repr=False)
    last_step: int
    made_at: datetime
    goes_at: datetime | None = None


def put(tx: Transaction, row: AppRow) -> None:
    """Keep an app in the place of an older one."""
    tx.execute(delete(apps).where(apps.c.account_id == row.account))
    tx.execute(
        insert(apps).values(
            account_id=row.account, secret_sealed=row.secret_sealed, last_step=row.last_step, made_at=row.made_at
        )
    )


def get(tx: Transaction, account: str) -> AppRow | None:
    """The app of the account, None when a password is enough."""
    row = tx.execute(select(apps).where(apps.c.account_id == account)).first()
    if row is None:
        return None
    return AppRow(
        account=AccountId(row.account_id),
        secret_sealed=row.secret_sealed,
        last_step=row.last_step,
        made_at=row.made_at,
        goes_at=row.goes_at,
    )


def accept_step(tx: Transaction, account: AccountId, step: int) -> bool:
    """Take the code of a time step; False when it, or a later one, was taken before (RFC 6238 §5.2)."""
    wanted = update(apps).where(apps.c.account_id == account, apps.c.last_step < step)
    return tx.execute(wanted.values(last_step=step)).rowcount == 1


def set_going(tx: Transaction, account: AccountId, goes_at: datetime) -> bool:
    """Let it go then; False when it goes already, or there is none."""
    wanted = update(apps).where(apps.c.account_id == account, apps.c.goes_at.is_(None))
    return tx.execute(wanted.values(goes_at=goes_at)).rowcount == 1


def keep(tx: Transaction, account: AccountId) -> bool:
    """Let it stay after all; whether it was going."""
    wanted = update(apps).where(apps.c.account_id == account, apps.c.goes_at.is_not(None))
    return tx.execute(wanted.values(goes_at=None)).rowcount == 1


def due(tx: Transaction, now: datetime) -> Sequence[AccountId]:
    """Accounts whose second step goes now."""
    return [
        AccountId(account) for account in tx.execute(select(apps.c.account_id).where(apps.c.goes_at <= now)).scalars()
    ]


def remove_due(tx: Transaction, account: AccountId, now: datetime) -> bool:
    """Remove it, unless it was used or removed meanwhile; whether it was."""
    gone = tx.execute(delete(apps).where(apps.c.account_id == account, apps.c.goes_at <= now)).rowcount == 1
    if gone:
        tx.execute(delete(printed).where(printed.c.account_id == account))
    return gone


def print_codes(tx: Transaction, account: AccountId, code_macs: Sequence[bytes]) -> None:
    """Keep new printed codes in the place of the older ones."""
    tx.execute(delete(printed).where(printed.c.account_id == account))
    tx.execute(insert(printed), [{"account_id": account, "code_mac": mac} for mac in code_macs])


def use_printed(tx: Transaction, account: AccountId, code_mac: bytes, now: datetime) -> bool:
    """Use a printed code; False when there is none such, or it was used."""
    this = (printed.c.account_id == account) & (printed.c.code_mac == code_mac)
    return tx.execute(update(printed).where(this, printed.c.used_at.is_(None)).values(used_at=now)).rowcount == 1


def unused(tx: Transaction, account: str) -> int:
    """How many printed codes are left."""
    wanted = select(func.count()).select_from(printed)
    return tx.execute(wanted.where(printed.c.account_id == account, printed.c.used_at.is_(None))).scalar_one()


def erase(tx: Transaction, account: AccountId) -> int:
    """Remove app and printed codes; how many apps there were."""
    tx.execute(delete(printed).where(printed.c.account_id == account))
    return tx.execute(delete(apps).where(apps.c.account_id == account)).rowcount
