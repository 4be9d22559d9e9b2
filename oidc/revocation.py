"""Revocation (RFC 7009): a refresh token ends its family, an access token itself. Hints are only hints."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from audit.entries import ActorKind
from config.database import Database, Transaction
from oidc import single_use
from oidc.client_authentication import AuthenticatedClient, ClientAuthentication, ClientRequest
from oidc.errors import InvalidRequest, InvalidToken
from oidc.store import revoked_tokens
from oidc.tokens.access_token import AccessTokens
from oidc.tokens.families import REVOCATION, Families
from oidc.tokens.refresh_token import RefreshTokens


class Revocation:
    """Takes tokens back at their client's wish."""

    def __init__(
        self,
        *,
        database: Database,
        client_authentication: ClientAuthentication,
        access_tokens: AccessTokens,
        refresh_tokens: RefreshTokens,
        families: Families,
    ) -> None:
        """Each service is the one that the token endpoint uses."""
        self._database = database
        self._client_authentication = client_authentication
        self._access_tokens = access_tokens
        self._refresh_tokens = refresh_tokens
        self._families = families

    def answer(self, presented: ClientRequest) -> None:
        """Revoke a token of the client that asks; anything else changes nothing and is no error (§2.2).

        The token alone says which kind it is, so token_type_hint isn't read (§2.1 lets a server ignore it).
        Raises `InvalidClient`, `InvalidRequest`.
        """
        authenticated = self._client_authentication.authenticate(presented)
        token = presented.form.get("token")
        if not token:
            raise InvalidRequest("token is missing")
        # As in `oidc.introspection`: a JWT is an access token, and is read outside the transaction.
        claims = self._claims(authenticated, token) if "." in token else None
        with self._database.transaction() as tx:
            single_use.use(tx, authenticated)
            if claims is None:
                self._end_family(tx, authenticated, token)
            elif claims:
                revoked_tokens.revoke(tx, claims["jti"], datetime.fromtimestamp(claims["exp"], UTC))

    def _end_family(self, tx: Transaction, authenticated: AuthenticatedClient, token: str) -> None:
        found = self._refresh_tokens.find(tx, token)
        if found is not None and found[1].client_id == authenticated.client.client_id:
            self._families.end(tx, found[1], REVOCATION, ActorKind.SERVICE)

    def _claims(self, authenticated: AuthenticatedClient, token: str) -> Mapping[str, Any]:
        """Of an access token of this client; none of anything else."""
        try:
            claims = self._access_tokens.claims_of(token, audience=None)
        except InvalidToken:
            return {}
        return claims if claims["client_id"] == authenticated.client.client_id else {}
