"""The vault's jobs: page pictures, owner keys after an erasure, sweeps, root versions."""

from __future__ import annotations

from datetime import timedelta

from config.jobs import Jobs
from vault.documents import MakePictures, Pictures, ReplaceOwnerKey
from vault.retention import Retention

SWEEP_EVERY = timedelta(hours=1)
RENEW_ROOT_EVERY = timedelta(hours=6)


def register(jobs: Jobs, pictures: Pictures, retention: Retention) -> None:
    """Run them on the workers."""
    jobs.register(MakePictures, pictures.make)
    jobs.register(ReplaceOwnerKey, retention.replace_owner_key)
    jobs.every("vault-sweep", SWEEP_EVERY, retention.sweep)
    jobs.every("vault-renew-root", RENEW_ROOT_EVERY, retention.renew_root)
