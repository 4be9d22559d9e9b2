"""Consent: what the citizen is asked, what was decided, and how it is taken back.

"Consent" is the protocol's word; on pages people approve, release and take back.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from audit.entries import ActorKind, GrantMade, GrantRefused, GrantTakenBack, PersonId
from audit.ledger import Ledger
from config.clock import Clock
from config.database import Database, Transaction
from config.identifiers import Randomness, new_id
from oidc import claims
from oidc.clients import Client, Clients
from oidc.errors import InvalidAuthorizationDetails, UnknownInteraction
from oidc.protocols import Choice, Evidence, GrantId, Notices, ReadyPapers, SignedIn, SubjectId
from oidc.request.accepted import AcceptedRequest
from oidc.store import authorizations, grants, interactions


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingRelease:
    """What a client asks of the person in front of the page."""

    client: Client
    request: AcceptedRequest
    claim_names: tuple[str, ...]
    """Of data: what scopes and the claims parameter come to."""
    details: tuple[Mapping[str, Any], ...]
    """Of papers: one member a choice."""
    redirect_origin: str
    """Where the page's form ends: its `form-action`; empty when the answer waits here for its client (`polled`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantView:
    """A grant as its citizen sees it."""

    id: GrantId
    client_id: str
    claim_names: tuple[str, ...]
    details: tuple[Mapping[str, Any], ...]
    lendings: tuple[str, ...]
    entry: str
    """The ledger's, which proves the decision."""
    made_at: datetime
    until: datetime | None
    ended_at: datetime | None
    returned: bool
    """Whether it was the client that ended it."""
    stands: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Open:
    row: interactions.InteractionRow = field(repr=False)
    request: AcceptedRequest
    client: Client


class Consent:
    """Asks nothing itself: pages show `pending`, call `approve` or `refuse`, then return to `/authorize/<handle>`."""

    def __init__(
        self,
        *,
        database: Database,
        clients: Clients,
        evidence: Evidence,
        notices: Notices,
        ledger: Ledger,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        """evidence: makes the lendings of a release, in its transaction."""
        self._database = database
        self._clients = clients
        self._evidence = evidence
        self._notices = notices
        self._ledger = ledger
        self._clock = clock
        self._randomness = randomness

    def pending(self, handle: str, browser: str) -> PendingRelease:
        """What is asked. Raises `UnknownInteraction` when the handle is unknown, over, or of another browser."""
        opened = self._open(handle, browser)
        return PendingRelease(
            client=opened.client,
            request=opened.request,
            claim_names=claims.names_for(opened.request.scope, opened.request.claim_names),
            details=opened.request.authorization_details,
            redirect_origin=opened.request.redirect_uri,
        )

    def approve(self, handle: str, browser: str, signed_in: SignedIn, choices: Sequence[Choice]) -> GrantId | None:
        """Release: grant, lendings and ledger entries commit together. Approving twice changes nothing.

        choices: the papers chosen, a member each for the details that the citizen answered; the others are not lent.
        Returns the grant made, None when this request was decided before. Raises `UnknownInteraction`,
        `InvalidAuthorizationDetails` for a choice that answers no question, and what `ReadyPapers.lend` raises; nothing
        is kept then.
        """
        opened = self._open(handle, browser)
        request = opened.request
        answered = _answered(request, choices)
        details = [request.authorization_details[choice.detail] for choice in answered]
        now = self._clock.now()
        made = GrantId(new_id(self._randomness))
        # The grant ends with the last of its lendings, the day that the page named; without papers, when taken back.
        until = max((self._evidence.until(opened.client.contract, detail) for detail in details), default=None)
        ready = self._ready(signed_in.subject, request, answered) if answered else None
        with self._database.transaction() as tx:
            if interactions.decide(tx, opened.row.handle_hash, signed_in.subject, made) != 1:
                return None
            lendings: tuple[str, ...] = ()
            if ready is not None:
                lendings = ready.lend(tx, made)
            entry = self._ledger.append(
                tx,
                GrantMade(
                    actor_kind=ActorKind.CITIZEN,
                    actor=signed_in.subject,
                    persons=(PersonId(signed_in.subject),),
                    client=request.client_id,
                    scope=" ".join(request.scope),
                    purpose=" ".join(sorted({str(detail["purpose"]) for detail in details})),
                    grant=made,
                ),
            )
            grants.add(
                tx,
                grants.GrantRow(
                    id=made,
                    subject=signed_in.subject,
                    client_id=request.client_id,
                    scope=request.scope,
                    userinfo_claims=request.userinfo_claims,
                    id_token_claims=request.id_token_claims,
                    details=tuple(details),
                    lendings=tuple(lendings),
                    entry=entry,
                    made_at=now,
                    until=until,
                ),
            )
            self._notices.grant_made(tx, signed_in.subject, request.client_id, made)
        return made

    def _ready(self, subject: SubjectId, request: AcceptedRequest, choices: Sequence[Choice]) -> ReadyPapers:
        return self._evidence.ready(
            subject=subject,
            client_id=request.client_id,
            details=request.authorization_details,
            choices=choices,
        )

    def refuse(self, handle: str, browser: str, signed_in: SignedIn) -> None:
        """Say no: the client gets access_denied. Raises `UnknownInteraction`."""
        opened = self._open(handle, browser)
        request = opened.request
        with self._database.transaction() as tx:
            if interactions.decide(tx, opened.row.handle_hash, signed_in.subject, None) != 1:
                return
            self._ledger.append(
                tx,
                GrantRefused(
                    actor_kind=ActorKind.CITIZEN,
                    actor=signed_in.subject,
                    persons=(PersonId(signed_in.subject),),
                    client=request.client_id,
                    scope=" ".join(request.scope),
                    purpose=" ".join(sorted({str(d["purpose"]) for d in request.authorization_details})),
                ),
            )

    def covering(self, tx: Transaction, subject: SubjectId, request: AcceptedRequest) -> grants.GrantRow | None:
        """A standing grant that covers every scope and claim of a request without papers; None when one is new."""
        rows = grants.standing(tx, subject, request.client_id, self._clock.now())
        return next((row for row in rows if _covers(row, request)), None)

    def find_covering(self, subject: SubjectId, request: AcceptedRequest) -> GrantId | None:
        """The same for any request, in a snapshot of its own: when papers are asked, the lendings must stand too.

        A grant of other papers as well doesn't cover (docs/decisions/0504): the code would reach more than was asked.
        """
        with self._database.reading() as tx:
            rows = grants.standing(tx, subject, request.client_id, self._clock.now())
        for row in rows:
            if _covers(row, request) and self._stand(row, request):
                return row.id
        return None

    def _stand(self, row: grants.GrantRow, request: AcceptedRequest) -> bool:
        asked = request.authorization_details
        return not asked or (len(row.details) == len(asked) and self._evidence.standing(row.lendings))

    def grants_of(self, subject: SubjectId) -> Sequence[GrantView]:
        """Every grant of a person, newest first."""
        now = self._clock.now()
        with self._database.reading() as tx:
            rows = grants.of_subject(tx, subject)
        return [
            GrantView(
                id=row.id,
                client_id=row.client_id,
                claim_names=claims.names_for(row.scope, (*row.userinfo_claims, *row.id_token_claims)),
                details=row.details,
                lendings=row.lendings,
                entry=row.entry,
                made_at=row.made_at,
                until=row.until,
                ended_at=row.ended_at,
                returned=row.ended_reason == authorizations.RETURNED,
                stands=row.stands(now),
            )
            for row in rows
        ]

    def take_back(
        self,
        subject: SubjectId,
        grant: GrantId,
        *,
        actor: str = "",
        actor_kind: ActorKind = ActorKind.CITIZEN,
    ) -> bool:
        """End a grant, its tokens and its lendings, in one transaction; False when it isn't this person's or is over.

        The service's very next fetch is refused.
        """
        with self._database.transaction() as tx:
            row = grants.by_id(tx, grant)
            if row is None or not hmac.compare_digest(row.subject, subject):
                return False
            return self._end(tx, row, authorizations.TAKEN_BACK, actor or subject, actor_kind)

    def end_again(self, tx: Transaction, grant: GrantId, *, returned: bool, actor: str, actor_kind: ActorKind) -> bool:
        """End a grant, its tokens and its lendings, as it had ended before a restore; False when it is over or gone.

        returned: whether it was its client that ended it.
        """
        row = grants.by_id(tx, grant)
        reason = authorizations.RETURNED if returned else authorizations.TAKEN_BACK
        return row is not None and self._end(tx, row, reason, actor, actor_kind)

    def give_back(self, tx: Transaction, client_id: str, grant: GrantId) -> bool:
        """End a grant at its client's wish, with its tokens and lendings; False when it isn't this client's or is over.

        The person reads in the ledger that the service gave it back.
        """
        row = self.of_client(tx, client_id, grant)
        return row is not None and self._end(tx, row, authorizations.RETURNED, client_id, ActorKind.SERVICE)

    def of_client(self, tx: Transaction, client_id: str, grant: GrantId) -> grants.GrantRow | None:
        """A grant in force, if it is this client's."""
        row = grants.by_id(tx, grant)
        return row if row is not None and row.client_id == client_id and row.stands(self._clock.now()) else None

    def end_all(self, tx: Transaction, subject: SubjectId, *, actor: str = "") -> int:
        """End every grant of a person whose account closes; how many stood."""
        rows = grants.of_subject(tx, subject)
        return sum(self._end(tx, row, "closed", actor or subject, ActorKind.CITIZEN) for row in rows)

    def forget_subject(self, tx: Transaction, subject: SubjectId) -> None:
        """Remove what was asked of a person and what they decided (erasure); end it first. The ledger keeps its own."""
        grants.forget_subject(tx, subject)
        interactions.forget_subject(tx, subject)

    def _end(self, tx: Transaction, row: grants.GrantRow, reason: str, actor: str, actor_kind: ActorKind) -> bool:
        now = self._clock.now()
        if grants.end(tx, [row.id], reason, now) != 1:
            return False
        authorizations.end_those(tx, "grant_id", row.id, reason, now)
        self._evidence.take_back(tx, row.lendings, actor=actor, actor_kind=actor_kind)
        self._ledger.append(
            tx,
            GrantTakenBack(
                actor_kind=actor_kind,
                actor=actor,
                persons=(PersonId(row.subject),),
                client=row.client_id,
                grant=row.id,
            ),
        )
        return True

    def _open(self, handle: str, browser: str) -> _Open:
        with self._database.reading() as tx:
            row = interactions.by_hash(tx, hashed(handle), self._clock.now())
        if row is None or row.browser_hash is None or not hmac.compare_digest(row.browser_hash, hashed(browser)):
            raise UnknownInteraction
        if row.done_at is not None:
            raise UnknownInteraction
        client = self._clients.get(row.client_id)
        if client is None:
            raise UnknownInteraction
        return _Open(row=row, request=AcceptedRequest.from_json(row.request), client=client)


def hashed(secret: str) -> bytes:
    """What is kept of a handle or of a browser's value."""
    return hashlib.sha256(secret.encode()).digest()


def _covers(row: grants.GrantRow, request: AcceptedRequest) -> bool:
    return (
        set(request.scope) <= set(row.scope)
        and set(request.userinfo_claims) <= set(row.userinfo_claims)
        and set(request.id_token_claims) <= set(row.id_token_claims)
        and all(detail in row.details for detail in request.authorization_details)
    )


def _answered(request: AcceptedRequest, choices: Sequence[Choice]) -> list[Choice]:
    """The choices that lend something. Raises `InvalidAuthorizationDetails`: no such question, or answered twice."""
    indexes = [choice.detail for choice in choices]
    if len(set(indexes)) != len(indexes) or not set(indexes) <= set(range(len(request.authorization_details))):
        raise InvalidAuthorizationDetails("a choice that answers no question")
    return [choice for choice in choices if choice.documents]
