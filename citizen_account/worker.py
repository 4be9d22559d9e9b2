"""The jobs of every room, on one worker."""

from __future__ import annotations

from datetime import timedelta

import audit.jobs
import citizen_account.jobs
import oidc.jobs
import vault.jobs
from audit.sequencing import Sequencing
from citizen_account.house import House

SWEEP_EVERY = timedelta(hours=1)


def register(house: House) -> None:
    """Register every room's jobs, from the ground up."""
    house.jobs.every("rate-limits-sweep", SWEEP_EVERY, house.rate_limits.sweep)
    audit.jobs.register(
        house.jobs, Sequencing(house.restoring, house.clock), house.reconciliation, house.terms, house.archive
    )
    vault.jobs.register(house.jobs, house.pictures, house.retention)
    house.jobs.every("renew-roots", vault.jobs.RENEW_ROOT_EVERY, house.roots.renew)
    oidc.jobs.register(
        house.jobs, house.back_channel, house.backchannel, house.issuing, house.interactions, house.diagnosis
    )
    citizen_account.jobs.register(house)
