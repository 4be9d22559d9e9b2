"""After a restore: whether the doors must stay closed, what the lost entries had ended, what may be swept.

`audit.recovery` finds out and rebuilds the log; here is what the rooms above need to end again what had ended. The
readable part of an erasure is lost with the database, its ending isn't (`audit.tlog.endings`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from audit.entries import ActorKind, EntryId, JobRun
from audit.errors import VerificationError
from audit.ledger import Ledger
from audit.sequencer import Sequencer
from audit.signers import Signers
from audit.store import entries, restores
from audit.store.restores import RestoreRow
from audit.tlog import endings
from config.clock import Clock
from config.database import Database

__all__ = ["Ended", "RestoreRow", "Restores"]

JOB = "restore"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What a lost entry had ended: its kind, its time, and every field."""

    kind: str
    time: datetime
    values: Mapping[str, str] = field(repr=False)


class Restores:
    """What is known about restores of this database."""

    def __init__(
        self, database: Database, sequencer: Sequencer, signers: Signers, ledger: Ledger, clock: Clock
    ) -> None:
        """signers: whose key of endings opens what was ended."""
        self._database = database
        self._sequencer = sequencer
        self._signers = signers
        self._ledger = ledger
        self._clock = clock

    def every(self) -> Sequence[RestoreRow]:
        """All of them, the newest first."""
        with self._database.reading() as tx:
            return restores.every(tx)

    def waiting(self) -> Sequence[RestoreRow]:
        """Those after which what had ended was not yet ended again, the oldest first: the doors stay closed."""
        return [row for row in reversed(self.every()) if row.replayed_at is None]

    def is_behind(self) -> bool:
        """Whether the published log has more entries than the database: it was restored, and nobody has noticed yet.

        Raises `VerificationError`, `LogClosedError`, `ObjectStoreError` when that can't be told.
        """
        current = self._sequencer.current()
        seen = self._sequencer.published(current)
        return seen is not None and seen.checkpoint.size > current.size

    def unswept_since(self) -> datetime | None:
        """When the newest restore was found about which nobody has said that what it left may be swept."""
        with self._database.reading() as tx:
            return restores.unswept_since(tx)

    def begin(self) -> EntryId:
        """Write down that endings are opened; the entry is the cause that every key names."""
        with self._database.transaction() as tx:
            return self._ledger.append(tx, JobRun(actor_kind=ActorKind.JOB, actor=JOB, job=JOB))

    def ended(self, row: RestoreRow, cause: EntryId) -> Iterator[Ended]:
        """What the entries lost by this restore had ended, in their order. One that does not open is an alarm."""
        with self._database.reading() as tx:
            rows = entries.lost_endings(tx, row.generation, row.known_size, row.published_size)
        key = self._signers.endings(cause) if rows else None
        for lost in rows:
            try:
                values = endings.unseal(key, lost.leaf, lost.ending or b"") if key else {}
            except VerificationError:
                with self._database.transaction() as tx:
                    self._ledger.alarm(tx, "ending_does_not_open", lost.id)
                continue
            yield Ended(kind=values.get("kind", ""), time=lost.time, values=values)

    def replayed(self, row: RestoreRow, ended: int) -> None:
        """All of it is ended again. ended: how many things still stood."""
        with self._database.transaction() as tx:
            restores.replayed(tx, row, ended, self._clock.now())

    def open_without(self) -> int:
        """An operator's word: don't wait for endings that nobody finds; how many restores waited."""
        with self._database.transaction() as tx:
            return restores.open_without(tx)

    def swept(self) -> int:
        """An operator's word: what is from before the restores may go; how many restores waited."""
        with self._database.transaction() as tx:
            return restores.swept(tx, self._clock.now())
