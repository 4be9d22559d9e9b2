"""The ledger's jobs: sequencing, reconciliation of opened keys, the hourly archive, terms that are over."""

from __future__ import annotations

from datetime import timedelta

from audit.archive import Archive
from audit.reconciliation import Reconciliation
from audit.sequencing import Sequencing
from audit.terms import Terms
from config.jobs import Jobs

SEQUENCE_EVERY = timedelta(milliseconds=250)
ARCHIVE_EVERY = timedelta(minutes=10)
"""The archive keeps one checkpoint an hour; trying more often makes up for what failed."""


def register(
    jobs: Jobs,
    sequencing: Sequencing,
    reconciliation: Reconciliation,
    terms: Terms,
    archive: Archive | None = None,
) -> None:
    """Run them on the workers: an entry is in the tree at most a second after its commit.

    Several workers may sequence at once: the lock and the compare-and-swap on the log's row choose who wins.
    """
    jobs.every("ledger-sequence", SEQUENCE_EVERY, sequencing.run_once)
    jobs.every("ledger-reconcile", timedelta(minutes=1), reconciliation.run_once)
    jobs.every("ledger-terms", timedelta(hours=6), terms.run_once)
    if archive is not None:
        jobs.every("ledger-archive", ARCHIVE_EVERY, lambda: _ignore(archive.run_once()))


def _ignore(_result: object) -> None:
    return None
