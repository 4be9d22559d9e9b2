"""What people tell about themselves, sealed: values under a key of their account, the account's key under the ring.

Format 1 of a sealed value: 1 byte (1), 12 bytes nonce, AES-256-GCM ciphertext with tag. Its associated data names the
column and the row, so that a value moved to another row does not open. Destroying an account's key makes its values
noise here; destroying the root version does the same to backups (docs/decisions/0701-account-keys.md).
"""

from __future__ import annotations

import hashlib
import hmac
import threading
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from audit.entries import ActorKind, EntryId, JobRun
from audit.ledger import Ledger
from citizen_account.errors import NoSuchAccount
from citizen_account.store import keys
from citizen_account.store.accounts import AccountId
from config.clock import Clock
from config.database import Database, Transaction
from config.errors import KeyRingError
from config.identifiers import Randomness
from config.key_ring import KeyRing, WrappedKey

KEPT_SECONDS = 60.0
"""How long an opened account key stays in memory."""
KEPT_KEYS = 10_000
FORMAT = b"\x01"
NONCE_BYTES = 12
KEY_BYTES = 32
BATCH = 100


class Sealer:
    """Seals and opens texts under one key."""

    def __init__(self, key: bytes, randomness: Randomness) -> None:
        """key: 32 bytes."""
        self._cipher = AESGCM(key)
        self._randomness = randomness

    def seal(self, column: str, row: str, text: str) -> bytes:
        """The sealed value for that column of that row."""
        nonce = self._randomness.bytes(NONCE_BYTES)
        return FORMAT + nonce + self._cipher.encrypt(nonce, text.encode(), f"{column}:{row}".encode())

    def unseal(self, column: str, row: str, sealed: bytes) -> str:
        """The text. Raises `KeyRingError` for another key, column or row, or a changed value."""
        if sealed[:1] != FORMAT:
            message = "not a sealed value"
            raise KeyRingError(message)
        nonce, ciphertext = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, ciphertext, f"{column}:{row}".encode()).decode()
        except InvalidTag:
            message = "a sealed value does not open"
            raise KeyRingError(message) from None


@dataclass(frozen=True, slots=True)
class NewAccountKey:
    """A key made for an account, wrapped; `AccountKeys.add` keeps it."""

    account: AccountId
    wrapped: bytes = field(repr=False)
    sealer: Sealer = field(repr=False)


class Openings:
    """The entries that say that keys are opened: one a minute and node, the cause that each unwrap names."""

    def __init__(self, database: Database, ledger: Ledger, clock: Clock, job: str) -> None:
        """job: what the entries say is done."""
        self._database = database
        self._ledger = ledger
        self._clock = clock
        self._job = job
        self._lock = threading.Lock()
        self._made: tuple[float, EntryId] | None = None

    def cause(self) -> EntryId:
        """The entry of this minute, committed. Opens a transaction."""
        now = self._clock.monotonic()
        with self._lock:
            if self._made is None or now - self._made[0] >= KEPT_SECONDS:
                with self._database.transaction() as tx:
                    entry = self._ledger.append(tx, JobRun(actor_kind=ActorKind.JOB, job=self._job))
                self._made = (now, entry)
            return self._made[1]


class AccountKeys:
    """The keys of accounts: made, opened for a minute, destroyed, rewrapped."""

    def __init__(
        self, database: Database, key_ring: KeyRing, ledger: Ledger, *, clock: Clock, randomness: Randomness
    ) -> None:
        """key_ring: the ring named "provider"."""
        self._database = database
        self._openings = Openings(database, ledger, clock, "account_keys_opened")
        self._ring = key_ring
        self._clock = clock
        self._randomness = randomness
        self._opened: dict[str, tuple[float, Sealer]] = {}
        self._lock = threading.Lock()

    def make(self, account: AccountId) -> NewAccountKey:
        """A new key for an account. Calls the ring: outside any transaction."""
        key = self._randomness.bytes(KEY_BYTES)
        wrapped = self._ring.wrap(key, _context(account))
        return NewAccountKey(account, wrapped.encode(), Sealer(key, self._randomness))

    def add(self, tx: Transaction, new: NewAccountKey) -> None:
        """Keep it."""
        keys.add_account_key(tx, new.account, new.wrapped)

    def opened(self, account: str) -> Sealer:
        """The account's sealer. May call the ring: outside any transaction. Raises `NoSuchAccount`."""
        now = self._clock.monotonic()
        with self._lock:
            kept = self._opened.get(account)
        if kept and now - kept[0] < KEPT_SECONDS:
            return kept[1]
        with self._database.reading() as tx:
            wrapped = keys.account_key(tx, account)
        if wrapped is None:
            raise NoSuchAccount
        key = self._ring.unwrap(WrappedKey.decode(wrapped), _context(account), cause=self._openings.cause())
        sealer = Sealer(key, self._randomness)
        with self._lock:
            if len(self._opened) >= KEPT_KEYS:
                self._opened.clear()
            self._opened[account] = (now, sealer)
        return sealer

    def destroy(self, tx: Transaction, account: AccountId) -> None:
        """Destroy the account's key here. Other nodes forget it within a minute."""
        keys.destroy_account_key(tx, account)
        with self._lock:
            self._opened.pop(account, None)

    def rewrap_all(self, cause: str) -> int:
        """Wrap every key under the ring's current root version; how many were. Repeatable, also while people work.

        cause: id of the entry that says so.
        """
        done = self._rewrap_house(cause)
        after = ""
        while True:
            with self._database.reading() as tx:
                rows = keys.account_keys_after(tx, after, BATCH)
            if not rows:
                return done
            for account, wrapped in rows:
                new = self._rewrapped(wrapped, _context(account), cause)
                if new:
                    with self._database.transaction() as tx:
                        done += keys.rewrap_account_key(tx, account, wrapped, new)
            after = rows[-1][0]

    def _rewrap_house(self, cause: str) -> int:
        done = 0
        for name in HouseKeys.NAMES:
            with self._database.reading() as tx:
                wrapped = keys.house_key(tx, name)
            new = self._rewrapped(wrapped, {"owner": "house", "kind": name}, cause) if wrapped else None
            if wrapped and new:
                with self._database.transaction() as tx:
                    done += keys.rewrap_house_key(tx, name, wrapped, new)
        return done

    def _rewrapped(self, wrapped: bytes, context: dict[str, str], cause: str) -> bytes | None:
        old = WrappedKey.decode(wrapped)
        if old.version == self._ring.current_version:
            return None
        return self._ring.wrap(self._ring.unwrap(old, context, cause=cause), context).encode()


class HouseKeys:
    """The house's own keys: one to find addresses by, one to seal what belongs to no account yet, one for forms."""

    LOOKUP = "lookup"
    PENDING = "pending"
    FORMS = "forms"
    NAMES = (LOOKUP, PENDING, FORMS)

    def __init__(
        self, database: Database, key_ring: KeyRing, ledger: Ledger, *, clock: Clock, randomness: Randomness
    ) -> None:
        """Opens the keys, making those that aren't there yet. key_ring: the ring named "provider"."""
        cause = Openings(database, ledger, clock, "house_keys_opened").cause()
        self._keys = {name: _open_house_key(database, key_ring, randomness, name, cause) for name in self.NAMES}
        self.pending = Sealer(self._keys[self.PENDING], randomness)

    @property
    def forms(self) -> bytes:
        """Signs the hidden fields of forms; the same on every node."""
        return self._keys[self.FORMS]

    def lookup(self, kind: str, text: str) -> bytes:
        """The keyed hash by which a normalised text of that kind is found: 32 bytes."""
        return hmac.digest(self._keys[self.LOOKUP], f"{kind}:{text}".encode(), hashlib.sha256)


def sha256(secret: str) -> bytes:
    """What is kept of a 256-bit secret."""
    return hashlib.sha256(secret.encode()).digest()


def _context(account: str) -> dict[str, str]:
    return {"owner": account, "kind": "account"}


def _open_house_key(database: Database, ring: KeyRing, randomness: Randomness, name: str, cause: str) -> bytes:
    context = {"owner": "house", "kind": name}
    with database.reading() as tx:
        wrapped = keys.house_key(tx, name)
    if wrapped is None:
        made = ring.wrap(randomness.bytes(KEY_BYTES), context).encode()
        with database.transaction() as tx:
            keys.add_house_key(tx, name, made)
            wrapped = keys.house_key(tx, name) or made
    return ring.unwrap(WrappedKey.decode(wrapped), context, cause=cause)
