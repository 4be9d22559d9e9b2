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
from audit.errors import LogClosedError, UnknownEntry, VerificationError
from audit.inspection import inspect
from audit.sequencer import Sequencer
from audit.store import entries, log
from audit.tlog import merkle
from audit.tlog.receipt import Receipt
from config.clock import Clock
from config.database import Database
from config.errors import ObjectStoreError

LOOK_EVERY_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LogState:
    """What auditors see of the log: what is published, and what waits."""

    origin: str
    generation: int
    """0, or how many logs were closed before this one."""
    size: int
    root: bytes = field(repr=False)
    published_size: int
    vkey: str


class Proofs:
    """Makes receipts and proofs from the tree in the database and the published checkpoint."""

    def __init__(self, database: Database, sequencer: Sequencer, clock: Clock) -> None:
        """sequencer: reads the live log."""
        self._database = database
        self._sequencer = sequencer
        self._clock = clock
        self._trouble = ""
        self._look_at = float("-inf")

    def state(self) -> LogState:
        """The log as it stands."""
        current = self._sequencer.current()
        return LogState(
            origin=current.origin,
            generation=current.generation,
            size=current.size,
            root=current.root,
            published_size=current.published_size,
            vkey=self._sequencer.verifier(current.origin).vkey(),
        )

    def trouble(self) -> str:
        """Why nothing is published until people have looked; empty when nothing is wrong. Looks at most every 5 s."""
        now = self._clock.monotonic()
        if now >= self._look_at:
            self._trouble = self._looked()
            self._look_at = now + LOOK_EVERY_SECONDS
        return self._trouble

    def _looked(self) -> str:
        try:
            current = self._sequencer.current()
            if self._sequencer.published(current) is None and current.published_size:
                return f"the checkpoint of {current.published_size} entries that was published is gone"
        except (VerificationError, LogClosedError) as error:
            return str(error)
        except ObjectStoreError:
            return "the object store does not answer"
        return ""

    def checkpoint(self) -> str:
        """The published signed note of the current log. Raises `UnknownEntry` before the first."""
        seen = self._sequencer.published(self._sequencer.current())
        if seen is None:
            raise UnknownEntry
        return seen.note

    def read_published(self, path: str) -> bytes | None:
        """What the live log holds under a path of tlog-tiles, as the public reads it."""
        return self._sequencer.read_published(path)

    def consistency(self, first: int) -> tuple[list[bytes], str]:
        """The proof that the published log continues the one of `first` entries, and the checkpoint it leads to.

        For whoever kept a checkpoint and watches no tiles. Raises `UnknownEntry` when less is published.
        """
        current = self._sequencer.current()
        seen = self._sequencer.published(current)
        if seen is None or not 0 <= first <= seen.checkpoint.size:
            raise UnknownEntry
        node = self._sequencer.node(current.generation)
        return merkle.consistency_proof(node, first, seen.checkpoint.size), seen.note

    def receipt(self, entry: EntryId, opened: Mapping[str, list[str]] | None = None) -> str:
        """The receipt of an entry, with its clear fields open and those of `opened` ({field: [value, key]}) too.

        An entry of a log that was closed is proven by that log's last checkpoint. Raises `UnknownEntry` when there is
        none, it isn't published yet, or the database no longer fits what was published.
        """
        with self._database.reading() as tx:
            row = entries.by_id(tx, entry)
            logs = {found.generation: found for found in log.every(tx)}
        if row is None or row.leaf_index is None or row.generation not in logs:
            raise UnknownEntry
        of = logs[row.generation]
        published = self._sequencer.published(of)
        if published is None or row.leaf_index >= published.checkpoint.size:
            raise UnknownEntry
        size = published.checkpoint.size
        leaf = merkle.leaf_hash(row.leaf)
        try:
            path = merkle.inclusion_proof(self._sequencer.node(of.generation), row.leaf_index, size)
            merkle.verify_inclusion(leaf, row.leaf_index, size, path, published.checkpoint.root)
        except VerificationError as error:
            raise UnknownEntry(str(error)) from error
        fields = json.loads(row.readable) if row.readable else {}
        fields |= {name: list(pair) for name, pair in (opened or {}).items() if name in fields}
        extra = json.dumps({"leaf": base64.b64encode(row.leaf).decode(), "fields": fields})
        return Receipt(row.leaf_index, tuple(path), extra.encode(), published.note).encode()

    def check_database(self, first: int = 0) -> int:
        """Hold the entries from `first` on against the log (`audit.inspection`); how many were checked.

        Raises `VerificationError` naming the first that differs.
        """
        return inspect(self._database, self._sequencer, first)
