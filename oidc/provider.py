"""The provider at a glance: every endpoint, grant type and client authentication method, in reading order."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint

from config.identifiers import Randomness
from oidc.authorization import Authorization
from oidc.backchannel_authentication import BackchannelAuthentication
from oidc.clients import Clients
from oidc.clients.client import AUTHENTICATION_METHODS
from oidc.device_authorization import DeviceAuthorizations
from oidc.diagnosis import Diagnosis
from oidc.endpoints import (
    authorization,
    backchannel_authentication,
    check_session,
    device_authorization,
    discovery,
    end_session,
    federation,
    grant_management,
    introspection,
    jwks,
    pushed_authorization,
    refusals,
    registration,
    revocation,
    token,
    userinfo,
)
from oidc.federation import Configuration
from oidc.grant_management import GrantManagement
from oidc.introspection import Introspection
from oidc.issuing import Issuing, Userinfo
from oidc.issuing.tokens import GRANT_TYPES
from oidc.keys import SigningKeys
from oidc.logout import Logout
from oidc.protocols import Screens
from oidc.pushing import Pushing
from oidc.registration import Registration
from oidc.revocation import Revocation
from oidc.session_state import SessionStates

__all__ = ["AUTHENTICATION_METHODS", "GRANT_TYPES", "Provider"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """The services behind the endpoints, as `wiring` made them."""

    issuer: str
    clients: Clients
    authorization: Authorization
    pushing: Pushing
    devices: DeviceAuthorizations
    backchannel: BackchannelAuthentication
    issuing: Issuing
    userinfo: Userinfo
    introspection: Introspection
    registration: Registration
    revocation: Revocation
    grant_management: GrantManagement
    logout: Logout
    signing_keys: SigningKeys
    session_states: SessionStates
    diagnosis: Diagnosis
    screens: Screens
    randomness: Randomness
    certificates: bool = False
    """Whether a proxy passes clients' certificates on (RFC 8705)."""
    mutual_tls_url: str = ""
    """The address under which the proxy asks for them, if that is another."""
    hybrid_and_implicit: bool = False
    """Whether those response types are offered."""
    federation: Configuration | None = None
    """What we say of ourselves in a federation; None: we are in none."""

    def blueprints(self) -> tuple[Blueprint, ...]:
        """Every endpoint, each watched for what it refuses."""
        endpoints = self._endpoints()
        for routes in endpoints:
            refusals.watch(routes, self.diagnosis, self.randomness)
        return endpoints

    def _endpoints(self) -> tuple[Blueprint, ...]:
        offered = {
            "registration": self.registration.is_offered,
            "session_management": self.session_states.is_offered,
            "certificates": self.certificates,
            "mutual_tls_url": self.mutual_tls_url,
            "hybrid_and_implicit": self.hybrid_and_implicit,
            "federation": self.federation is not None,
        }
        told = discovery.metadata(self.issuer, **offered)  # type: ignore[arg-type] # names and types as above
        return (
            discovery.blueprint(self.issuer, **offered),  # /.well-known/openid-configuration (Discovery 1.0, RFC 8414)
            jwks.blueprint(self.signing_keys),  # /jwks (RFC 7517)
            pushed_authorization.blueprint(self.pushing, self.clients),  # /par (RFC 9126)
            authorization.blueprint(self.authorization, self.screens),  # /authorize (RFC 6749, OpenID Connect Core)
            device_authorization.blueprint(self.devices),  # /device-authorization (RFC 8628)
            backchannel_authentication.blueprint(self.backchannel),  # /bc-authorize (CIBA)
            token.blueprint(self.issuing, self.clients),  # /token (RFC 6749)
            userinfo.blueprint(self.userinfo),  # /userinfo (OpenID Connect Core §5.3)
            introspection.blueprint(self.introspection),  # /introspect (RFC 7662, RFC 9701)
            revocation.blueprint(self.revocation, self.clients),  # /revoke (RFC 7009)
            grant_management.blueprint(self.grant_management),  # /grants (Grant Management for OAuth 2.0)
            registration.blueprint(self.registration),  # /register (RFC 7591, RFC 7592)
            end_session.blueprint(self.logout, self.screens),  # /end-session (RP-Initiated Logout 1.0)
            # /.well-known/openid-federation (OpenID Federation 1.0)
            *([federation.blueprint(self.federation, told)] if self.federation else []),
            # /check-session (Session Management 1.0)
            *([check_session.blueprint(self.screens)] if self.session_states.is_offered else []),
        )
