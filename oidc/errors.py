"""What the provider refuses: the OAuth error codes, one class each, with where each may be told.

A description is told to the client's developers; `detail` goes to the log only. Neither holds anything personal.
"""

from __future__ import annotations

import re
from datetime import datetime
from http import HTTPStatus
from typing import ClassVar, Self

from config.errors import HopelessJob, Refusal

_NOT_TOLD = re.compile(r"[^\x20-\x21\x23-\x5b\x5d-\x7e]")
TRUST_CHAIN = "trust_chain"
"""The cause of a refusal because no chain of trust was found."""


class OAuthError(Refusal):
    """An answer in the OAuth error format (RFC 6749 §4.1.2.1, §5.2).

    error: the code. description: its ASCII text (characters that §5.2 forbids become `_`). status: of a direct answer.
    redirectable: whether the authorization endpoint may send it to the redirect_uri; a request whose client or
    redirect_uri is in doubt must not be redirected anywhere. client_id: whose request it is, where that is known.
    """

    code: ClassVar[str] = "server_error"
    redirectable: bool = True
    client_id: str = ""

    def __init__(
        self,
        description: str = "",
        *,
        redirectable: bool | None = None,
        detail: str = "",
        cause: str = "",
        quotes: bool = False,
    ) -> None:
        """redirectable: overrides the class for this one refusal.

        cause: a word of ours that the operator's diagnosis explains and the client never gets.
        quotes: the description repeats something of the request, so it isn't kept (`oidc.diagnosis`).
        """
        super().__init__(detail or description)
        self.description = _NOT_TOLD.sub("_", description)[:300]
        self.cause = cause
        self.quotes = quotes
        if redirectable is not None:
            self.redirectable = redirectable

    def of(self, client_id: str) -> Self:
        """The same, of this client's request."""
        self.client_id = client_id
        return self

    @property
    def error(self) -> str:
        """The error code, as the standard spells it."""
        return self.code

    def parameters(self) -> dict[str, str]:
        """`error` and, when there is one, `error_description`."""
        told = {"error": self.code}
        if self.description:
            told["error_description"] = self.description
        return told


class InvalidRequest(OAuthError):
    """A parameter is missing, repeated, malformed or contradicts another (RFC 6749 §4.1.2.1, §5.2)."""

    code: ClassVar[str] = "invalid_request"


class UnregisteredRedirectUri(InvalidRequest):
    """The redirect_uri is missing or not exactly a registered one (RFC 9700 §4.1): never redirect."""

    redirectable = False


class UnknownClient(InvalidRequest):
    """No such client at the authorization endpoint: never redirect."""

    redirectable = False


class InvalidClient(OAuthError):
    """Client authentication failed (RFC 6749 §5.2)."""

    code: ClassVar[str] = "invalid_client"
    status: ClassVar[HTTPStatus] = HTTPStatus.UNAUTHORIZED
    redirectable = False


class TrustChainRefused(InvalidClient):
    """No chain of trust leads from this entity to a trust anchor of ours (OpenID Federation 1.0 §10, §12.1.3)."""

    code: ClassVar[str] = "invalid_trust_chain"

    def __init__(self, description: str, *, detail: str = "") -> None:
        """description: names entities and what they said, so it is told and not kept."""
        super().__init__(description, detail=detail, cause=TRUST_CHAIN, quotes=True)


class InvalidGrant(OAuthError):
    """A code or refresh token is unknown, expired, used, another client's, or bound to something else."""

    code: ClassVar[str] = "invalid_grant"


class UnauthorizedClient(OAuthError):
    """The client isn't registered for this grant or response type."""

    code: ClassVar[str] = "unauthorized_client"


class UnsupportedGrantType(OAuthError):
    """There is no such grant type here."""

    code: ClassVar[str] = "unsupported_grant_type"


class UnsupportedResponseType(OAuthError):
    """There is no such response type here."""

    code: ClassVar[str] = "unsupported_response_type"


class InvalidScope(OAuthError):
    """A scope is malformed, unknown, not the client's, or wider than granted."""

    code: ClassVar[str] = "invalid_scope"


class InvalidTarget(OAuthError):
    """A resource is no URI, has a fragment, or isn't ours (RFC 8707 §2)."""

    code: ClassVar[str] = "invalid_target"


class InvalidAuthorizationDetails(OAuthError):
    """An authorization detail is unknown, incomplete or not in the client's contract (RFC 9396 §5)."""

    code: ClassVar[str] = "invalid_authorization_details"


class AccessDenied(OAuthError):
    """The citizen said no."""

    code: ClassVar[str] = "access_denied"


class AuthorizationPending(OAuthError):
    """The person hasn't answered yet: ask again after the interval (RFC 8628 §3.5, CIBA §11)."""

    code: ClassVar[str] = "authorization_pending"


class SlowDown(OAuthError):
    """The same, and the client asked too soon: its interval is 5 seconds longer from now on (RFC 8628 §3.5)."""

    code: ClassVar[str] = "slow_down"


class ExpiredToken(OAuthError):
    """Nobody answered in time, or the answer wasn't fetched in time (RFC 8628 §3.5, CIBA §11)."""

    code: ClassVar[str] = "expired_token"


class InvalidBindingMessage(OAuthError):
    """The binding message can't be shown to a person (CIBA §13)."""

    code: ClassVar[str] = "invalid_binding_message"


class AskedTooOften(AccessDenied):
    """Nobody is asked so often, and no client shows so many codes (CIBA §13, where access_denied has this status)."""

    status: ClassVar[HTTPStatus] = HTTPStatus.FORBIDDEN


class PingNotTaken(Refusal):
    """A client's notification endpoint is out of order; it is told again."""

    code: ClassVar[str] = "ping_not_taken"
    status: ClassVar[HTTPStatus] = HTTPStatus.BAD_GATEWAY


class UnknownUserCode(Refusal):
    """No device shows this code (any more), or it was typed at another browser (RFC 8628 §3.3)."""

    code: ClassVar[str] = "unknown_user_code"
    status: ClassVar[HTTPStatus] = HTTPStatus.UNPROCESSABLE_ENTITY


class UnknownGrant(OAuthError):
    """There is no such approval of this client, or it is over: the answer is the same (Grant Management §6)."""

    code: ClassVar[str] = "invalid_grant_id"
    status: ClassVar[HTTPStatus] = HTTPStatus.NOT_FOUND


class LoginRequired(OAuthError):
    """prompt=none, and nobody (or somebody else) is signed in (OpenID Connect Core §3.1.2.6)."""

    code: ClassVar[str] = "login_required"


class ConsentRequired(OAuthError):
    """prompt=none, and there is something to ask (OpenID Connect Core §3.1.2.6)."""

    code: ClassVar[str] = "consent_required"


class InteractionRequired(OAuthError):
    """prompt=none, and some page must be shown (OpenID Connect Core §3.1.2.6)."""

    code: ClassVar[str] = "interaction_required"


class AccountSelectionRequired(OAuthError):
    """prompt=none, and an account must be chosen (OpenID Connect Core §3.1.2.6)."""

    code: ClassVar[str] = "account_selection_required"


class UnmetAuthenticationRequirements(OAuthError):
    """An essential acr can't be reached (OpenID Connect Core Unmet Authentication Requirements)."""

    code: ClassVar[str] = "unmet_authentication_requirements"


class InvalidRequestUri(OAuthError):
    """A request_uri is unknown, used, expired or another client's (RFC 9126 §2.2, OpenID Connect Core §3.1.2.6)."""

    code: ClassVar[str] = "invalid_request_uri"


class InvalidRequestObject(OAuthError):
    """The request object isn't the client's, isn't for us, or isn't valid now (RFC 9101 §6, §7)."""

    code: ClassVar[str] = "invalid_request_object"


class RequestUriNotSupported(OAuthError):
    """Request references other than pushed ones aren't taken here (OpenID Connect Core §3.1.2.6)."""

    code: ClassVar[str] = "request_uri_not_supported"


class RegistrationNotSupported(OAuthError):
    """The `registration` parameter isn't taken here (OpenID Connect Core §3.1.2.6)."""

    code: ClassVar[str] = "registration_not_supported"


class InvalidDpopProof(OAuthError):
    """A DPoP proof is absent, malformed, stale, used or of another key (RFC 9449 §5)."""

    code: ClassVar[str] = "invalid_dpop_proof"


class UseDpopNonce(OAuthError):
    """The proof must carry this nonce (RFC 9449 §8); a door sends it in the header `DPoP-Nonce`."""

    code: ClassVar[str] = "use_dpop_nonce"

    def __init__(self, description: str, *, nonce: str) -> None:
        """nonce: for the next proof."""
        super().__init__(description)
        self.nonce = nonce


class InvalidToken(OAuthError):
    """An access token is expired, revoked, malformed, for someone else or shown the wrong way (RFC 6750 §3.1)."""

    code: ClassVar[str] = "invalid_token"
    status: ClassVar[HTTPStatus] = HTTPStatus.UNAUTHORIZED


class ApprovalTakenBack(InvalidToken):
    """The token is ours, whole and rightly shown, but the person took the approval behind it back, at `at`."""

    def __init__(self, at: datetime) -> None:
        super().__init__(taken_back_on(at))
        self.at = at


TAKEN_BACK = "The person took this approval back"


def taken_back_on(at: datetime) -> str:
    """What a client is told, here and at the token endpoint. at: UTC."""
    return f"{TAKEN_BACK} on {at:%Y-%m-%d at %H:%M:%S} UTC"


class InsufficientScope(OAuthError):
    """The access token stands but doesn't reach this far (RFC 6750 §3.1)."""

    code: ClassVar[str] = "insufficient_scope"
    status: ClassVar[HTTPStatus] = HTTPStatus.FORBIDDEN


class InsufficientUserAuthentication(OAuthError):
    """The sign-in behind the token is too weak or too old for what it is shown for (RFC 9470 §3)."""

    code: ClassVar[str] = "insufficient_user_authentication"
    status: ClassVar[HTTPStatus] = HTTPStatus.UNAUTHORIZED

    def __init__(self, acr: str, max_age: int | None) -> None:
        """acr: what would do; empty for any. max_age: seconds that a sign-in may be old; None for any."""
        super().__init__("Ask the person to sign in again, with these values")
        self.acr = acr
        self.max_age = max_age

    def parameters(self) -> dict[str, str]:
        """With `acr_values` and `max_age`, to be repeated in an authorization request."""
        wanted = {"acr_values": self.acr, "max_age": "" if self.max_age is None else str(self.max_age)}
        return super().parameters() | {name: value for name, value in wanted.items() if value}


class InvalidClientMetadata(OAuthError):
    """A client's metadata can't be accepted (RFC 7591 §3.2.2)."""

    code: ClassVar[str] = "invalid_client_metadata"


class UnapprovedSoftwareStatement(OAuthError):
    """Software statements aren't taken here (RFC 7591 §3.2.2)."""

    code: ClassVar[str] = "unapproved_software_statement"


class InvalidRedirectUri(OAuthError):
    """A redirect URI in a client's metadata can't be accepted (RFC 7591 §3.2.2)."""

    code: ClassVar[str] = "invalid_redirect_uri"


class RotationTooSoon(Refusal):
    """The next signing key was published less than a JWKS max-age ago: relying parties may not know it yet."""

    code: ClassVar[str] = "rotation_too_soon"
    status: ClassVar[HTTPStatus] = HTTPStatus.CONFLICT


class JwtRefused(Refusal):
    """A JWT that must not be believed. Whoever asked gets the error of the place where it was shown."""

    code: ClassVar[str] = "invalid_jwt"


class LogoutRefused(HopelessJob):
    """A client answered a logout token with 400: it will not take another one either (Back-Channel Logout §2.8)."""


class LogoutNotTaken(Exception):
    """A client answered a logout token neither with success nor with a refusal: it is worth another try."""


class UnknownInteraction(OAuthError):
    """A request under way is unknown, answered, expired, or of another browser: nobody can be told by redirect."""

    code: ClassVar[str] = "request_over"
    redirectable = False
