"""Terms that are over: readable parts older than the legal term go, with an entry that says so; leaves stay.

The notice comes first: what it names is erased once it is in the published tree, so that at no moment a part is
missing without an entry. Notices themselves, which hold nothing about anyone, stay readable.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta

from audit.entries import ActorKind, ReadablePartsErased
from audit.keys import LedgerKeys
from audit.ledger import Ledger
from audit.store import entries, log
from config.clock import Clock
from config.database import Database

BATCH = 500
"""Entries that one transaction erases."""
TERM = "term"


class Terms:
    """Erases what may no longer be read."""

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        keys: LedgerKeys,
        clock: Clock,
        exchange_term: timedelta,
    ) -> None:
        """exchange_term: how long entries stay readable (CRPA R114-9-7: 36 months)."""
        self._database = database
        self._ledger = ledger
        self._keys = keys
        self._clock = clock
        self._term = exchange_term

    def run_once(self) -> None:
        """Destroy keys set aside whose term is over; erase what earlier notices name; give notice of what is next."""
        self._keys.destroy_due()
        with self._database.reading() as tx:
            logs = log.every(tx)
            notices = entries.of_kind(tx, ReadablePartsErased.kind)
        for of in logs:
            noticed = 0
            for first, end, published in _ranges(notices, logs, of):
                noticed = max(noticed, end)
                if published:
                    self._erase(of.generation, first, end)
            self._give_notice(of, logs[-1], noticed)

    def _erase(self, generation: int, first: int, end: int) -> None:
        while True:
            with self._database.transaction() as tx:
                first_left = entries.first_readable(tx, generation, first, end)
                if first_left is None:
                    return
                entries.erase_readable(tx, generation, first_left, min(first_left + BATCH, end))

    def _give_notice(self, of: log.LogRow, current: log.LogRow, noticed: int) -> None:
        with self._database.transaction() as tx:
            end = entries.index_before(tx, of.generation, self._clock.now() - self._term)
            if entries.first_readable(tx, of.generation, noticed, end) is None:
                return
            notice = ReadablePartsErased(
                actor_kind=ActorKind.JOB,
                reason=TERM,
                first=str(noticed),
                end=str(end),
                origin="" if of.generation == current.generation else of.origin,
            )
            self._ledger.append(tx, notice)


def _ranges(
    notices: Sequence[entries.EntryRow],
    logs: Sequence[log.LogRow],
    of: log.LogRow,
) -> Iterator[tuple[int, int, bool]]:
    """(first, end, whether that is published) of the notices about the terms of a log, waiting ones too."""
    by_generation = {each.generation: each for each in logs}
    for row in notices:
        holder = logs[-1] if row.generation is None else by_generation[row.generation]
        values = {name: shown[0] for name, shown in json.loads(row.readable or "{}").items()}
        if values.get("reason") == TERM and (values.get("origin") or holder.origin) == of.origin:
            published = row.leaf_index is not None and row.leaf_index < holder.published_size
            yield int(values["first"]), int(values["end"]), published
