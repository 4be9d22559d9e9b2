"""A client as the provider uses it: parsed, checked, frozen (RFC 7591, OpenID Connect Registration 1.0)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from oidc import profiles, response_types
from oidc.clients import redirect_uris
from oidc.profiles import Profile

PUBLIC = "none"
"""The token_endpoint_auth_method of clients that can keep no secret."""
SECRET_METHODS = frozenset({"client_secret_basic", "client_secret_post"})
"""Methods whose secret we keep as a MAC."""
HMAC_METHODS = frozenset({"client_secret_jwt"})
"""Methods that need the secret itself: sealed."""
ASSERTION_METHODS = frozenset({"private_key_jwt", "client_secret_jwt"})
"""Methods with a JWT (RFC 7523)."""
TLS_CLIENT_AUTH = "tls_client_auth"
SELF_SIGNED_TLS_CLIENT_AUTH = "self_signed_tls_client_auth"
CERTIFICATE_METHODS = frozenset({TLS_CLIENT_AUTH, SELF_SIGNED_TLS_CLIENT_AUTH})
"""Methods with a certificate (RFC 8705 §2): only where a proxy passes them on."""
AUTHENTICATION_METHODS = SECRET_METHODS | ASSERTION_METHODS | {PUBLIC}
"""Every method spoken everywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One e-service. Only `oidc.clients.metadata.parse` makes them, so each field holds what it may hold."""

    client_id: str
    name: str
    names: Mapping[str, str] = field(default_factory=dict)
    """`client_name#<language>`, by language."""
    logo_uri: str = ""
    policy_uri: str = ""
    tos_uri: str = ""
    client_uri: str = ""
    redirect_uris: tuple[str, ...] = ()
    """Compared as strings, exactly; on loopback any port for native clients (RFC 8252 §7.3)."""
    post_logout_redirect_uris: tuple[str, ...] = ()
    application_type: str = "web"
    token_endpoint_auth_method: str = "client_secret_basic"  # noqa: S105 -- a method's name
    token_endpoint_auth_signing_alg: str | None = None
    """The only algorithm of client assertions; None means ES256, RS256 or PS256."""
    tls_client_auth_subject_dn: str = ""
    """RFC 8705 §2.1.2: what the certificate of a client of tls_client_auth must bear; one of these five."""
    tls_client_auth_san_dns: str = ""
    tls_client_auth_san_uri: str = ""
    tls_client_auth_san_ip: str = ""
    tls_client_auth_san_email: str = ""
    grant_types: frozenset[str] = frozenset({"authorization_code"})
    response_types: frozenset[str] = frozenset({"code"})
    scopes: frozenset[str] = frozenset({"openid"})
    subject_type: str = "pairwise"
    sector: str = ""
    """What pairwise subjects are made for: a host, or a reserved name with a colon for public subjects."""
    id_token_signed_response_alg: str = "ES256"  # noqa: S105 -- an algorithm
    userinfo_signed_response_alg: str | None = None
    """None: plain JSON."""
    id_token_encrypted_response_alg: str = ""
    """Empty: signed only. So is `userinfo_encrypted_response_alg`."""
    id_token_encrypted_response_enc: str = ""
    userinfo_encrypted_response_alg: str = ""
    userinfo_encrypted_response_enc: str = ""
    introspection_signed_response_alg: str = "RS256"
    """Of signed introspection answers (RFC 9701 §6, where RS256 is the default)."""
    authorization_signed_response_alg: str = "RS256"
    """Of signed authorization answers (JARM §3, where RS256 is the default)."""
    request_object_signing_alg: str | None = None
    """The only algorithm of its request objects; None means any that its profile allows."""
    require_signed_request_object: bool = False
    request_uris: tuple[str, ...] = ()
    """Where its request objects may lie; no other address is fetched."""
    jwks: Mapping[str, Any] = field(default_factory=dict)
    """A JWK Set of public keys."""
    jwks_uri: str = ""
    """Where it keeps its keys, instead of `jwks`."""
    backchannel_token_delivery_mode: str = ""
    """poll or ping, for clients that may ask people who are elsewhere (CIBA §4)."""
    backchannel_client_notification_endpoint: str = ""
    """Where a ping goes."""
    backchannel_logout_uri: str = ""
    """Where it is told, server to server, that a sign-in ended."""
    backchannel_logout_session_required: bool = False
    """Whether it needs `sid` there; it is always told."""
    frontchannel_logout_uri: str = ""
    """Opened in the browser, in a hidden frame, when a sign-in ended."""
    frontchannel_logout_session_required: bool = False
    """Whether it needs `iss` and `sid` there; it is always told."""
    initiate_login_uri: str = ""
    """Where a sign-in begins that somebody else asked for (`oidc.initiated_login`)."""
    require_pkce: bool = True
    require_pushed_authorization_requests: bool = False
    dpop_bound_access_tokens: bool = False
    """RFC 9449 §5.2: a token request without a proof is refused."""
    tls_client_certificate_bound_access_tokens: bool = False
    """RFC 8705 §3.4: a token request without a certificate is refused."""
    contract: Mapping[str, Any] = field(default_factory=dict)
    """What the vault may be asked: purposes, retention, contact."""
    contacts: tuple[str, ...] = ()
    federated: bool = False
    """Whether a federation vouches for it: then each request is signed or pushed (OpenID Federation 1.0 §12.1.1)."""
    profile: str = profiles.DEFAULT
    """A name of `oidc.profiles`."""

    @property
    def demands(self) -> Profile:
        """What its profile demands."""
        return profiles.PROFILES[self.profile]

    @property
    def has_secret(self) -> bool:
        """Whether it proves itself by a secret that we gave or were given."""
        return self.token_endpoint_auth_method in SECRET_METHODS | HMAC_METHODS

    @property
    def is_public(self) -> bool:
        """Whether it can't authenticate (RFC 6749 §2.1)."""
        return self.token_endpoint_auth_method == PUBLIC

    @property
    def gets_tokens_by_browser(self) -> bool:
        """Whether it is registered for a hybrid or implicit response type, or the grant type of those."""
        return response_types.IMPLICIT in self.grant_types or bool(self.response_types - {response_types.CODE})

    @property
    def web_origins(self) -> frozenset[str]:
        """Where scripts of this client run: the origins of a public web client's redirect URIs (RFC 6454 §6.2)."""
        if not self.is_public or self.application_type != "web":
            return frozenset()
        return frozenset(redirect_uris.origin(uri) for uri in self.redirect_uris)

    @property
    def must_sign_requests(self) -> bool:
        """Whether a request without a signed object is refused (RFC 9101 §10.5)."""
        return self.require_signed_request_object or self.demands.signed_requests

    def name_in(self, language: str) -> str:
        """Its name in a language, else the plain one."""
        return self.names.get(language, self.name)

    def check_grant_type(self, grant_type: str) -> bool:
        """Whether it may use a grant type (Authlib's name for the question)."""
        return grant_type in self.grant_types

    def check_response_type(self, response_type: str) -> bool:
        """Whether it may use a response type."""
        return response_type in self.response_types

    def allows_redirect_uri(self, uri: str) -> bool:
        """Whether a requested redirect_uri is exactly one of those registered (`oidc.clients.redirect_uris`)."""
        return redirect_uris.is_registered(uri, self.redirect_uris, native=self.application_type == "native")
