"""The authorization code grant (RFC 6749 §4.1.3) with PKCE (RFC 7636) and the code bound to a key (RFC 9449 §10)."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Any

from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc7636 import CodeChallenge, create_s256_code_challenge

from audit.entries import ActorKind
from oidc.clients import Client
from oidc.grants.server import TokenDraft, TokenRequest
from oidc.store import codes
from oidc.store.authorizations import AuthorizationRow
from oidc.tokens.families import CODE_REPLAY
from oidc.tokens.refresh_token import token_hash

MAX_CHARS = 512


@dataclass(frozen=True, slots=True)
class RedeemedCode:
    """A code that this request used up, in the words of Authlib's hooks."""

    family: AuthorizationRow

    @property
    def code_challenge(self) -> str | None:
        """Always of method S256."""
        return self.family.code_challenge

    @property
    def code_challenge_method(self) -> str:
        """Never plain, which Authlib takes a missing one for."""
        return "S256"

    def get_redirect_uri(self) -> str:
        """The one of the authorization request, which the token request must repeat; empty when it named none."""
        return self.family.redirect_uri

    def get_scope(self) -> str:
        """What was granted."""
        return " ".join(self.family.scope)


class AuthorizationCode(AuthorizationCodeGrant):  # type: ignore[misc] # Authlib has no types
    """Redeems a code once, by one conditional UPDATE inside the first hook: of 50 parallel requests one succeeds."""

    request: TokenRequest

    def query_authorization_code(self, code: str, client: Client) -> RedeemedCode | None:
        """Use the code up. A replay ends the family that it gave, which commits although the request is refused."""
        request, now = self.request, self.server.clock.now()
        hashed = token_hash(code) if len(code) <= MAX_CHARS else b""
        family = codes.redeem(request.tx, hashed, client.client_id, now)
        if family is None:
            replayed = codes.redeemed(request.tx, hashed, client.client_id)
            if replayed is not None and self.server.families.end(request.tx, replayed, CODE_REPLAY, ActorKind.SERVICE):
                request.commits = True
            return None
        return RedeemedCode(family)

    def authenticate_user(self, authorization_code: RedeemedCode) -> str:
        """The subject; a closed account has no standing family."""
        return authorization_code.family.subject

    def generate_token(
        self, user: Any = None, scope: str | None = None, grant_type: str | None = None, **_: Any
    ) -> TokenDraft:
        """Draft the tokens; see `TokenServer.first_draft`."""
        return self.server.first_draft(self.request, self.request.authorization_code.family)  # type: ignore[no-any-return]

    def delete_authorization_code(self, authorization_code: RedeemedCode) -> None:
        """It was used up before anything was given; the row stays, to notice a replay."""


class CodeVerifier(CodeChallenge):  # type: ignore[misc] # Authlib has no types
    """PKCE at the token endpoint: S256 only, compared in constant time; public clients can't go without."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)
    DEFAULT_CODE_CHALLENGE_METHOD = "S256"

    @staticmethod
    def _is_right(verifier: str, challenge: str) -> bool:
        return hmac.compare_digest(create_s256_code_challenge(verifier).encode(), challenge.encode())

    CODE_CHALLENGE_METHODS = {"S256": _is_right}  # noqa: RUF012 -- Authlib's way to configure
