"""What runs again and again, on one of the workers at a time: sweeps, the archive, terms that are over.

What was begun and cut short runs again when its next time comes; each of them can be repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Column, String, Table, insert, select, update
from sqlalchemy.exc import IntegrityError

from config.clock import Clock
from config.database import Database, UtcSeconds, metadata
from config.logs import get_logger

log = get_logger(__name__)

periodic = Table(
    "job_periodic",
    metadata,
    Column("name", String(64), primary_key=True, comment="clear: name in the code"),
    Column("next_at", UtcSeconds, nullable=False),
)


@dataclass(slots=True)
class _Entry:
    name: str
    interval: timedelta
    run: Callable[[], None]
    due: float = 0.0


class Periodic:
    """One worker's share of it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """database: where the workers agree on who runs what."""
        self._database = database
        self._clock = clock
        self._entries: list[_Entry] = []

    def every(self, name: str, interval: timedelta, run: Callable[[], None]) -> None:
        """Run something again and again, on one worker at a time.

        Intervals under a second are kept by each worker for itself: what runs must then elect its own leader.
        """
        self._entries.append(_Entry(name, interval, run))

    def run_due(self) -> None:
        """Run what is due by its interval; a failure is logged and tried again next time."""
        for entry in self._entries:
            if self._clock.monotonic() < entry.due:
                continue
            leads, pause = self._lead(entry)
            entry.due = self._clock.monotonic() + pause.total_seconds()
            if not leads:
                continue
            try:
                entry.run()
            except Exception as error:  # one broken sweep must not stop the others
                log.exception("periodic_failed", job=entry.name, error=type(error).__name__, exc_info=error)

    def _lead(self, entry: _Entry) -> tuple[bool, timedelta]:
        """Whether it is ours to run now, and how long until the next look."""
        if entry.interval < timedelta(seconds=1):
            return True, entry.interval
        now = self._clock.now()
        with self._database.reading() as tx:  # what is not due costs no write lock
            row = tx.execute(select(periodic).where(periodic.c.name == entry.name)).first()
        # Later than an interval from now was written by a clock that was ahead: nothing would run until then.
        if row is not None and now < row.next_at <= now + entry.interval:
            return False, row.next_at - now
        try:
            with self._database.transaction() as tx:
                if row is None:
                    tx.execute(insert(periodic).values(name=entry.name, next_at=now + entry.interval))
                    return True, entry.interval
                taken = tx.execute(
                    update(periodic)
                    .where(periodic.c.name == entry.name, periodic.c.next_at == row.next_at)
                    .values(next_at=now + entry.interval),
                )
                return taken.rowcount == 1, entry.interval
        except IntegrityError:
            return False, entry.interval  # another worker was first
