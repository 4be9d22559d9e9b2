"""Grant Management for OAuth 2.0, draft 03, §6: a client looks at an approval that it holds, or gives it back.

It comes with an access token of its own (client_credentials). An unknown approval, another client's and one that is
over are answered alike: whoever guesses ids learns nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from config.database import Database, Transaction
from oidc import claims
from oidc.clients import Clients
from oidc.consent import Consent
from oidc.errors import InsufficientScope, InvalidToken, UnknownGrant
from oidc.issuing.details import enriched
from oidc.protocols import Evidence, GrantId
from oidc.request.grant_management import QUERY_SCOPE, REVOKE_SCOPE
from oidc.tokens.access_token import AccessTokens, Presentation, Presented


class GrantManagement:
    """Answers clients about the approvals that they hold."""

    def __init__(
        self,
        *,
        database: Database,
        access_tokens: AccessTokens,
        clients: Clients,
        consent: Consent,
        evidence: Evidence,
        issuer: str,
    ) -> None:
        """evidence: what still stands of the papers lent. issuer: our public address, the audience of the token."""
        self._database = database
        self._access_tokens = access_tokens
        self._clients = clients
        self._consent = consent
        self._evidence = evidence
        self._issuer = issuer

    def query(self, shown: Presentation, grant: str) -> Mapping[str, Any]:
        """What the approval still allows (§6): of papers, those that may still be read.

        Raises `UnknownGrant`; `InvalidToken`, `InsufficientScope`, `InvalidDpopProof` or `UseDpopNonce` for the token.
        """
        presented = self._access_tokens.judge_here(shown)
        with self._database.transaction() if presented.proof else self._database.reading() as tx:
            row = self._consent.of_client(tx, self._client(tx, presented, QUERY_SCOPE), GrantId(grant))
        if row is None:
            raise UnknownGrant
        lent = self._evidence.described(row.lendings) if row.lendings else ()
        standing = [document for document in lent if document["state"] == "stands"]
        return {
            "scopes": [{"scope": " ".join(row.scope)}] if row.scope else [],
            "claims": claims.names_for(row.scope, (*row.userinfo_claims, *row.id_token_claims)),
            "authorization_details": enriched(standing, f"{self._issuer}/vault"),
        }

    def revoke(self, shown: Presentation, grant: str) -> None:
        """Give the approval back (§6): it ends with its tokens and lendings, and an entry tells the person.

        Raises as `query` does.
        """
        presented = self._access_tokens.judge_here(shown)
        with self._database.transaction() as tx:
            client_id = self._client(tx, presented, REVOKE_SCOPE)
            if not self._consent.give_back(tx, client_id, GrantId(grant)):
                raise UnknownGrant

    def _client(self, tx: Transaction, presented: Presented, scope: str) -> str:
        """Whose token it is, if it stands and reaches this far."""
        told = self._access_tokens.standing_alone(tx, presented)
        client = self._clients.get(told["client_id"], tx)
        if client is None:
            raise InvalidToken("revoked")
        if scope not in told["scope"].split():
            raise InsufficientScope(scope)
        return client.client_id
