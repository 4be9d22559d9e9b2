"""Jobs that failed for good: shown as facts without anything personal, and begun again by an operator, as an entry."""

from __future__ import annotations

from collections.abc import Sequence

from audit.entries import ActorKind, CommandRun, Entry, JobRetried
from audit.ledger import Ledger
from config.database import Database
from config.jobs import FailedJob, Jobs

__all__ = ["FailedJob", "FailedJobs"]


class FailedJobs:
    """What the queue set aside after its tries."""

    def __init__(self, database: Database, jobs: Jobs, ledger: Ledger) -> None:
        """database: that of the queue and of the ledger."""
        self._database = database
        self._jobs = jobs
        self._ledger = ledger

    def all(self) -> Sequence[FailedJob]:
        """Every job that was set aside, the longest waiting first."""
        return self._jobs.failed()

    def retry(self, job: str, *, account: str = "", command_by: str = "") -> bool:
        """Make a job due again, now, with all its tries; False when none of that id was set aside.

        account: the operator at the page; or command_by: the operating-system user at the command line.
        """
        with self._database.transaction() as tx:
            kind = self._jobs.retry(tx, job)
            if kind is None:
                return False
            entry: Entry = JobRetried(actor_kind=ActorKind.OPERATOR, actor=account, job=kind)
            if command_by:
                entry = CommandRun(actor_kind=ActorKind.OPERATOR, actor=command_by, command=f"worker --retry {kind}")
            self._ledger.append(tx, entry)
        return True
