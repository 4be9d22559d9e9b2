"""Papers for the provider: details held against contract and catalogues, lendings made and ended with the grant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audit.entries import ActorKind
from citizen_account.errors import NoSuchAccount
from citizen_account.store import accounts
from config.clock import Clock
from config.database import Database, Transaction
from oidc.clients import Clients
from oidc.errors import InvalidAuthorizationDetails
from oidc.protocols import Choice, GrantId, SubjectId
from vault.errors import NotAllowedToAsk
from vault.lending import Asked, Lending, OpenSafe
from vault.protocols import DocumentId, OwnerId


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenPapers:
    """`oidc.protocols.ReadyPapers`: what one person answered to one client, their safe open."""

    lending: Lending
    clients: Clients
    safe: OpenSafe
    subject: SubjectId
    client_id: str
    answers: tuple[tuple[Mapping[str, Any], tuple[DocumentId, ...]], ...]

    def lend(self, tx: Transaction, grant: GrantId) -> tuple[str, ...]:
        """See `oidc.protocols.ReadyPapers.lend`; the contract is the client's as it stands now.

        Raises `InvalidAuthorizationDetails` when it has become narrower since the request, and what `Lending.lend`
        raises: nothing is lent then, since the transaction rolls back.
        """
        client = self.clients.get(self.client_id, tx)
        if client is None:
            raise InvalidAuthorizationDetails("the client is gone")
        lent: list[str] = []
        for detail, documents in self.answers:
            try:
                lent += self.lending.lend(
                    tx,
                    safe=self.safe,
                    client_id=self.client_id,
                    contract=client.contract,
                    detail=detail,
                    documents=documents,
                    grant=grant,
                    actor=self.subject,
                )
            except NotAllowedToAsk as refusal:
                raise InvalidAuthorizationDetails(refusal.named, quotes=refusal.quotes) from refusal
        return tuple(lent)


class VaultEvidence:
    """`oidc.protocols.Evidence` over the vault's lendings."""

    def __init__(self, database: Database, lending: Lending, clients: Clients, clock: Clock) -> None:
        """clients: whose contracts say how long and how often a service may read."""
        self._database = database
        self._lending = lending
        self._clients = clients
        self._clock = clock

    def check(self, contract: Mapping[str, Any], detail: Mapping[str, Any]) -> None:
        """See `oidc.protocols.Evidence.check`."""
        self._asked(contract, detail)

    def expand_scope(self, contract: Mapping[str, Any], document_type: str) -> Mapping[str, Any] | None:
        """See `oidc.protocols.Evidence.expand_scope`."""
        return self._lending.expand_scope(contract, document_type)

    def until(self, contract: Mapping[str, Any], detail: Mapping[str, Any]) -> datetime:
        """See `oidc.protocols.Evidence.until`."""
        return self._asked(contract, detail).until(self._clock.now())

    def ready(
        self,
        *,
        subject: SubjectId,
        client_id: str,
        details: Sequence[Mapping[str, Any]],
        choices: Sequence[Choice],
    ) -> ChosenPapers:
        """See `oidc.protocols.Evidence.ready`. The papers lie in the person's own safe. Raises `NoSuchAccount`."""
        with self._database.reading() as tx:
            owner = accounts.own_safe(tx, subject)
        if owner is None:
            raise NoSuchAccount
        return ChosenPapers(
            lending=self._lending,
            clients=self._clients,
            safe=self._lending.open(OwnerId(owner)),
            subject=subject,
            client_id=client_id,
            answers=tuple((details[choice.detail], tuple(map(DocumentId, choice.documents))) for choice in choices),
        )

    def take_back(self, tx: Transaction, lendings: Sequence[str], *, actor: str, actor_kind: ActorKind) -> None:
        """See `oidc.protocols.Evidence.take_back`."""
        self._lending.take_back(tx, lendings, actor=actor, actor_kind=actor_kind)

    def standing(self, lendings: Sequence[str]) -> bool:
        """See `oidc.protocols.Evidence.standing`."""
        return self._lending.standing(lendings)

    def described(self, lendings: Sequence[str]) -> Sequence[Mapping[str, Any]]:
        """See `oidc.protocols.Evidence.described`."""
        return self._lending.describe(lendings)

    def _asked(self, contract: Mapping[str, Any], detail: Mapping[str, Any]) -> Asked:
        try:
            return self._lending.may_ask(contract, detail)
        except NotAllowedToAsk as refusal:
            raise InvalidAuthorizationDetails(refusal.named, quotes=refusal.quotes) from refusal
