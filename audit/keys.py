"""The ledger keys of each person: two key pairs, so that writing needs no secret and only reading opens a key.

An entry's sealed half is encrypted to the person's public key (HPKE, RFC 9180); the private halves are wrapped under
the ledger's own root. Exchanges stay readable for their legal term, the rest until the account closes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from audit.entries import PersonId, Term
from audit.errors import UnknownEntry
from audit.store import entries, people
from config.clock import Clock
from config.database import Database, Transaction
from config.identifiers import Randomness, new_id, new_secret
from config.key_ring import KeyRing, WrappedKey

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
OPEN_SECONDS = 60
"""How long a node keeps a person's opened keys."""
_KEPT = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPerson:
    """A person's keys, made outside a transaction, ready to be added in one."""

    row: people.PersonRow
    keys: tuple[people.KeyRow, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class OpenKeys:
    """A person's opened keys, by term."""

    pseudonym: str
    private: dict[str, X25519PrivateKey] = field(repr=False)

    def open(self, term: str, entry: str, sealed: bytes) -> bytes | None:
        """The content of a sealed half; None when that term's key is gone."""
        key = self.private.get(term)
        if key is None:
            return None
        try:
            return _SUITE.decrypt(sealed, key, _info(entry))
        except (InvalidTag, ValueError):
            return None


def seal(public_key: bytes, entry: str, content: bytes) -> bytes:
    """Encrypt a half to a person's public key, bound to its entry."""
    return _SUITE.encrypt(content, X25519PublicKey.from_public_bytes(public_key), _info(entry))


def _info(entry: str) -> bytes:
    return b"citizen-account/ledger-half/1/" + entry.encode()


class LedgerKeys:
    """Makes, opens, sets aside and destroys the ledger keys of persons."""

    def __init__(self, database: Database, key_ring: KeyRing, clock: Clock, randomness: Randomness) -> None:
        """key_ring: the one named `ledger`, apart from the papers' own."""
        self._database = database
        self._ring = key_ring
        self._clock = clock
        self._randomness = randomness
        self._open: dict[str, tuple[float, OpenKeys]] = {}

    def make(self, person: PersonId) -> NewPerson:
        """Keys for a person the ledger does not know yet. Call it before the transaction that calls `add`."""
        pseudonym = new_id(self._randomness)
        private = {term: X25519PrivateKey.from_private_bytes(self._randomness.bytes(32)) for term in Term}
        rows = tuple(
            people.KeyRow(
                pseudonym=pseudonym,
                term=term,
                wrapped=self._ring.wrap(key.private_bytes_raw(), _context(pseudonym, term)).encode(),
            )
            for term, key in private.items()
        )
        row = people.PersonRow(
            person=person,
            pseudonym=pseudonym,
            exchange_public=private[Term.EXCHANGE].public_key().public_bytes_raw(),
            account_public=private[Term.ACCOUNT].public_key().public_bytes_raw(),
        )
        return NewPerson(row=row, keys=rows)

    def add(self, tx: Transaction, new: NewPerson) -> None:
        """Make the ledger know the person: entries from now on have a half for them."""
        people.add_person(tx, new.row)
        for key in new.keys:
            people.add_key(tx, key)

    def opened(self, person: PersonId) -> OpenKeys | None:
        """The person's keys if this node opened them within the last minute."""
        kept = self._open.get(person)
        return kept[1] if kept and kept[0] > self._clock.monotonic() else None

    def open(self, person: PersonId, cause: str) -> OpenKeys:
        """Open the person's keys; `cause` is the id of the entry that says so, committed before.

        Raises `UnknownEntry` when the ledger does not know the person (any more).
        """
        with self._database.reading() as tx:
            known = people.persons(tx, [person])
            rows = people.keys_of(tx, known[0].pseudonym) if known else []
        if not known:
            raise UnknownEntry
        keys = self._unwrapped(known[0].pseudonym, rows, cause)
        if len(self._open) >= _KEPT:
            self._open.clear()
        self._open[person] = (self._clock.monotonic() + OPEN_SECONDS, keys)
        return keys

    def open_with_code(self, code: str, cause: str) -> OpenKeys:
        """Open what was set aside when an account closed, with the closing receipt's code. Raises `UnknownEntry`."""
        with self._database.reading() as tx:
            row = people.key_by_code(tx, hashlib.sha256(code.encode()).digest())
        if row is None:
            raise UnknownEntry
        return self._unwrapped(row.pseudonym, [row], cause)

    def open_set_aside(self, pseudonym: str, cause: str) -> OpenKeys:
        """Open what was set aside under a pseudonym, for an auditor with a reason. Raises `UnknownEntry`."""
        with self._database.reading() as tx:
            row = people.key_set_aside(tx, pseudonym)
        if row is None:
            raise UnknownEntry
        return self._unwrapped(row.pseudonym, [row], cause)

    def new_code(self) -> tuple[str, bytes]:
        """A code for a closing receipt, shown once, and its SHA-256, which is kept."""
        code = new_secret(self._randomness)
        return code, hashlib.sha256(code.encode()).digest()

    def last_exchange(self, tx: Transaction, person: PersonId) -> datetime | None:
        """When the last exchange of a person was; None when there is none."""
        known = people.persons(tx, [person])
        return entries.last_half(tx, known[0].pseudonym, Term.EXCHANGE) if known else None

    def close(self, tx: Transaction, person: PersonId, code_sha256: bytes, destroy_exchanges_at: datetime) -> None:
        """Close a person's ledger: the account key is gone, exchanges are set aside under the code until that time.

        The pseudonym no longer leads to the person.
        """
        for known in people.persons(tx, [person]):
            people.destroy_key(tx, known.pseudonym, Term.ACCOUNT)
            people.set_aside(tx, known.pseudonym, Term.EXCHANGE, code_sha256, destroy_exchanges_at)
        people.forget_person(tx, person)
        self._open.pop(person, None)

    def destroy_due(self) -> int:
        """Destroy the keys that were set aside and whose term is over; how many."""
        with self._database.transaction() as tx:
            return people.destroy_due(tx, self._clock.now())

    def rewrap_all(self, cause: str) -> int:
        """Bring every key under the ring's current root version; how many changed. Can be repeated."""
        with self._database.reading() as tx:
            rows = people.every_key(tx)
        changed = 0
        for row in rows:
            wrapped = WrappedKey.decode(row.wrapped)
            if wrapped.version == self._ring.current_version:
                continue
            context = _context(row.pseudonym, row.term)
            again = self._ring.wrap(self._ring.unwrap(wrapped, context, cause=cause), context).encode()
            with self._database.transaction() as tx:
                changed += people.replace_wrapped(tx, row, again)
        return changed

    def _unwrapped(self, pseudonym: str, rows: list[people.KeyRow], cause: str) -> OpenKeys:
        private = {}
        for row in rows:
            raw = self._ring.unwrap(WrappedKey.decode(row.wrapped), _context(pseudonym, row.term), cause=cause)
            private[row.term] = X25519PrivateKey.from_private_bytes(raw)
        return OpenKeys(pseudonym, private)


def _context(pseudonym: str, term: str) -> dict[str, str]:
    return {"owner": pseudonym, "key": f"ledger-{term}"}
