"""Proofs and receipts: that an entry is in the log, for whoever holds a checkpoint or wants to check alone.

A receipt is a C2SP tlog-proof: the index, the inclusion path and a signed checkpoint, with the leaf and the opened
fields as extra data. It needs neither database nor keys of the house to be checked.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from audit.entries import EntryId
from audit.errors import UnknownEntry, VerificationError
from audit.sequencer import Sequencer, object_name
from audit.store import entries, log
from audit.tlog import merkle
from audit.tlog.leaf import Leaf
from audit.tlog.receipt import Receipt
from audit.verification import open_fields
from config.database import Database
from config.errors import ObjectMissing
from config.object_store import ObjectStore


@dataclass(frozen=True, slots=True, kw_only=True)
class LogState:
    """What auditors see of the log: what is published, and what waits."""

    origin: str
    size: int
    root: bytes = field(repr=False)
    published_size: int
    vkey: str


class Proofs:
    """Makes receipts and proofs from the tree in the database and the published checkpoint."""

    def __init__(self, database: Database, store: ObjectStore, sequencer: Sequencer) -> None:
        """store: the bucket of the live log."""
        self._database = database
        self._store = store
        self._sequencer = sequencer

    def state(self) -> LogState:
        """The log as it stands."""
        current = self._sequencer.current()
        return LogState(
            origin=current.origin,
            size=current.size,
            root=current.root,
            published_size=current.published_size,
            vkey=self._sequencer.verifier(current.origin).vkey(),
        )

    def checkpoint(self) -> str:
        """The published signed note of the current log. Raises `UnknownEntry` before the first."""
        try:
            note, _ = self._store.get(object_name(self._sequencer.current().generation, "checkpoint"))
        except ObjectMissing:
            raise UnknownEntry from None
        return note.decode()

    def receipt(self, entry: EntryId, opened: Mapping[str, list[str]] | None = None) -> str:
        """The receipt of an entry, with its clear fields open and those of `opened` ({field: [value, key]}) too.

        Raises `UnknownEntry` when there is none, or it isn't published yet.
        """
        with self._database.reading() as tx:
            row = entries.by_id(tx, entry)
            current = log.current(tx)
        if row is None or row.leaf_index is None or current is None or row.generation != current.generation:
            raise UnknownEntry
        note = self.checkpoint()
        published = self._sequencer.published(current)
        if published is None or row.leaf_index >= published.checkpoint.size:
            raise UnknownEntry
        path = merkle.inclusion_proof(
            self._sequencer.node(current.generation),
            row.leaf_index,
            published.checkpoint.size,
        )
        fields = json.loads(row.readable) if row.readable else {}
        fields |= {name: list(pair) for name, pair in (opened or {}).items() if name in fields}
        extra = json.dumps({"leaf": base64.b64encode(row.leaf).decode(), "fields": fields})
        return Receipt(row.leaf_index, tuple(path), extra.encode(), note).encode()

    def check_database(self, first: int = 0) -> int:
        """Hold every readable part against its leaf and every leaf against the tree; how many were checked.

        Raises `VerificationError` naming the first entry that differs.
        """
        current = self._sequencer.current()
        with self._database.reading() as tx:
            rows = entries.at(tx, current.generation, first, current.size)
        if [row.leaf_index for row in rows] != list(range(first, current.size)):
            message = f"an entry between {first} and {current.size} is missing in the database"
            raise VerificationError(message)
        node = self._sequencer.node(current.generation)
        for row in rows:
            if row.leaf_index is not None and node(0, row.leaf_index) != merkle.leaf_hash(row.leaf):
                message = f"entry {row.leaf_index} is not what the log committed"
                raise VerificationError(message)
            if row.readable:
                open_fields(Leaf.parse(row.leaf), json.loads(row.readable))
        return len(rows)
