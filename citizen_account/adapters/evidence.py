"""Papers for the provider: details held against contract and catalogues, lendings made and ended with the grant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from citizen_account.errors import NoSuchAccount
from citizen_account.store import accounts
from config.clock import Clock
from config.database import Transaction
from oidc.clients import Clients
from oidc.errors import InvalidAuthorizationDetails
from oidc.protocols import Choice, GrantId, SubjectId
from vault.errors import NotAllowedToAsk
from vault.lending import Asked, Lending
from vault.protocols import DocumentId, OwnerId


class VaultEvidence:
    """`oidc.protocols.Evidence` over the vault's lendings."""

    def __init__(self, lending: Lending, clients: Clients, clock: Clock) -> None:
        """clients: whose contracts say how long and how often a service may read."""
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

    def lend(
        self,
        tx: Transaction,
        *,
        subject: SubjectId,
        client_id: str,
        grant: GrantId,
        details: Sequence[Mapping[str, Any]],
        choices: Sequence[Choice],
    ) -> tuple[str, ...]:
        """See `oidc.protocols.Evidence.lend`. The papers lie in the person's own safe.

        Raises `InvalidAuthorizationDetails` when the contract has become narrower since the request, `UnknownDocument`
        when a chosen paper is gone, `NoSuchAccount`: nothing is lent then, since the transaction rolls back.
        """
        client = self._clients.get(client_id, tx)
        owner = accounts.own_safe(tx, subject)
        if owner is None:
            raise NoSuchAccount
        if client is None:
            raise InvalidAuthorizationDetails("the client is gone")
        now = self._clock.now()
        lent = []
        for choice in choices:
            asked = self._asked(client.contract, details[choice.detail])
            lent += [
                self._lending.lend(
                    tx,
                    owner=OwnerId(owner),
                    client_id=client_id,
                    grant=grant,
                    document=DocumentId(document),
                    purpose=asked.purpose,
                    legal_basis=asked.legal_basis,
                    until=asked.until(now),
                    reads_allowed=asked.reads_allowed,
                    actor=subject,
                )
                for document in choice.documents
            ]
        return tuple(lent)

    def take_back(self, tx: Transaction, lendings: Sequence[str]) -> None:
        """See `oidc.protocols.Evidence.take_back`."""
        self._lending.take_back(tx, lendings)

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
            raise InvalidAuthorizationDetails(refusal.named) from refusal
