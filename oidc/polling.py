"""Requests that a person answers at one device while the client asks for the answer from another (RFC 8628, CIBA).

The pages in between are those of every request: an interaction at the person's browser, whose end is the answer kept
here instead of a redirect.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from config.clock import Clock
from config.database import Transaction
from config.jobs import Jobs, Payload
from oidc.clients import Client
from oidc.errors import UnknownInteraction
from oidc.issuing import Issuing
from oidc.protocols import SignedIn
from oidc.request import AcceptedRequest
from oidc.store import grants, polled_requests


@dataclass(frozen=True, slots=True)
class Ping(Payload):
    """A job: tell the client of this request that there is an answer, if it wants to be told (CIBA §10.2)."""

    kind: ClassVar[str] = "oidc.ping"

    request: str


class Polling:
    """Keeps the person's answer until the client asks for it."""

    def __init__(self, *, issuing: Issuing, jobs: Jobs, clock: Clock) -> None:
        """issuing: makes the authorization that the answer stands for. jobs: tell clients that don't want to poll."""
        self._issuing = issuing
        self._jobs = jobs
        self._clock = clock

    def approve(
        self,
        tx: Transaction,
        *,
        client: Client,
        request: AcceptedRequest,
        there: SignedIn,
        grant: grants.GrantRow | None,
    ) -> None:
        """The person said yes: from now on the client gets tokens, once.

        Raises `UnknownInteraction` when it was answered, is over, or asks somebody else, and `InvalidGrant` as
        `Issuing.authorize` does.
        """
        row = polled_requests.get(tx, request.polled)
        if row is None or not self._answer(tx, row.id, there, refused=False):
            raise UnknownInteraction
        self._issuing.authorize(
            tx,
            client=client,
            signed_in=there,
            grant=grant,
            request=request,
            code_hash=row.code_hash,
            code_expires_at=row.expires_at,
        )

    def refuse(self, tx: Transaction, request: AcceptedRequest, there: SignedIn) -> bool:
        """The person said no, or can't answer as the client wants it; False when it was answered or is over."""
        return self._answer(tx, request.polled, there, refused=True)

    def _answer(self, tx: Transaction, polled: str, there: SignedIn, *, refused: bool) -> bool:
        if polled_requests.answer(tx, polled, there.subject, self._clock.now(), refused=refused) != 1:
            return False
        row = polled_requests.get(tx, polled)
        if row is not None and row.sealed is not None:
            self._jobs.enqueue(tx, Ping(polled), unique=f"oidc.ping:{polled}")
        return True
