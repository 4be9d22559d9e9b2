"""What the worker does for the provider: forget what is over."""

from __future__ import annotations

from datetime import timedelta

from config.jobs import Jobs
from oidc.interaction import Interactions
from oidc.issuing import Issuing

SWEEP_EVERY = timedelta(minutes=5)


def register(jobs: Jobs, issuing: Issuing, interactions: Interactions) -> None:
    """Run them on the workers."""
    jobs.every("oidc-sweep-tokens", SWEEP_EVERY, issuing.forget_expired)
    jobs.every("oidc-sweep-requests", SWEEP_EVERY, interactions.sweep)
