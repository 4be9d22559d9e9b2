"""A second step after the password: codes of an app (RFC 6238), or of a sheet that its person printed.

A code is taken once: the app's by a time step that only grows, a printed one by the row that it was. Recovery by
mailed link leaves all this as it is; who lost app and sheet asks, after the password, for the step to go, and it goes a
week later unless somebody uses it meanwhile (docs/decisions/0706).
"""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pyotp

from citizen_account.accounts import Accounts
from citizen_account.authentication import Authentication, Visitor
from citizen_account.challenges import Challenges
from citizen_account.errors import ChallengeOver, WrongOneTimeCode
from citizen_account.sealing import HouseKeys
from citizen_account.store import second_factors
from citizen_account.store.accounts import AccountId
from citizen_account.store.second_factors import AppRow
from config.clock import Clock
from config.database import Database, Transaction
from config.identifiers import Randomness
from config.rate_limits import RateLimits

STEP_SECONDS = 30
SECRET_BYTES = 20
"""160 bits, as RFC 4226 §4 R6 recommends."""
DRIFT_STEPS = (-1, 0, 1)
"""A clock half a minute off is right (RFC 6238 §5.2: at most one step of delay; one of haste for the phone's clock)."""
APP_CODE_FIGURES = 6
PRINTED_CODES = 10
PRINTED_BYTES = 10
"""80 bits, so that a stolen database and lookup key give no code away in useful time."""
TRIES = 5
WINDOW = timedelta(minutes=15)
"""Tries of codes for one account in a window: one in 70,000 at guessing, for who knows the password already."""
SET_UP = "second factor set-up"
SECRET_COLUMN = "account_code_apps.secret_sealed"  # noqa: S105 -- the name of a column
WAIT = timedelta(days=7)
"""How long who lost app and sheet waits: long enough for a notice to be read by whoever the account belongs to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUp:
    """What an app must be given. challenge: proves, at this browser, that the password was."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)
    challenge: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The second step of an account: since when, how many printed codes are left, when it goes (None: it stays)."""

    made_at: datetime
    printed: int
    goes_at: datetime | None


class SecondFactors:
    """Sets up, checks and ends the second step of accounts."""

    def __init__(
        self,
        database: Database,
        accounts: Accounts,
        authentication: Authentication,
        challenges: Challenges,
        house_keys: HouseKeys,
        rate_limits: RateLimits,
        *,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        """house_keys: hashes printed codes. The app's secret is sealed under the account's own key."""
        self._database = database
        self._accounts = accounts
        self._authentication = authentication
        self._challenges = challenges
        self._house_keys = house_keys
        self._rate_limits = rate_limits
        self._clock = clock
        self._randomness = randomness

    def standing(self, account: AccountId) -> Standing | None:
        """The account's second step, None when the password is enough."""
        with self._database.reading() as tx:
            row = second_factors.get(tx, account)
            left = second_factors.unused(tx, account)
        return None if row is None else Standing(made_at=row.made_at, printed=left, goes_at=row.goes_at)

    def begin(self, account: AccountId, password: str, city: str, visitor: Visitor) -> SetUp:
        """A new secret for an app; nothing is kept yet. city: the name that the app shows.

        Raises `WrongPassword`, `TooManyRequests`.
        """
        self._authentication.confirm(account, password, visitor)
        secret = base64.b32encode(self._randomness.bytes(SECRET_BYTES)).decode()
        challenge = self._challenges.make(SET_UP, visitor.browser, f"{account} {secret}")
        return self._set_up(account, secret, challenge.hex(), city)

    def resumed(self, account: AccountId, secret: str, challenge: str, city: str, visitor: Visitor) -> SetUp:
        """The same set-up again, after a wrong code. Raises `ChallengeOver`."""
        self._challenges.check(_unhex(challenge), SET_UP, visitor.browser, f"{account} {secret}")
        return self._set_up(account, secret, challenge, city)

    def add(self, account: AccountId, secret: str, challenge: str, code: str, visitor: Visitor) -> tuple[str, ...]:
        """Keep an app that showed a right code; the codes to print, shown once. The person is told by mail.

        Raises `WrongOneTimeCode`, `ChallengeOver`, `TooManyRequests`; nothing is kept then.
        """
        given = _unhex(challenge)
        self._challenges.check(given, SET_UP, visitor.browser, f"{account} {secret}")
        self._rate_limits.check("second-factor-set-up", account, TRIES * 4, WINDOW)
        step = self._step_of(secret, _bare(code))
        if step is None:
            raise WrongOneTimeCode
        sealed = self._accounts.sealer(account).seal(SECRET_COLUMN, account, secret)
        codes, macs = self._new_codes(account)
        row = AppRow(account=account, secret_sealed=sealed, last_step=step, made_at=self._clock.now())
        with self._database.transaction() as tx:
            self._challenges.use(tx, given)
            second_factors.put(tx, row)
            second_factors.print_codes(tx, account, macs)
            self._accounts.credential_changed(tx, account, "second_factor_added")
        return codes

    def print_again(self, account: AccountId, password: str, code: str, visitor: Visitor) -> tuple[str, ...]:
        """New printed codes; the older ones end. Raises `WrongPassword`, `WrongOneTimeCode`, `TooManyRequests`."""
        check = self._confirmed(account, password, code, visitor)
        codes, macs = self._new_codes(account)
        with self._database.transaction() as tx:
            check.take(tx)
            second_factors.print_codes(tx, account, macs)
            self._accounts.credential_changed(tx, account, "codes_printed")
        return codes

    def remove(self, account: AccountId, password: str, code: str, visitor: Visitor) -> None:
        """End the second step. Raises `WrongPassword`, `WrongOneTimeCode`, `TooManyRequests`; it stays then."""
        check = self._confirmed(account, password, code, visitor)
        with self._database.transaction() as tx:
            check.take(tx)
            second_factors.erase(tx, account)
            self._accounts.credential_changed(tx, account, "second_factor_removed")

    def prove(self, account: AccountId, code: str, counter: str) -> Proof:
        """Look at a code of the app or of the sheet; `Proof.take` uses it up, in the transaction that it allows.

        counter: whose tries are counted. Raises `WrongOneTimeCode`, `TooManyRequests`.
        """
        self._rate_limits.check("second-factor", counter, TRIES, WINDOW)
        with self._database.reading() as tx:
            row = second_factors.get(tx, account)
        if row is None:
            raise WrongOneTimeCode
        bare = _bare(code)
        if len(bare) != APP_CODE_FIGURES:
            return Proof(account, None, self._mac(account, bare), self._clock.now())
        secret = self._accounts.sealer(account).unseal(SECRET_COLUMN, account, row.secret_sealed)
        step = self._step_of(secret, bare)
        if step is None:
            raise WrongOneTimeCode
        return Proof(account, step, b"", self._clock.now())

    # For who lost it

    def let_go(self, account: AccountId) -> datetime:
        """Let the step go in a week, told by mail now; when. Asking again changes nothing."""
        goes_at = self._clock.now() + WAIT
        with self._database.transaction() as tx:
            if second_factors.set_going(tx, account, goes_at):
                self._accounts.credential_changed(tx, account, "second_factor_going")
            row = second_factors.get(tx, account)
        return row.goes_at if row and row.goes_at else goes_at

    def keep(self, account: AccountId) -> None:
        """Let it stay after all."""
        with self._database.transaction() as tx:
            second_factors.keep(tx, account)

    def sweep(self) -> None:
        """End the second steps whose week is over; each person is told by mail."""
        now = self._clock.now()
        with self._database.reading() as tx:
            accounts = second_factors.due(tx, now)
        for account in accounts:
            with self._database.transaction() as tx:
                if second_factors.remove_due(tx, account, now):
                    self._accounts.credential_changed(tx, account, "second_factor_removed")

    def erase(self, tx: Transaction, account: AccountId) -> None:
        """Forget everything of it (closing)."""
        second_factors.erase(tx, account)

    def _set_up(self, account: AccountId, secret: str, challenge: str, city: str) -> SetUp:
        name = self._accounts.email(account) or account
        uri = pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=city)
        return SetUp(secret=secret, uri=uri, challenge=challenge)

    def _confirmed(self, account: AccountId, password: str, code: str, visitor: Visitor) -> Proof:
        self._authentication.confirm(account, password, visitor)
        return self.prove(account, code, account)

    def _step_of(self, secret: str, code: str) -> int | None:
        """The time step that shows this code, None when none near now does."""
        now = int(self._clock.now().timestamp()) // STEP_SECONDS
        app = pyotp.TOTP(secret)
        shown = {now + drift: app.generate_otp(now + drift) for drift in DRIFT_STEPS}
        # Every one is compared, so that time doesn't tell which was near.
        right = [step for step, expected in shown.items() if hmac.compare_digest(expected, code)]
        return max(right, default=None)

    def _new_codes(self, account: AccountId) -> tuple[tuple[str, ...], list[bytes]]:
        made = [base64.b32encode(self._randomness.bytes(PRINTED_BYTES)).decode() for _ in range(PRINTED_CODES)]
        shown = tuple("-".join(code[at : at + 4] for at in range(0, len(code), 4)) for code in made)
        return shown, [self._mac(account, code) for code in made]

    def _mac(self, account: AccountId, bare: str) -> bytes:
        return self._house_keys.lookup("printed code", f"{account} {bare}")


@dataclass(frozen=True, slots=True)
class Proof:
    """A code that may be right: which, until it is taken. step: of the app; mac: of a printed code."""

    account: AccountId
    step: int | None
    mac: bytes = field(repr=False)
    at: datetime

    def take(self, tx: Transaction) -> None:
        """Use it up; a step that was to go stays. Raises `WrongOneTimeCode` when it was used or is none."""
        if self.step is not None:
            taken = second_factors.accept_step(tx, self.account, self.step)
        else:
            taken = second_factors.use_printed(tx, self.account, self.mac, self.at)
        if not taken:
            raise WrongOneTimeCode
        second_factors.keep(tx, self.account)


def _bare(code: str) -> str:
    """What was typed, as it is compared: no spaces or dashes, capital letters; at most 64 signs, ASCII only."""
    bare = "".join(sign for sign in code[:64] if sign.isalnum()).upper()
    return bare if bare.isascii() else ""


def _unhex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise ChallengeOver from None
