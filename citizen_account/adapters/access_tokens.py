"""Access tokens for the vault: only the provider can judge them."""

from __future__ import annotations

from oidc.tokens.access_token import AccessTokens, TokenChallenge
from vault.protocols import Challenge, LendingId, Permission, Presentation


class VaultAccessTokens:
    """`vault.protocols.AccessTokens` over the provider's tokens."""

    def __init__(self, tokens: AccessTokens, *, vault_url: str, resource_metadata: str) -> None:
        """vault_url: the audience, `Settings.vault_url`. resource_metadata: address of its metadata (RFC 9728 §3)."""
        self._tokens = tokens
        self._vault_url = vault_url
        self._resource_metadata = resource_metadata

    def verify(self, presentation: Presentation) -> Permission | Challenge:
        """See `vault.protocols.AccessTokens.verify`."""
        verified = self._tokens.verify(
            presentation.method,
            presentation.url,
            presentation.authorization,
            presentation.dpop,
            presentation.client_certificate,
            audience=self._vault_url,
            resource_metadata=self._resource_metadata,
        )
        if isinstance(verified, TokenChallenge):
            return Challenge(
                status=verified.status,
                www_authenticate=verified.www_authenticate,
                code=verified.code,
                dpop_nonce=verified.dpop_nonce,
                taken_back_at=verified.taken_back_at,
            )
        return Permission(
            client_id=verified.client_id,
            token_id=verified.jti,
            lendings=frozenset(map(LendingId, verified.lendings)),
        )
