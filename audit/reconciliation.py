"""Reads that were never logged: every opened key names its cause, and the cause must be an entry in the tree.

The ring records what it opened where the application can't write (an HSM's log, CloudTrail; a file beside the local
ring). This joins the two: an unwrap whose cause isn't in the tree after a minute is an alarm.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from audit.protocols import Unwraps
from audit.store import entries, log
from config.clock import Clock
from config.database import Database

PATIENCE = timedelta(seconds=60)
LOOK_BACK = timedelta(days=7)
"""How far a worker looks back when it starts; then it goes on from where it was."""
CHUNK = 500
INTERNAL = "signer:"
"""The log's own key is opened without an entry: it signs entries."""


class Reconciliation:
    """Joins the rings' records with the ledger."""

    def __init__(self, database: Database, rings: Sequence[Unwraps], clock: Clock) -> None:
        """rings: whose records are read."""
        self._database = database
        self._rings = rings
        self._clock = clock
        self._since = clock.now() - LOOK_BACK

    def run_once(self) -> None:
        """Raise an alarm for every unwrap whose cause isn't in the tree after a minute."""
        now = self._clock.now()
        limit = int((now - PATIENCE).timestamp())
        since = self._since
        for ring in self._rings:
            causes = [
                cause for cause, when in ring.unwraps(since).items() if when <= limit and not cause.startswith(INTERNAL)
            ]
            for first in range(0, len(causes), CHUNK):
                chunk = causes[first : first + CHUNK]
                with self._database.transaction() as tx:
                    for cause in sorted(set(chunk) - entries.present(tx, chunk)):
                        log.raise_alarm(tx, "unwrap_without_entry", cause[:128], now)
        self._since = now - PATIENCE
