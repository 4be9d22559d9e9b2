"""Sign-ins: one row each time a person signed in at a browser. Only the SHA-256 of the cookie is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Column, LargeBinary, String, Table, and_, bindparam, delete, insert, select, update

from citizen_account.store.accounts import AccountId, accounts
from citizen_account.store.roles import roles
from config.database import Transaction, UtcSeconds, metadata

sign_ins = Table(
    "account_sign_ins",
    metadata,
    Column("sign_in_id", String(64), primary_key=True),
    Column("account_id", String(64), nullable=False, index=True, comment="clear: opaque id"),
    Column("secret_sha256", LargeBinary(32), nullable=False, unique=True),
    Column("auth_time", UtcSeconds, nullable=False),
    Column("amr", String(64), nullable=False, comment="clear: methods by RFC 8176, space-separated"),
    Column("acr", String(16), nullable=False, comment="clear: eidas1, eidas2, eidas3"),
    Column("browser", String(32), nullable=False, comment="clear: family of the browser, no version"),
    Column("system", String(32), nullable=False, comment="clear: family of the operating system"),
    Column("last_seen_at", UtcSeconds, nullable=False),
    Column("expires_at", UtcSeconds, nullable=False, index=True),
    Column("ended_at", UtcSeconds),
    Column("end_reason", String(32), comment="clear: code"),
)

devices = Table(
    "account_devices",
    metadata,
    Column("account_id", String(64), primary_key=True, comment="clear: opaque id"),
    Column("device_sha256", LargeBinary(32), primary_key=True),
    Column("last_used_at", UtcSeconds, nullable=False, index=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInRow:
    """One sign-in."""

    sign_in: str
    account: AccountId
    auth_time: datetime
    amr: tuple[str, ...]
    acr: str
    browser: str
    system: str
    last_seen_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None
    secret_sha256: bytes = field(default=b"", repr=False)


_HELD = and_(roles.c.account_id == sign_ins.c.account_id, roles.c.confirmed_at.is_not(None), roles.c.ended_at.is_(None))
_BY_SECRET = (
    select(sign_ins, roles.c.role)
    .join(accounts, accounts.c.account_id == sign_ins.c.account_id)
    .outerjoin(roles, _HELD)
    .where(sign_ins.c.secret_sha256 == bindparam("presented"))
)


def add(tx: Transaction, row: SignInRow) -> None:
    """Keep a new sign-in."""
    tx.execute(
        insert(sign_ins).values(
            sign_in_id=row.sign_in,
            account_id=row.account,
            secret_sha256=row.secret_sha256,
            auth_time=row.auth_time,
            amr=" ".join(row.amr),
            acr=row.acr,
            browser=row.browser,
            system=row.system,
            last_seen_at=row.last_seen_at,
            expires_at=row.expires_at,
        ),
    )


def by_secret(tx: Transaction, secret_sha256: bytes) -> tuple[SignInRow, frozenset[str]] | None:
    """The sign-in of this cookie, ended or not, with the roles that its account holds; None without an account."""
    found = tx.execute(_BY_SECRET, {"presented": secret_sha256}).all()
    if not found:
        return None
    return _row(found[0]), frozenset(row.role for row in found if row.role is not None)


def get(tx: Transaction, sign_in: str) -> SignInRow | None:
    """The sign-in of that id, ended or not."""
    row = tx.execute(select(sign_ins).where(sign_ins.c.sign_in_id == sign_in)).first()
    return None if row is None else _row(row)


def open_of(tx: Transaction, account: str) -> Sequence[SignInRow]:
    """Every sign-in that was not ended, the last used first. Some may be past their time."""
    wanted = (
        select(sign_ins)
        .where(sign_ins.c.account_id == account, sign_ins.c.ended_at.is_(None))
        .order_by(sign_ins.c.last_seen_at.desc())
    )
    return [_row(row) for row in tx.execute(wanted)]


def seen(tx: Transaction, sign_in: str, now: datetime) -> None:
    """It was used now."""
    tx.execute(update(sign_ins).where(sign_ins.c.sign_in_id == sign_in).values(last_seen_at=now))


def replace_secret(tx: Transaction, sign_in: str, secret_sha256: bytes) -> int:
    """Give an open sign-in another cookie; 0 when it was ended meanwhile."""
    wanted = update(sign_ins).where(sign_ins.c.sign_in_id == sign_in, sign_ins.c.ended_at.is_(None))
    return tx.execute(wanted.values(secret_sha256=secret_sha256)).rowcount


def end(tx: Transaction, sign_in: str, now: datetime, reason: str) -> AccountId | None:
    """End a sign-in; whose it was, None when it had ended already."""
    wanted = (
        update(sign_ins)
        .where(sign_ins.c.sign_in_id == sign_in, sign_ins.c.ended_at.is_(None))
        .values(ended_at=now, end_reason=reason)
        .returning(sign_ins.c.account_id)
    )
    found = tx.execute(wanted).scalar()
    return None if found is None else AccountId(found)


def forget_ended(tx: Transaction, before: datetime) -> int:
    """Remove sign-ins whose time was over before then; how many."""
    return tx.execute(delete(sign_ins).where(sign_ins.c.expires_at < before)).rowcount


def know_device(tx: Transaction, account: AccountId, device_sha256: bytes, now: datetime) -> bool:
    """Remember that the account was used at this browser; whether it was known."""
    this = (devices.c.account_id == account) & (devices.c.device_sha256 == device_sha256)
    if tx.execute(update(devices).where(this).values(last_used_at=now)).rowcount:
        return True
    tx.execute(insert(devices).values(account_id=account, device_sha256=device_sha256, last_used_at=now))
    return False


def knows_device(tx: Transaction, account: str, device_sha256: bytes) -> bool:
    """Whether the account was used at this browser before."""
    this = (devices.c.account_id == account) & (devices.c.device_sha256 == device_sha256)
    return tx.execute(select(devices.c.account_id).where(this)).first() is not None


def has_devices(tx: Transaction, account: str) -> bool:
    """Whether the account was ever used at some browser."""
    return tx.execute(select(devices.c.account_id).where(devices.c.account_id == account).limit(1)).first() is not None


def forget_devices(tx: Transaction, before: datetime) -> int:
    """Forget browsers not used since then; how many."""
    return tx.execute(delete(devices).where(devices.c.last_used_at < before)).rowcount


def erase(tx: Transaction, account: AccountId) -> None:
    """Remove every sign-in and known browser of the account."""
    for table in (sign_ins, devices):
        tx.execute(delete(table).where(table.c.account_id == account))


def _row(row: Any) -> SignInRow:
    return SignInRow(
        sign_in=row.sign_in_id,
        account=AccountId(row.account_id),
        auth_time=row.auth_time,
        amr=tuple(row.amr.split()),
        acr=row.acr,
        browser=row.browser,
        system=row.system,
        last_seen_at=row.last_seen_at,
        expires_at=row.expires_at,
        ended_at=row.ended_at,
    )
