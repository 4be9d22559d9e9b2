"""Authlib's authorization server without a web framework: plain values in, a draft of the tokens out.

Nothing is signed while the transaction is open: what Authlib carries through its grants is a `TokenDraft`, so that its
debug log, which prints tokens, has none to print.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import AuthorizationServer, OAuth2Request
from authlib.oauth2.rfc6749.errors import InvalidGrantError
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload

from audit.ledger import Ledger
from config.clock import Clock
from config.database import Transaction
from oidc.client_authentication import AuthenticatedClient, ClientRequest
from oidc.clients import Client
from oidc.errors import (
    AccessDenied,
    AuthorizationPending,
    ExpiredToken,
    InvalidClient,
    InvalidGrant,
    InvalidRequest,
    InvalidScope,
    OAuthError,
    SlowDown,
    UnauthorizedClient,
    UnsupportedGrantType,
)
from oidc.store import authorizations
from oidc.store.authorizations import AuthorizationRow
from oidc.tokens.access_token import AccessTokens
from oidc.tokens.binding import Binding, Proof, thumbprint
from oidc.tokens.families import Families
from oidc.tokens.refresh_token import RefreshTokens

_ERRORS: Mapping[str, type[OAuthError]] = {
    error.code: error
    for error in (
        AccessDenied,
        AuthorizationPending,
        ExpiredToken,
        InvalidClient,
        InvalidGrant,
        InvalidRequest,
        InvalidScope,
        SlowDown,
        UnauthorizedClient,
        UnsupportedGrantType,
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenDraft:
    """What a token response will say, decided in the transaction and signed after it."""

    family: AuthorizationRow
    client: Client
    scope: tuple[str, ...]
    refresh_token: str | None = field(repr=False)
    binding: Binding
    """What the access token is bound to."""
    from_code: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessDraft:
    """A response of one access token alone: no family of its own, no refresh token, no ID token."""

    claims: Mapping[str, Any]
    """Of the token: `sub`, `client_id`, `scope`, and what else it says."""
    authorization_details: tuple[Mapping[str, Any], ...] = ()
    """Of papers; left out with the vault."""
    audience: tuple[str, ...]
    """Some of it, when the request names resources."""
    binding: Binding
    ends_at: datetime | None = None
    """The latest; None when its lifetime alone says."""
    issued_token_type: str = ""
    """Told when the grant has it (RFC 8693 §2.2.1)."""


class TokenRequest(OAuth2Request):  # type: ignore[misc] # Authlib has no types
    """One token request on its way through Authlib's grants, with the transaction that its hooks join."""

    def __init__(self, presented: ClientRequest, authenticated: AuthenticatedClient, proof: Proof | None) -> None:
        """proof: verified, not yet used up. The base class would judge the address, which is ours: not called."""
        self.method = presented.method
        self.uri = presented.path
        self.headers: Mapping[str, str] = {}
        self.payload = BasicOAuth2Payload(presented.form)
        self.client = authenticated.client
        self.auth_method = authenticated.method
        self.user = None
        self.authorization_code: Any = None
        self.refresh_token: Any = None
        self._scope = None
        self.presented = presented
        self.authenticated = authenticated
        self.proof = proof
        self.subject_claims: Mapping[str, Any] | None = None
        """Of the access token that is to be exchanged, if it is one of ours and within its time (RFC 8693)."""
        self.tx: Transaction
        self.commits = False
        """Whether the refusal has an effect that must be kept (a family ended)."""

    @property
    def x5t_s256(self) -> str | None:
        """The thumbprint of the certificate that the client showed, if it did."""
        shown = self.presented.client_certificate
        return thumbprint(shown.der) if shown else None

    @property
    def binding(self) -> Binding:
        """What this request's tokens are bound to: a proof always binds, a certificate if the client registered so."""
        by_certificate = self.client.tls_client_certificate_bound_access_tokens
        return Binding(jkt=self.proof.jkt if self.proof else None, x5t_s256=self.x5t_s256 if by_certificate else None)

    @property
    def form(self) -> Mapping[str, str]:
        """The posted form."""
        return self.presented.form


class TokenServer(AuthorizationServer):  # type: ignore[misc] # Authlib has no types
    """The token endpoint's half of Authlib's server."""

    def __init__(
        self,
        *,
        families: Families,
        refresh_tokens: RefreshTokens,
        access_tokens: AccessTokens,
        ledger: Ledger,
        issuer: str,
        clock: Clock,
    ) -> None:
        """The grants reach what they need through these attributes."""
        super().__init__()
        self.access_tokens = access_tokens
        self.ledger = ledger
        self.issuer = issuer
        self.clock = clock
        self.families = families
        self.refresh_tokens = refresh_tokens

    def create_oauth2_request(self, request: TokenRequest) -> TokenRequest:
        """It is one already."""
        return request

    def authenticate_client(self, request: TokenRequest, methods: object, endpoint: str = "token") -> Client:
        """Done before the transaction began, by the one registered method (`oidc.client_authentication`)."""
        return request.authenticated.client

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Nobody listens."""

    def generate_token(
        self,
        grant_type: str,
        client: Client,
        user: object = None,
        scope: str | None = None,
        expires_in: int | None = None,
        include_refresh_token: bool = True,
    ) -> Any:
        """Grants draft their tokens themselves."""
        message = "a grant that drafts no token"
        raise LookupError(message)

    def first_draft(self, request: TokenRequest, family: AuthorizationRow) -> TokenDraft:
        """The first tokens of a family, binding that of a public client as they are (RFC 9449 §5, RFC 8705 §4).

        Raises `InvalidGrantError` when the family is bound to another key.
        """
        binding = request.binding
        if family.jkt is not None and family.jkt != binding.jkt:
            raise InvalidGrantError("the code is bound to another key")
        if request.client.is_public and binding not in {Binding(), Binding(jkt=family.jkt)}:
            authorizations.bind(request.tx, family.id, jkt=binding.jkt, x5t_s256=binding.x5t_s256)
        return TokenDraft(
            family=family,
            client=request.client,
            scope=family.scope,
            refresh_token=self.refresh_tokens.issue(request.tx, family) if family.refreshes else None,
            binding=binding,
            from_code=True,
        )

    def save_token(self, token: TokenDraft | AccessDraft, request: TokenRequest) -> None:
        """What must be kept was written where it was decided."""

    def handle_response(self, status: int, body: TokenDraft | AccessDraft, headers: object) -> TokenDraft | AccessDraft:
        """The draft."""
        return body

    def handle_error_response(self, request: TokenRequest, error: OAuth2Error) -> OAuthError:
        """Our refusal: raised, so that the transaction rolls back; returned when it has an effect to commit."""
        made = _ERRORS.get(error.error, InvalidRequest)
        # Of an unknown grant type Authlib repeats what was sent.
        refusal = made(error.get_error_description() or "", quotes=made is UnsupportedGrantType)
        if not request.commits:
            raise refusal from error
        return refusal
