"""Append: the only way into the ledger, always in the transaction of the act itself."""

from __future__ import annotations

import json
from datetime import datetime

from audit import keys
from audit.entries import Entry, EntryId, PersonId, Term
from audit.store import entries, log, people
from audit.store.log import ENDINGS
from audit.tlog import endings
from audit.tlog.leaf import Leaf, commit, field_key, fields_root
from config.clock import Clock
from config.database import Transaction
from config.identifiers import Randomness, new_id


class Ledger:
    """Writes entries."""

    def __init__(self, clock: Clock, randomness: Randomness) -> None:
        """clock: what an entry says of its time."""
        self._clock = clock
        self._randomness = randomness

    def new_entry_id(self) -> EntryId:
        """An id for an entry that a key must name as its cause before it is written."""
        return EntryId(new_id(self._randomness))

    def append(self, tx: Transaction, entry: Entry, *, entry_id: EntryId | None = None) -> EntryId:
        """Write an entry with the act that it tells of: both commit or neither.

        Needs no secret: each person's half is encrypted to their public key. Persons the ledger does not know have
        no half. An act on the house itself, which names no persons, concerns whoever did it. entry_id: one of
        `new_entry_id`, unused; else one is made. Three queries at most: persons, entry, halves; a fourth for what
        ends something.
        """
        made = entry_id or self.new_entry_id()
        concerned = entry.persons or ((PersonId(entry.actor),) if entry.actor else ())
        known = people.persons(tx, concerned) if concerned else []
        now = self._clock.now()
        secret = self._randomness.bytes(32)
        pseudonyms = " ".join(sorted(row.pseudonym for row in known))
        named = [("kind", entry.kind, True), ("persons", pseudonyms, True), *entry.values()]
        committed = [(name, value, clear, field_key(secret, name)) for name, value, clear in named]
        commitments = [commit(key, name, value) for name, value, _, key in committed]
        readable = {
            name: [value, key.hex()] if clear else [commitment.hex()]
            for (name, value, clear, key), commitment in zip(committed, commitments, strict=True)
        }
        leaf = Leaf(int(now.timestamp()), fields_root(commitments))
        hidden = {name: [value, key.hex()] for name, value, clear, key in committed if not clear}
        halves = [self._half(made, row, entry.term, now, json.dumps(hidden).encode()) for row in known]
        values = dict(entry_values(entry))
        endings_key = log.signer(tx, ENDINGS) if entry.ends else None
        opened = {name: [value, key.hex()] for name, value, _, key in committed}
        row = {
            "id": made,
            "leaf": leaf.encode(),
            "time": now,
            "kind": entry.kind,
            "outcome": str(entry.outcome),
            "readable": json.dumps(readable),
            "ending": endings.seal(endings_key.public_key, leaf.encode(), opened) if endings_key else None,
            **{name: values.get(name) for name in ("client", "document_type", "purpose")},
        }
        entries.add(tx, row, halves)
        return made

    def alarm(self, tx: Transaction, code: str, reference: str) -> None:
        """Keep something that people must look at, once: it is no act, so no entry."""
        log.raise_alarm(tx, code, reference, self._clock.now())

    def _half(
        self, entry: EntryId, row: people.PersonRow, term: Term, now: datetime, content: bytes
    ) -> entries.HalfRow:
        public = row.exchange_public if term is Term.EXCHANGE else row.account_public
        sealed = keys.seal(public, entry, content)
        return entries.HalfRow(entry=entry, pseudonym=row.pseudonym, time=now, term=term, sealed=sealed)


def entry_values(entry: Entry) -> list[tuple[str, str]]:
    """(field, value) of the search columns."""
    return [(name, value) for name, value, clear in entry.values() if clear]


def pseudonym_of(tx: Transaction, person: PersonId) -> str | None:
    """The person's ledger pseudonym, for the auditor's search."""
    known = people.persons(tx, [person])
    return known[0].pseudonym if known else None
