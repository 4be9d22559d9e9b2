"""Access tokens for the vault: only the provider can judge them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import g, has_request_context

from config.database import Transaction
from oidc.errors import InsufficientUserAuthentication, OAuthError
from oidc.request.openid import reached
from oidc.tokens import access_token
from oidc.tokens.access_token import AccessTokens
from vault.protocols import Challenge, Challenged, LendingId, Permission, Presentation


class VaultAccessTokens:
    """`vault.protocols.AccessTokens` over the provider's tokens."""

    def __init__(self, tokens: AccessTokens, *, vault_url: str, resource_metadata: str) -> None:
        """vault_url: the audience, `Settings.vault_url`. resource_metadata: address of its metadata (RFC 9728 §3)."""
        self._tokens = tokens
        self._vault_url = vault_url
        self._resource_metadata = resource_metadata

    def judge(self, presentation: Presentation) -> VaultPresented:
        """See `vault.protocols.AccessTokens.judge`."""
        has_token = bool(presentation.authorization)
        with _challenged(has_token=has_token, resource_metadata=self._resource_metadata):
            presented = self._tokens.judge(
                presentation.method,
                presentation.url,
                presentation.authorization,
                presentation.dpop,
                client_certificate=presentation.client_certificate,
                audience=self._vault_url,
            )
        return VaultPresented(self._tokens, presented, self._resource_metadata)


class VaultPresented:
    """`vault.protocols.Presented`."""

    def __init__(self, tokens: AccessTokens, presented: access_token.Presented, resource_metadata: str) -> None:
        """presented: judged by these tokens."""
        self._tokens = tokens
        self._presented = presented
        self._resource_metadata = resource_metadata

    @property
    def is_bound(self) -> bool:
        """See `vault.protocols.Presented.is_bound`."""
        return self._presented.proof is not None

    def standing(self, tx: Transaction) -> Permission:
        """See `vault.protocols.Presented.standing`."""
        with _challenged(has_token=True, resource_metadata=self._resource_metadata):
            verified = self._tokens.standing(tx, self._presented)
        return Permission(
            client_id=verified.client_id,
            token_id=verified.jti,
            lendings=frozenset(map(LendingId, verified.lendings)),
            acrs=frozenset(reached(verified.family.acr)),
            auth_time=verified.family.auth_time,
        )

    def stronger(self, acr: str, max_age: int | None) -> Challenge:
        """See `vault.protocols.Presented.stronger`."""
        error = InsufficientUserAuthentication(acr, max_age).of(self._presented.claims["client_id"])
        return _challenge(error, True, self._resource_metadata)


@contextmanager
def _challenged(*, has_token: bool, resource_metadata: str) -> Iterator[None]:
    try:
        yield
    except OAuthError as error:
        raise Challenged(_challenge(error, has_token, resource_metadata)) from error


def _challenge(error: OAuthError, has_token: bool, resource_metadata: str) -> Challenge:
    if has_token and has_request_context():
        g.refused = error  # written down when the answer is made: a transaction may be open here
    told = access_token.challenge(error, has_token=has_token, resource_metadata=resource_metadata)
    return Challenge(
        status=told.status,
        www_authenticate=told.www_authenticate,
        code=told.code,
        dpop_nonce=told.dpop_nonce,
        taken_back_at=told.taken_back_at,
    )
