"""Challenges: random values that a passkey signs (WebAuthn Level 3 §13.4.3), each for one purpose and one answer.

A challenge carries when it ends and a MAC over itself, its purpose, the browser it was made for and whom it is about;
asking for one therefore stores nothing, and a flood of page views fills no table. What is kept, in the transaction that
the answer begins, is that it was used (docs/decisions/0705).
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

from citizen_account.errors import ChallengeOver
from citizen_account.sealing import HouseKeys
from citizen_account.store import used_challenges
from config.clock import Clock
from config.database import Database, Transaction
from config.identifiers import Randomness

LIFETIME = timedelta(hours=1)
"""As long as a page with one may lie open before its button is pressed."""
NONCE_BYTES = 16
TIME_BYTES = 8
MAC_BYTES = 32


class Challenges:
    """Makes challenges, knows its own again, and takes each once."""

    def __init__(self, database: Database, house_keys: HouseKeys, *, clock: Clock, randomness: Randomness) -> None:
        """house_keys: the same on every node."""
        self._database = database
        self._house_keys = house_keys
        self._clock = clock
        self._randomness = randomness

    def make(self, purpose: str, browser: str, about: str = "", *, lifetime: timedelta = LIFETIME) -> bytes:
        """A challenge of 56 bytes. browser: the value that it alone holds; about: an account, or empty."""
        ends = int((self._clock.now() + lifetime).timestamp())
        head = self._randomness.bytes(NONCE_BYTES) + ends.to_bytes(TIME_BYTES, "big")
        return head + self._mac(head, purpose, browser, about)

    def check(self, challenge: bytes, purpose: str, browser: str, about: str = "") -> None:
        """Raise `ChallengeOver` unless it was made here for exactly this and its time isn't over."""
        head, mac = challenge[:-MAC_BYTES], challenge[-MAC_BYTES:]
        made_here = hmac.compare_digest(mac, self._mac(head, purpose, browser, about))
        if len(head) != NONCE_BYTES + TIME_BYTES or not made_here or self._clock.now() >= _ends(challenge):
            raise ChallengeOver

    def use(self, tx: Transaction, challenge: bytes) -> None:
        """Take a checked challenge. Raises `ChallengeOver` when another answer was faster."""
        # Conditional: of two answers at once, on whatever nodes, one finds it used.
        if not used_challenges.use(tx, hashlib.sha256(challenge).digest(), _ends(challenge)):
            raise ChallengeOver

    def sweep(self) -> None:
        """Forget which were used once their hour is over."""
        with self._database.transaction() as tx:
            used_challenges.forget(tx, self._clock.now() - timedelta(minutes=1))

    def _mac(self, head: bytes, purpose: str, browser: str, about: str) -> bytes:
        return self._house_keys.lookup(f"challenge {purpose}", f"{head.hex()} {browser} {about}")


def _ends(challenge: bytes) -> datetime:
    return datetime.fromtimestamp(int.from_bytes(challenge[NONCE_BYTES : NONCE_BYTES + TIME_BYTES], "big"), UTC)
