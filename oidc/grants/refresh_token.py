"""The refresh token grant (RFC 6749 §6): rotation, a short grace for retries, reuse ends the family."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from authlib.oauth2.rfc6749.errors import InvalidGrantError
from authlib.oauth2.rfc6749.grants import RefreshTokenGrant
from authlib.oauth2.rfc6749.util import scope_to_list

from audit.entries import ActorKind
from oidc.clients import Client
from oidc.errors import taken_back_on
from oidc.grants.server import TokenDraft, TokenRequest
from oidc.store.authorizations import TAKEN_BACK, AuthorizationRow
from oidc.tokens.families import REFRESH_REUSE


@dataclass(frozen=True, slots=True)
class FoundToken:
    """A refresh token that this request may use, in the words of Authlib's hooks."""

    family: AuthorizationRow
    successor: str | None = field(repr=False)
    """None where tokens don't rotate: the client keeps the one it has (RFC 6749 §6)."""

    def check_client(self, client: Client) -> bool:
        """Whether it was issued to that client."""
        return self.family.client_id == client.client_id

    def get_scope(self) -> str:
        """What was granted."""
        return " ".join(self.family.scope)


class RefreshToken(RefreshTokenGrant):  # type: ignore[misc] # Authlib has no types
    """Rotates at each use. Ends with the grant, at the family's end date, or by reuse."""

    request: TokenRequest

    def authenticate_refresh_token(self, refresh_token: str) -> FoundToken | None:
        """The token with its successor, or None: unknown, expired, ended, another client's, another key's, reused.

        Raises `InvalidGrantError` with the reason when the person took the approval back: its own client is told.
        """
        request = self.request
        found = self.server.refresh_tokens.find(request.tx, refresh_token)
        if found is None:
            return None
        row, family = found
        if family.client_id != request.client.client_id:
            return None
        if request.client.is_public and not _is_bound_to(family, request):
            return None
        if family.ended_at is not None:
            if family.ended_reason == TAKEN_BACK and row.used_at is None:
                raise InvalidGrantError(taken_back_on(family.ended_at))
            return None
        if not request.client.demands.rotation:
            return FoundToken(family, None)
        successor = self.server.refresh_tokens.rotate(request.tx, refresh_token, row)
        if successor is None:
            request.commits = self.server.families.end(request.tx, family, REFRESH_REUSE, ActorKind.SERVICE)
            return None
        return FoundToken(family, successor)

    def authenticate_user(self, refresh_token: FoundToken) -> str:
        """The subject; a closed account has no standing family."""
        return refresh_token.family.subject

    def issue_token(self, user: Any, refresh_token: FoundToken) -> TokenDraft:
        """Draft the tokens. A narrower scope is for this access token only (RFC 6749 §6)."""
        asked = self.request.payload.scope
        family = refresh_token.family
        return TokenDraft(
            family=family,
            client=self.request.client,
            scope=tuple(dict.fromkeys(scope_to_list(asked))) if asked else family.scope,
            refresh_token=refresh_token.successor,
            binding=self.request.binding,
            from_code=False,
        )

    def revoke_old_credential(self, refresh_token: FoundToken) -> None:
        """It was used up before anything was given."""


def _is_bound_to(family: AuthorizationRow, request: TokenRequest) -> bool:
    """A public client's refresh token is bound to its key (RFC 9449 §5) or certificate (RFC 8705 §4).

    Another one is no retry and no reuse: it ends nothing.
    """
    key = request.proof.jkt if request.proof else None
    return family.jkt in {None, key} and family.x5t_s256 in {None, request.x5t_s256}
