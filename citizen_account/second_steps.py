"""Between password and code: who is half signed in holds a sealed note for their browser, and no sign-in.

The note opens one page only. It names the account, ends after ten minutes, at once when the password changes, and is
used up by the sign-in that it leads to.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from citizen_account.authentication import Authentication, HalfSignedIn, Visitor
from citizen_account.challenges import Challenges
from citizen_account.credentials import Credentials
from citizen_account.errors import ChallengeOver, StepOver
from citizen_account.sealing import HouseKeys
from citizen_account.second_factors import SecondFactors
from citizen_account.sessions import PASSWORD_AND_CODE, Sessions, Started
from citizen_account.store.accounts import AccountId
from config.database import Database
from config.errors import KeyRingError

PURPOSE = "second step"
LIFETIME = timedelta(minutes=10)
CHALLENGE_BYTES = 56
MOST_CHARACTERS = 400


@dataclass(frozen=True, slots=True)
class _Opened:
    account: AccountId
    challenge: bytes = field(repr=False)


class SecondSteps:
    """Asks for the code after the password."""

    def __init__(
        self,
        database: Database,
        authentication: Authentication,
        credentials: Credentials,
        second_factors: SecondFactors,
        sessions: Sessions,
        challenges: Challenges,
        house_keys: HouseKeys,
    ) -> None:
        """house_keys: seal the note on every node alike."""
        self._database = database
        self._authentication = authentication
        self._credentials = credentials
        self._second_factors = second_factors
        self._sessions = sessions
        self._challenges = challenges
        self._house_keys = house_keys

    def note(self, half: HalfSignedIn, browser: str) -> str:
        """The note of who gave the password just now, as it stands in an address."""
        about = self._about(half.account)
        challenge = self._challenges.make(PURPOSE, browser, about, lifetime=LIFETIME)
        sealed = self._house_keys.pending.seal(PURPOSE, challenge.hex(), half.account)
        return base64.urlsafe_b64encode(challenge + sealed).decode().rstrip("=")

    def check(self, note: str, visitor: Visitor) -> None:
        """Raise `StepOver` unless the note is of this browser and still good."""
        self._open(note, visitor)

    def finish(self, note: str, code: str, visitor: Visitor, *, replaces: str = "") -> Started:
        """Start the sign-in. replaces: the id of an older one at this browser, which ends.

        Raises `StepOver`, `WrongOneTimeCode`, `TooManyRequests`; a code that was right is used up only by success.
        """
        opened = self._open(note, visitor)
        proof = self._second_factors.prove(opened.account, code, self._counter(opened.account, visitor))
        try:
            with self._database.transaction() as tx:
                self._challenges.use(tx, opened.challenge)
                proof.take(tx)
                return self._authentication.start(tx, opened.account, visitor, amr=PASSWORD_AND_CODE, replaces=replaces)
        except ChallengeOver:
            raise StepOver from None

    def lost(self, note: str, visitor: Visitor) -> datetime:
        """App and sheet are lost: let the step go in a week; when. Raises `StepOver`."""
        return self._second_factors.let_go(self._open(note, visitor).account)

    def _counter(self, account: AccountId, visitor: Visitor) -> str:
        """The account's own browsers have a counter each, so that who found the password locks nobody out."""
        known = self._sessions.knows_device(account, visitor.device_secret)
        return f"{account} {visitor.device_secret}" if known else account

    def _open(self, note: str, visitor: Visitor) -> _Opened:
        try:
            padded = note[:MOST_CHARACTERS] + "=" * (-len(note) % 4)
            whole = base64.b64decode(padded, altchars=b"-_", validate=True)
            challenge, sealed = whole[:CHALLENGE_BYTES], whole[CHALLENGE_BYTES:]
            account = AccountId(self._house_keys.pending.unseal(PURPOSE, challenge.hex(), sealed))
            self._challenges.check(challenge, PURPOSE, visitor.browser, self._about(account))
        except (binascii.Error, ValueError, KeyRingError, ChallengeOver):
            raise StepOver from None
        return _Opened(account, challenge)

    def _about(self, account: AccountId) -> str:
        """The account with its password as it is now: a note made before a change is good for nothing."""
        return f"{account} {self._credentials.fingerprint(account)}"
