"""The client credentials grant (RFC 6749 §4.4): a token about the client itself, for what is no person's.

No row is kept of it: the token ends with its five minutes, or by its `jti` when the client revokes it. It has no
family, by which our own resources know that nobody stands behind it; those that speak about a person refuse it.
"""

from __future__ import annotations

from typing import Any

from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant

from oidc.clients import Client
from oidc.errors import InvalidScope, UnauthorizedClient
from oidc.grants.server import AccessDraft, TokenRequest
from oidc.request import scope as scopes


class ClientCredentials(ClientCredentialsGrant):  # type: ignore[misc] # Authlib has no types
    """One access token, no refresh token (RFC 6749 §4.4.3), nothing about anybody."""

    request: TokenRequest

    def generate_token(self, scope: str | None = None, **_: Any) -> AccessDraft:
        """Draft the token: `sub` is the client (RFC 9068 §2.2)."""
        client = self.request.client
        if client.is_public:
            raise UnauthorizedClient("for clients that authenticate")  # RFC 6749 §4.4
        return AccessDraft(
            claims={
                "sub": client.client_id,
                "client_id": client.client_id,
                "scope": " ".join(_accepted(client, scope)),
            },
            audience=(self.server.issuer,),
            binding=self.request.binding,
        )


def _accepted(client: Client, asked: str | None) -> tuple[str, ...]:
    """What is asked of what is registered and is no person's; all of that when nothing is asked (RFC 6749 §3.3)."""
    registered = {name for name in client.scopes if not scopes.is_about_a_person(name)}
    if asked is None:
        return tuple(sorted(registered))
    wanted = tuple(dict.fromkeys(asked.split(" ")))
    if not registered.issuperset(wanted):
        raise InvalidScope("a scope is unknown, not registered for this client, or about a person")
    return wanted
