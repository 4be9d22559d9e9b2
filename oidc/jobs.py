"""What the worker does for the provider: tell clients that a sign-in ended, and forget what is over."""

from __future__ import annotations

from datetime import timedelta

from config.jobs import Jobs
from oidc.back_channel import BackChannel, TellSignedOut
from oidc.backchannel_authentication import BackchannelAuthentication
from oidc.diagnosis import Diagnosis
from oidc.interaction import Interactions
from oidc.issuing import Issuing
from oidc.polling import Ping

SWEEP_EVERY = timedelta(minutes=5)


def register(
    jobs: Jobs,
    back_channel: BackChannel,
    backchannel: BackchannelAuthentication,
    issuing: Issuing,
    interactions: Interactions,
    diagnosis: Diagnosis,
) -> None:
    """Run them on the workers."""
    jobs.register(Ping, backchannel.ping)
    jobs.register(TellSignedOut, back_channel.deliver)
    jobs.every("oidc-sweep-tokens", SWEEP_EVERY, issuing.forget_expired)
    jobs.every("oidc-sweep-requests", SWEEP_EVERY, interactions.sweep)
    jobs.every("oidc-sweep-refusals", SWEEP_EVERY, diagnosis.sweep)
