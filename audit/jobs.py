"""The ledger's jobs: sequencing, reconciliation of opened keys, the hourly archive, terms that are over."""

from __future__ import annotations

from datetime import timedelta

from audit.reconciliation import Reconciliation
from audit.recovery import Recovery
from audit.terms import Terms
from config.jobs import Jobs

SEQUENCE_EVERY = timedelta(milliseconds=250)


def register(jobs: Jobs, recovery: Recovery, reconciliation: Reconciliation, terms: Terms) -> None:
    """Run them on the workers: an entry is in the tree at most a second after its commit."""
    jobs.every("ledger-sequence", SEQUENCE_EVERY, lambda: _ignore(recovery.run_once()))
    jobs.every("ledger-reconcile", timedelta(minutes=1), reconciliation.run_once)
    jobs.every("ledger-terms", timedelta(hours=6), terms.run_once)


def _ignore(_result: object) -> None:
    return None
