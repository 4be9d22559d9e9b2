"""Sign-ins of people: started with a fresh secret, found by its hash, ended for a reason, each end an entry.

The secret (256 bits) lives in a cookie; only its SHA-256 is kept. A sign-in ends after `sign_in.idle` without a
request and after `sign_in.lifetime` in any case.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from audit.entries import ActorKind, PersonId, SignedIn, SignedOut
from audit.ledger import Ledger
from citizen_account.assurance import LOW
from citizen_account.sealing import sha256
from citizen_account.store import roles, sign_ins
from citizen_account.store.accounts import AccountId
from citizen_account.store.sign_ins import SignInRow
from config.clock import Clock
from config.database import Database, Transaction
from config.identifiers import Randomness, new_id, new_secret
from config.settings import SignIn as Lifetimes

SEEN_EVERY = timedelta(minutes=1)
"""How exactly the last use is kept: one write a minute, not one a request."""
PASSWORD = ("pwd",)
"""`amr` of a password (RFC 8176)."""
PASSKEY = ("pop", "user", "mfa")
"""`amr` of a passkey that verified its person: a key, in hardware or not ("pop" of the IANA registry says neither), the
person's presence, and two factors in one (RFC 8176)."""
PASSWORD_AND_CODE = ("pwd", "otp", "mfa")
"""`amr` of a password and a code that is good once, of an app or of a sheet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """What a person would recognise a browser by: families, never versions, never a place."""

    browser: str
    system: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """An open sign-in and the roles its account holds now."""

    id: str
    account: AccountId
    roles: frozenset[str]
    auth_time: datetime
    amr: tuple[str, ...]
    acr: str
    device: Device
    last_seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A sign-in that began: its id, the secret for the cookie, and whether this browser was new to the account."""

    id: str
    secret: str = field(repr=False)
    new_device: bool


class Sessions:
    """Starts, finds and ends sign-ins."""

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        lifetimes: Lifetimes,
        *,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        """lifetimes: the `sign_in` section of the settings."""
        self._database = database
        self._ledger = ledger
        self._lifetimes = lifetimes
        self._clock = clock
        self._randomness = randomness
        self._ended: list[Callable[[Transaction, str], object]] = []

    def when_one_ends(self, call: Callable[[Transaction, str], object]) -> None:
        """Call this with each ended sign-in's id, in that transaction: the provider ends what hangs on it."""
        self._ended.append(call)

    def start(
        self,
        tx: Transaction,
        account: AccountId,
        *,
        device: Device,
        device_secret: str,
        amr: tuple[str, ...] = PASSWORD,
        acr: str = LOW,
    ) -> Started:
        """Begin a sign-in, with its entry. device_secret: the browser's lasting `device` cookie."""
        now = self._clock.now()
        first = not sign_ins.has_devices(tx, account)
        known = sign_ins.know_device(tx, account, sha256(device_secret), now)
        secret = new_secret(self._randomness)
        row = SignInRow(
            sign_in=new_id(self._randomness),
            account=account,
            auth_time=now,
            amr=amr,
            acr=acr,
            browser=device.browser,
            system=device.system,
            last_seen_at=now,
            expires_at=now + self._lifetimes.lifetime,
            secret_sha256=sha256(secret),
        )
        sign_ins.add(tx, row)
        self._ledger.append(
            tx,
            SignedIn(
                actor_kind=ActorKind.CITIZEN,
                actor=account,
                persons=(PersonId(account),),
                amr=" ".join(amr),
                acr=acr,
                sign_in=row.sign_in,
            ),
        )
        return Started(id=row.sign_in, secret=secret, new_device=not known and not first)

    def current(self, secret: str) -> SignIn | None:
        """The open sign-in of a cookie; None for an unknown, ended or expired one."""
        with self._database.looking() as tx:
            found = sign_ins.by_secret(tx, sha256(secret))
        if found is None or not self._is_open(found[0]):
            return None
        row, held = found
        if self._clock.now() - row.last_seen_at >= SEEN_EVERY:
            with self._database.transaction() as tx:
                sign_ins.seen(tx, row.sign_in, self._clock.now())
        return _public(row, held)

    def stands(self, sign_in: str) -> bool:
        """Whether that sign-in is still open."""
        with self._database.reading() as tx:
            row = sign_ins.get(tx, sign_in)
        return row is not None and self._is_open(row)

    def knows_device(self, account: AccountId, device_secret: str) -> bool:
        """Whether the account was used at this browser before."""
        with self._database.reading() as tx:
            return sign_ins.knows_device(tx, account, sha256(device_secret))

    def get(self, sign_in: str) -> SignIn | None:
        """The sign-in of that id if it is still open."""
        with self._database.reading() as tx:
            row = sign_ins.get(tx, sign_in)
        return _public(row, frozenset()) if row is not None and self._is_open(row) else None

    def list(self, account: AccountId) -> Sequence[SignIn]:
        """The account's open sign-ins, the last used first."""
        with self._database.reading() as tx:
            held = roles.held(tx, account)
            rows = sign_ins.open_of(tx, account)
        return [_public(row, held) for row in rows if self._is_open(row)]

    def end(self, sign_in: str, reason: str = "person") -> bool:
        """End a sign-in, with its entry and what hangs on it; False when it had ended already."""
        with self._database.transaction() as tx:
            return self.end_in(tx, sign_in, reason)

    def end_own(self, account: AccountId, sign_in: str) -> bool:
        """The same, only if it is one of the account's."""
        with self._database.transaction() as tx:
            row = sign_ins.get(tx, sign_in)
            return row is not None and row.account == account and self.end_in(tx, sign_in, "person")

    def end_in(self, tx: Transaction, sign_in: str, reason: str) -> bool:
        """`end` inside a transaction that is open already."""
        account = sign_ins.end(tx, sign_in, self._clock.now(), reason)
        if account is None:
            return False
        for call in self._ended:
            call(tx, sign_in)
        self._ledger.append(
            tx,
            SignedOut(
                actor_kind=ActorKind.CITIZEN,
                actor=account,
                persons=(PersonId(account),),
                reason=reason,
                sign_in=sign_in,
            ),
        )
        return True

    def end_all(self, tx: Transaction, account: AccountId, *, but: str = "", reason: str) -> int:
        """End every sign-in of the account except `but`; how many were open."""
        rows = sign_ins.open_of(tx, account)
        return sum(self.end_in(tx, row.sign_in, reason) for row in rows if row.sign_in != but)

    def renew(self, tx: Transaction, sign_in: str) -> str:
        """Give an open sign-in a new secret (something about its strength changed); the old one opens nothing."""
        secret = new_secret(self._randomness)
        sign_ins.replace_secret(tx, sign_in, sha256(secret))
        return secret

    def erase(self, tx: Transaction, account: AccountId) -> None:
        """Remove every trace of the account's sign-ins (closing); end them first."""
        sign_ins.erase(tx, account)

    def sweep(self) -> None:
        """Forget sign-ins over for 30 days and browsers not used for a year."""
        now = self._clock.now()
        with self._database.transaction() as tx:
            sign_ins.forget_ended(tx, now - timedelta(days=30))
            sign_ins.forget_devices(tx, now - timedelta(days=365))

    def _is_open(self, row: SignInRow) -> bool:
        now = self._clock.now()
        idle_until = row.last_seen_at + self._lifetimes.idle
        return row.ended_at is None and now < row.expires_at and now < idle_until


def _public(row: SignInRow, held: frozenset[str]) -> SignIn:
    return SignIn(
        id=row.sign_in,
        account=row.account,
        roles=held,
        auth_time=row.auth_time,
        amr=row.amr,
        acr=row.acr,
        device=Device(browser=row.browser, system=row.system),
        last_seen_at=row.last_seen_at,
    )
