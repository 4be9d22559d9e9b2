"""Reads that were never logged: every opened key names its cause, and the cause must be an entry in the tree.

The ring records what it opened where the application can't write (an HSM's log, CloudTrail; a file beside the local
ring). This joins the two, both ways: an unwrap whose cause isn't in the tree after a minute is an alarm, and so is an
entry that says keys are opened now and that no ring knows (docs/decisions/0209): then a ring's record was cut.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from audit.entries import JobRun
from audit.protocols import Unwraps
from audit.store import entries, log, restores
from config.clock import Clock
from config.database import Database, Transaction

PATIENCE = timedelta(seconds=60)
LOOK_BACK = timedelta(days=7)
"""How far a worker looks back when it starts; then it goes on from where it was."""
CHUNK = 500
INTERNAL = "signer:"
"""The log's own key is opened without an entry: it signs entries."""
OPENING_JOBS = frozenset({"account_keys_opened", "house_keys_opened", "provider_keys_opened", "vault.rewrap"})
"""Jobs whose entry is written only when a key is opened right after it. Reads may find their key open already."""


class Reconciliation:
    """Joins the rings' records with the ledger."""

    def __init__(self, database: Database, rings: Sequence[Unwraps], clock: Clock) -> None:
        """rings: whose records are read, all of them."""
        self._database = database
        self._rings = rings
        self._clock = clock
        self._since = clock.now() - LOOK_BACK

    def run_once(self) -> None:
        """Raise an alarm for every unwrap without an entry, and every opening without an unwrap, after a minute."""
        now = self._clock.now()
        limit = now - PATIENCE
        unwraps: dict[str, int] = {}
        for ring in self._rings:
            unwraps |= ring.unwraps(self._since)
        self._without_entry(unwraps, limit, now)
        self._without_unwrap(unwraps, limit, now)
        self._since = limit

    def _without_entry(self, unwraps: Mapping[str, int], limit: datetime, now: datetime) -> None:
        due = {
            cause: when
            for cause, when in unwraps.items()
            if when <= int(limit.timestamp()) and not cause.startswith(INTERNAL)
        }
        for chunk in _chunks(due):
            with self._database.transaction() as tx:
                missing = sorted(set(chunk) - entries.present(tx, chunk))
                lost = _lost(tx) if missing else []
                for cause in missing:
                    # What a restore lost can't be joined any more: its own alarm says so.
                    if not any(first <= due[cause] <= last for first, last in lost):
                        log.raise_alarm(tx, "unwrap_without_entry", cause[:128], now)

    def _without_unwrap(self, unwraps: Mapping[str, int], limit: datetime, now: datetime) -> None:
        with self._database.reading() as tx:
            rows = entries.of_kind_between(tx, JobRun.kind, self._since, limit)
        silent = [row.id for row in rows if _job(row) in OPENING_JOBS and row.id not in unwraps]
        for entry in silent:
            with self._database.transaction() as tx:
                log.raise_alarm(tx, "entry_without_unwrap", entry, now)


def _chunks(causes: Iterable[str]) -> Iterator[list[str]]:
    listed = list(causes)
    for first in range(0, len(listed), CHUNK):
        yield listed[first : first + CHUNK]


def _job(row: entries.EntryRow) -> str:
    shown = json.loads(row.readable or "{}").get("job", [""])
    return str(shown[0])


def _lost(tx: Transaction) -> list[tuple[int, int]]:
    """The times (seconds since 1970, both included) from which restores lost entries."""
    found = []
    for row in restores.every(tx):
        last = entries.at(tx, row.generation, row.known_size - 1, row.known_size)
        begin = int(last[0].time.timestamp()) if last else 0
        found.append((begin, int(row.found_at.timestamp())))
    return found
