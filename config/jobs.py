"""The job queue: a transactional outbox.

A job is written with the change that asks for it, so it is never lost and never runs for work that rolled back.
Delivery is at least once: handlers are idempotent.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import Column, ColumnElement, Index, Integer, String, Table, Text, insert, or_, select, update
from sqlalchemy.exc import OperationalError

from config.clock import Clock
from config.database import Database, Transaction, UtcSeconds, metadata
from config.errors import HopelessJob
from config.identifiers import Randomness, new_id
from config.logs import get_logger
from config.periodic import Periodic

LEASE = timedelta(seconds=30)
"""A worker renews the lease of what it does; a job whose lease ended is begun again: its worker died."""
RENEW_SECONDS = 10.0
"""Three times within a lease, so that a slow database costs none."""
TRIES = 8
"""After so many failures a job is set aside, kept and shown; so is one that ended its worker so many times, and one
whose handler raises `HopelessJob`."""
DIED = "WorkerDied"
"""What is kept as the error of the latter."""
FIRST_DELAY = timedelta(seconds=2)
"""Doubled after every failure."""
POLL_SECONDS = 0.2
"""How long the worker rests when nothing is due."""

log = get_logger(__name__)

queue = Table(
    "job_queue",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", String(64), nullable=False, comment="clear: name of the payload class"),
    Column("payload", Text, nullable=False, comment="clear: JSON of ids only"),
    Column("state", String(8), nullable=False, comment="clear: due, failed"),
    Column("unique_key", String(128), unique=True, comment="clear: ids; one waiting job for each"),
    Column("run_at", UtcSeconds, nullable=False),
    Column("leased_until", UtcSeconds),
    Column("tries", Integer, nullable=False),
    Column("error", String(200), comment="clear: class of the last exception"),
    Index(None, "state", "run_at"),
)


@dataclass(frozen=True, slots=True)
class Payload:
    """What a job is about: ids and codes only, never content. Subclasses are frozen dataclasses with a `kind`."""

    kind: ClassVar[str] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedJob:
    """A job that was set aside."""

    id: str
    kind: str
    tries: int
    error: str
    """The class of the last exception: its message may quote a person."""
    failed_at: datetime


class Jobs:
    """Enqueue, and work through."""

    def __init__(self, database: Database, clock: Clock, randomness: Randomness) -> None:
        """database: where the queue lies, the same as the changes that ask for jobs."""
        self._database = database
        self._clock = clock
        self._randomness = randomness
        self._handlers: dict[str, tuple[type[Payload], Callable[[Any], None]]] = {}
        self._periodic = Periodic(database, clock)
        self._current: Any = None
        """The job in hand, as it was claimed."""

    def enqueue(
        self,
        tx: Transaction,
        payload: Payload,
        *,
        run_at: datetime | None = None,
        unique: str | None = None,
    ) -> None:
        """Ask for a job, in the transaction of the change that needs it.

        run_at: not before. unique: a key of which one job waits at a time; a second one is dropped.
        """
        if unique and tx.execute(select(queue.c.id).where(queue.c.unique_key == unique)).first():
            return
        tx.execute(
            insert(queue).values(
                id=new_id(self._randomness),
                kind=payload.kind,
                payload=json.dumps(asdict(payload)),
                state="due",
                unique_key=unique,
                run_at=run_at or self._clock.now(),
                tries=0,
            ),
        )

    def register(self, payload: type[Payload], handler: Callable[[Any], None]) -> None:
        """Say who does the jobs of a payload class. The handler runs outside any transaction, perhaps twice."""
        self._handlers[payload.kind] = (payload, handler)

    def every(self, name: str, interval: timedelta, run: Callable[[], None]) -> None:
        """See `Periodic.every`."""
        self._periodic.every(name, interval, run)

    def run_due(self, limit: int = 50) -> int:
        """Do up to `limit` due jobs, one after the other; how many were begun."""
        begun = 0
        while begun < limit and (job := self._claim()) is not None:
            self._do(job)
            begun += 1
        return begun

    def run_periodic(self) -> None:
        """See `Periodic.run_due`."""
        self._periodic.run_due()

    def work(self, stop: threading.Event) -> None:
        """Work until told to stop; what was begun is finished first."""
        threading.Thread(target=self._keep_renewing, args=(stop,), daemon=True).start()
        while not stop.is_set():
            try:
                self.run_periodic()
                busy = self.run_due() > 0
            except OperationalError as error:
                log.warning("queue_unreachable", error=type(error).__name__)
                busy = False
            if not busy:
                stop.wait(POLL_SECONDS)

    def renew(self) -> bool:
        """Extend the lease of the job that this worker does; False when it does none, or lost it to another."""
        job = self._current
        if job is None:
            return False
        with self._database.transaction() as tx:
            held = update(queue).where(*_held(job)).values(leased_until=self._clock.now() + LEASE)
            return tx.execute(held).rowcount == 1

    def failed(self) -> Sequence[FailedJob]:
        """Every job that was set aside."""
        with self._database.reading() as tx:
            rows = tx.execute(select(queue).where(queue.c.state == "failed").order_by(queue.c.run_at)).all()
        return [
            FailedJob(id=row.id, kind=row.kind, tries=row.tries, error=row.error or "", failed_at=row.run_at)
            for row in rows
        ]

    def retry(self, tx: Transaction, job: str) -> str | None:
        """Make a job that was set aside due again, with all its tries; its kind, None when there is none of that id."""
        kind: str | None = tx.execute(
            update(queue)
            .where(queue.c.id == job, queue.c.state == "failed")
            .values(state="due", tries=0, run_at=self._clock.now(), leased_until=None)
            .returning(queue.c.kind),
        ).scalar_one_or_none()
        return kind

    def _keep_renewing(self, stop: threading.Event) -> None:
        while not stop.wait(RENEW_SECONDS):
            try:
                self.renew()
            except OperationalError as error:
                log.warning("lease_not_renewed", error=type(error).__name__)

    def _claim(self) -> Any:
        now = self._clock.now()
        due = (queue.c.state == "due") & (queue.c.run_at <= now)
        free = or_(queue.c.leased_until.is_(None), queue.c.leased_until <= now)
        wanted = select(queue).where(due, free).order_by(queue.c.run_at).limit(1).with_for_update(skip_locked=True)
        with self._database.reading() as tx:  # the empty queue costs no write lock
            if tx.execute(select(queue.c.id).where(due, free).limit(1)).first() is None:
                return None
        with self._database.transaction() as tx:
            while (job := tx.execute(wanted).first()) is not None:
                if job.tries < TRIES:
                    claimed = {"leased_until": now + LEASE, "tries": job.tries + 1}
                    tx.execute(update(queue).where(queue.c.id == job.id).values(claimed))
                    return job
                # It ended its worker every time: no exception was ever seen.
                log.error("job_ended_its_workers", job=job.kind, tries=job.tries)
                lost = {"state": "failed", "run_at": now, "leased_until": None, "error": DIED}
                tx.execute(update(queue).where(queue.c.id == job.id).values(lost))
        return None

    def _do(self, job: Any) -> None:
        self._current = job
        try:
            payload, handler = self._handlers[job.kind]
            handler(payload(**json.loads(job.payload)))
        except Exception as error:  # noqa: BLE001 -- whatever a handler raises, the job is kept
            self._fail(job, error)
            return
        finally:
            self._current = None
        with self._database.transaction() as tx:
            tx.execute(queue.delete().where(*_held(job)))

    def _fail(self, job: Any, error: Exception) -> None:
        tries = job.tries + 1
        last = tries >= TRIES or isinstance(error, HopelessJob)
        log.error("job_failed", job=job.kind, tries=tries, error=type(error).__name__, exc_info=error)
        with self._database.transaction() as tx:
            tx.execute(
                update(queue)
                .where(*_held(job))
                .values(
                    state="failed" if last else "due",
                    # When it is begun again; of one that was set aside, when that was.
                    run_at=self._clock.now() + (timedelta() if last else FIRST_DELAY * 2 ** (tries - 1)),
                    leased_until=None,
                    error=type(error).__name__[:200],
                ),
            )


def _held(job: Any) -> tuple[ColumnElement[bool], ...]:
    """The row of a claimed job, unless its lease ended and another worker claimed it since."""
    return queue.c.id == job.id, queue.c.tries == job.tries + 1
