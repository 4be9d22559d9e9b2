"""Signing in by address and password; asking for the password again; changing it.

Every path costs the same whether an account exists or not: two counters, two queries, one argon2id computation, and on
failure one job that writes the entry of a failed attempt where there is an account to write it for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

from audit.entries import ActorKind, Outcome, PersonId, SignedIn
from audit.ledger import Ledger
from citizen_account.addresses import EmailAddress
from citizen_account.assurance import LOW, SEVERAL, acr_of
from citizen_account.credentials import Credentials
from citizen_account.errors import BadAddress, WrongPassword
from citizen_account.sealing import HouseKeys, sha256
from citizen_account.sessions import PASSWORD, Device, Sessions, Started
from citizen_account.store import accounts, addresses, passkeys, second_factors
from citizen_account.store.accounts import AccountId
from citizen_account.store.addresses import EMAIL
from config.clock import Clock
from config.database import Database, Transaction
from config.jobs import Jobs, Payload
from config.rate_limits import RateLimits

WINDOW = timedelta(minutes=15)
TRIES_ACCOUNT = 10
"""Tries for one account from browsers that it doesn't know, in a window. Its own browsers have a counter each, so that
nobody is locked out by a stranger."""
TRIES_NETWORK = 100
"""Tries from one network address in a window: a library's visitors share one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who is at the door: the browser, as far as it shows itself. network: an address, IPv6 as its /64."""

    browser: str = field(repr=False)
    device_secret: str = field(repr=False)
    device: Device
    network: str = field(repr=False)
    language: str


@dataclass(frozen=True, slots=True)
class FailedSignIn(Payload):
    """Write the entry of a failed attempt, if the keyed hash of the address is an account's; one a minute."""

    kind: ClassVar[str] = "failed_sign_in"
    lookup: str


@dataclass(frozen=True, slots=True)
class NewDevice(Payload):
    """Tell the person that their account was used at a browser it did not know."""

    kind: ClassVar[str] = "new_device"
    account: str
    sign_in: str


@dataclass(frozen=True, slots=True)
class HalfSignedIn:
    """Whose password was right; the account asks for a second step, and nobody is signed in yet."""

    account: AccountId


class Authentication:
    """Signs people in."""

    def __init__(
        self,
        database: Database,
        credentials: Credentials,
        sessions: Sessions,
        house_keys: HouseKeys,
        rate_limits: RateLimits,
        ledger: Ledger,
        jobs: Jobs,
        *,
        clock: Clock,
    ) -> None:
        """jobs: notices, and entries of failed attempts."""
        self._database = database
        self._credentials = credentials
        self._sessions = sessions
        self._house_keys = house_keys
        self._rate_limits = rate_limits
        self._ledger = ledger
        self._jobs = jobs
        self._clock = clock

    def sign_in(
        self, untrusted_email: str, password: str, visitor: Visitor, *, replaces: str = ""
    ) -> Started | HalfSignedIn:
        """Start a sign-in, or say that a second step must come. replaces: an older one at this browser, which ends.

        Raises `WrongPassword` (the same whatever was wrong), `TooManyRequests`.
        """
        key = email_key(untrusted_email)
        lookup = self._house_keys.lookup(EMAIL, key).hex()
        self._rate_limits.check("sign-in-network", visitor.network, TRIES_NETWORK, WINDOW)
        found = self._credentials.find(key, sha256(visitor.device_secret))
        counter = f"{lookup} {visitor.device_secret}" if found.known_device else lookup
        self._rate_limits.check("sign-in-account", counter, TRIES_ACCOUNT, WINDOW)
        if not self._credentials.matches(found.hash, password) or found.account is None:
            self._failed(lookup)
            raise WrongPassword
        refreshed = self._credentials.refreshed(found.hash or "", password)
        with self._database.transaction() as tx:
            if refreshed:
                self._credentials.put(tx, found.account, refreshed)
            if second_factors.get(tx, found.account):
                return HalfSignedIn(found.account)
            return self.start(tx, found.account, visitor, replaces=replaces)

    def verify(self, untrusted_email: str, password: str) -> AccountId | None:
        """Whose address and password these are, without a sign-in: for the command line. Raises `TooManyRequests`."""
        key = email_key(untrusted_email)
        self._rate_limits.check("verify-account", self._house_keys.lookup(EMAIL, key).hex(), TRIES_ACCOUNT, WINDOW)
        found = self._credentials.find(key, sha256(""))
        return found.account if self._credentials.matches(found.hash, password) else None

    def start(
        self,
        tx: Transaction,
        account: AccountId,
        visitor: Visitor,
        *,
        amr: tuple[str, ...] = PASSWORD,
        replaces: str = "",
    ) -> Started:
        """Start a sign-in of an account that was just proven; a new device is told by mail.

        amr: by what (RFC 8176). replaces: an older one at this browser, which ends.
        """
        if replaces:
            self._sessions.end_in(tx, replaces, "signed_in_again")
        acr = acr_of(amr, accounts.levels_of(tx, account) if SEVERAL in amr else {})
        started = self._sessions.start(
            tx, account, device=visitor.device, device_secret=visitor.device_secret, amr=amr, acr=acr
        )
        if started.new_device:
            self._jobs.enqueue(tx, NewDevice(account, started.id))
        return started

    def reachable_acr(self, account: str) -> str:
        """The acr that the account would reach by all its ways to sign in."""
        with self._database.reading() as tx:
            several = second_factors.get(tx, account) or passkeys.of_account(tx, account)
            return acr_of((SEVERAL,), accounts.levels_of(tx, account)) if several else LOW

    def confirm(self, account: AccountId, password: str, visitor: Visitor) -> None:
        """Ask for the password again before something grave. Raises `WrongPassword`, `TooManyRequests`."""
        self._rate_limits.check("sign-in-network", visitor.network, TRIES_NETWORK, WINDOW)
        self._rate_limits.check("confirm-account", account, TRIES_ACCOUNT, WINDOW)
        if not self._credentials.check(account, password):
            raise WrongPassword

    def change_password(
        self, account: AccountId, sign_in: str, current: str, new: str, visitor: Visitor, about: tuple[str, ...] = ()
    ) -> str:
        """Change the password; every other sign-in ends. The new secret of this sign-in's cookie.

        about: words about the person, no good part of a password. Raises `WrongPassword`, `WeakPassword`,
        `TooManyRequests`; nothing has changed then.
        """
        self.confirm(account, current, visitor)
        hashed = self._credentials.hash_new(new, about)
        with self._database.transaction() as tx:
            self._credentials.change(tx, account, hashed)
            self._sessions.end_all(tx, account, but=sign_in, reason="password_changed")
            return self._sessions.renew(tx, sign_in)

    def record_failure(self, lookup: bytes) -> None:
        """Write the entry of a failed attempt, if there is an account (the job `FailedSignIn`)."""
        with self._database.transaction() as tx:
            row = addresses.find(tx, EMAIL, lookup)
            if row is None:
                return
            entry = SignedIn(
                actor_kind=ActorKind.CITIZEN,
                outcome=Outcome.REFUSED,
                persons=(PersonId(row.account),),
                amr=" ".join(PASSWORD),
            )
            self._ledger.append(tx, entry)

    def _failed(self, lookup: str) -> None:
        minute = int(self._clock.now().timestamp()) // 60
        with self._database.transaction() as tx:
            self._jobs.enqueue(tx, FailedSignIn(lookup), unique=f"failed_sign_in:{lookup}:{minute}")


def email_key(untrusted_email: str) -> str:
    """The form in which a mailbox is found; what is no address at all finds nothing, at the same cost."""
    try:
        return EmailAddress.parse(untrusted_email).key
    except BadAddress:
        return untrusted_email.strip().casefold()[:254]
