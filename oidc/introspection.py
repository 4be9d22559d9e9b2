"""Introspection: what a token still is, told to the client that holds it (RFC 7662), also signed (RFC 9701).

Our own resources never ask here: they look at the database (`oidc.tokens.access_token`). Whoever asks about a token
that isn't their own learns nothing, not even whether there is one (RFC 7662 §2.2, §4).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from config.clock import Clock
from config.database import Database, Transaction
from oidc import single_use
from oidc.client_authentication import ClientAuthentication, ClientRequest
from oidc.clients import Client
from oidc.errors import InvalidRequest, InvalidToken
from oidc.keys import SigningKeys
from oidc.tokens.access_token import AccessTokens
from oidc.tokens.refresh_token import RefreshTokens

INACTIVE: Final[Mapping[str, Any]] = {"active": False}
JWT: Final = "token-introspection+jwt"
"""`typ`, and with `application/` the media type of signed answers (RFC 9701 §4, §5)."""
_TOLD: Final = (
    "iss",
    "sub",
    "aud",
    "client_id",
    "iat",
    "exp",
    "jti",
    "scope",
    "auth_time",
    "acr",
    "cnf",
    "act",
    "authorization_details",
)
"""Of an access token's claims; RFC 7662 §2.2, RFC 8693 §4.1, RFC 9396 §9.2, RFC 9449 §6.2, RFC 9470 §6.2."""


class Introspection:
    """Tells clients about their tokens."""

    def __init__(
        self,
        *,
        database: Database,
        client_authentication: ClientAuthentication,
        access_tokens: AccessTokens,
        refresh_tokens: RefreshTokens,
        signing_keys: SigningKeys,
        issuer: str,
        clock: Clock,
    ) -> None:
        """issuer: our public address."""
        self._database = database
        self._client_authentication = client_authentication
        self._access_tokens = access_tokens
        self._refresh_tokens = refresh_tokens
        self._signing_keys = signing_keys
        self._issuer = issuer
        self._clock = clock

    def answer(self, presented: ClientRequest, *, signed: bool) -> Mapping[str, Any] | str:
        """What the token is: members of a JSON answer, or a JWT when `signed`.

        The token alone says which kind it is, so token_type_hint isn't read (RFC 7662 §2.1 lets a server ignore it).
        Raises `InvalidClient`, `InvalidRequest`; a public client is refused, since anybody could ask in its name.
        """
        authenticated = self._client_authentication.authenticate(presented)
        client, token = authenticated.client, presented.form.get("token")
        if client.is_public:
            raise InvalidRequest("introspection is for clients that authenticate")  # RFC 7662 §2.1, §4
        if not token:
            raise InvalidRequest("token is missing")
        # Ours are told apart by their shape: an access token is a JWT, and a refresh token has no dot.
        claims = self._claims(client, token) if "." in token else None
        if authenticated.assertion is None:
            with self._database.looking() as tx:
                told = self._told(tx, client, token, claims)
        else:
            with self._database.transaction() as tx:
                single_use.use(tx, authenticated)
                told = self._told(tx, client, token, claims)
        return self._signed(client, told) if signed else told

    def _claims(self, client: Client, token: str) -> Mapping[str, Any]:
        """Of an access token of this client, read outside any transaction; none of anything else."""
        try:
            claims = self._access_tokens.claims_of(token, audience=None)
        except InvalidToken:
            return {}
        return claims if claims["client_id"] == client.client_id else {}

    def _told(self, tx: Transaction, client: Client, token: str, claims: Mapping[str, Any] | None) -> Mapping[str, Any]:
        if claims is None:
            return self._refresh_token(tx, client, token) or INACTIVE
        if not claims or not self._access_tokens.stands(tx, claims):
            return INACTIVE
        token_type = "DPoP" if "jkt" in claims.get("cnf", {}) else "Bearer"
        told = {name: claims[name] for name in _TOLD if name in claims}
        return {"active": True, "token_type": token_type, **told}

    def _refresh_token(self, tx: Transaction, client: Client, token: str) -> Mapping[str, Any] | None:
        found = self._refresh_tokens.find(tx, token)
        if found is None or found[1].client_id != client.client_id:
            return None
        row, family = found
        if row.used_at is not None or family.ended_at is not None:
            return None
        return {
            "active": True,
            "iss": self._issuer,
            "sub": family.sub,
            "client_id": family.client_id,
            "scope": " ".join(family.scope),
            "iat": int(row.made_at.timestamp()),
            "exp": int(row.expires_at.timestamp()),
        }

    def _signed(self, client: Client, told: Mapping[str, Any]) -> str:
        claims = {
            "iss": self._issuer,
            "aud": client.client_id,
            "iat": int(self._clock.now().timestamp()),
            "token_introspection": told,  # RFC 9701 §5: no sub, no exp beside it
        }
        return self._signing_keys.sign(claims, alg=client.introspection_signed_response_alg, typ=JWT)
