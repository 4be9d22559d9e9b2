"""Ways to sign in. Today: a password, checked against its rules and kept as an argon2id hash."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from citizen_account.passwords import Passwords, check_rules
from citizen_account.sealing import HouseKeys, sha256
from citizen_account.store import credentials, sign_ins
from citizen_account.store.accounts import AccountId
from citizen_account.store.addresses import EMAIL
from citizen_account.store.credentials import PasswordRow
from config.clock import Clock
from config.database import Database, Transaction
from config.jobs import Jobs, Payload


@dataclass(frozen=True, slots=True)
class CredentialChanged(Payload):
    """Tell the person that a credential changed.

    what: a key of `citizen_account.jobs.CHANGED`; address: a former one to tell, or empty.
    """

    kind: ClassVar[str] = "credential_changed"
    account: str
    what: str
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What sign-in needs of an address: whose it is, the hash, whether this browser was used before."""

    account: AccountId | None
    hash: str | None = field(repr=False)
    known_device: bool


class Credentials:
    """Sets, finds and checks passwords."""

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        house_keys: HouseKeys,
        jobs: Jobs,
        *,
        clock: Clock,
        context_words: tuple[str, ...] = (),
    ) -> None:
        """context_words: the city's and the service's names, no good part of a password here."""
        self._database = database
        self._passwords = passwords
        self._house_keys = house_keys
        self._jobs = jobs
        self._clock = clock
        self._context = context_words

    def hash_new(self, password: str, about: tuple[str, ...] = ()) -> str:
        """The hash of a new password. Raises `WeakPassword`; nothing was hashed then. Outside any transaction."""
        check_rules(password, (*self._context, *about))
        return self._passwords.hash(password)

    def find(self, email_key: str, device_sha256: bytes) -> Found:
        """What is kept for a mailbox: the same two queries whether it is known or not."""
        with self._database.reading() as tx:
            row = credentials.find(tx, EMAIL, self._house_keys.lookup(EMAIL, email_key))
            known = sign_ins.knows_device(tx, row.account if row else "", device_sha256)
        return Found(account=row.account if row else None, hash=row.hash if row else None, known_device=known)

    def matches(self, kept: str | None, password: str) -> bool:
        """See `Passwords.matches`: one argon2id computation in every case."""
        return self._passwords.matches(kept, password)

    def refreshed(self, kept: str, password: str) -> str | None:
        """A new hash of a password just checked, where the old one has outdated parameters."""
        return self._passwords.hash(password) if self._passwords.is_outdated(kept) else None

    def check(self, account: AccountId, password: str) -> bool:
        """Whether this is the account's password."""
        with self._database.reading() as tx:
            row = credentials.get(tx, account)
        return self._passwords.matches(row.hash if row else None, password)

    def fingerprint(self, account: str) -> str:
        """A text that is another one after every change of the password; empty without a password."""
        with self._database.reading() as tx:
            row = credentials.get(tx, account)
        return sha256(row.hash).hex() if row else ""

    def has_password(self, account: str) -> bool:
        """Whether the account can sign in by password."""
        with self._database.reading() as tx:
            return credentials.get(tx, account) is not None

    def put(self, tx: Transaction, account: AccountId, password_hash: str) -> None:
        """Keep a hash in the place of an older one, saying nothing to anybody (a new account, a refreshed hash)."""
        credentials.put(tx, PasswordRow(account=account, hash=password_hash, changed_at=self._clock.now()))

    def change(self, tx: Transaction, account: AccountId, password_hash: str) -> None:
        """The same, and tell the person by mail."""
        self.put(tx, account, password_hash)
        self._jobs.enqueue(tx, CredentialChanged(account, "password"))

    def erase(self, tx: Transaction, account: AccountId) -> None:
        """Forget every way to sign in (closing)."""
        credentials.remove(tx, account)
