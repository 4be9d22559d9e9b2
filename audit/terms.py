"""Terms that are over: readable parts older than the legal term go, with an entry that says so; leaves stay."""

from __future__ import annotations

from datetime import timedelta

from audit.entries import ActorKind, ReadablePartsErased
from audit.keys import LedgerKeys
from audit.ledger import Ledger
from audit.store import entries, log
from config.clock import Clock
from config.database import Database


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
        """Destroy keys set aside whose term is over; erase readable parts past the term."""
        self._keys.destroy_due()
        with self._database.transaction() as tx:
            current = log.current(tx)
            if current is None:
                return
            first = entries.oldest_readable(tx, current.generation)
            end = entries.index_before(tx, current.generation, self._clock.now() - self._term)
            if first is None or first >= end:
                return
            entries.erase_readable(tx, current.generation, first, end)
            self._ledger.append(
                tx,
                ReadablePartsErased(actor_kind=ActorKind.JOB, reason="term", first=str(first), end=str(end)),
            )
