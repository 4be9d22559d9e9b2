"""What the token endpoint takes, a file a grant type, on Authlib's server and grant classes.

Authlib gives the order of the checks and the hooks; what it leaves open or does too late (THREATS: replay, rotation,
PKCE, single use) is closed in the hooks. Each hook finds the open transaction on the request object.
"""

from __future__ import annotations

from oidc.grants.authorization_code import AuthorizationCode, CodeVerifier
from oidc.grants.ciba import BackchannelRequest
from oidc.grants.client_credentials import ClientCredentials
from oidc.grants.device_code import DeviceCode
from oidc.grants.refresh_token import RefreshToken
from oidc.grants.server import AccessDraft, TokenDraft, TokenRequest, TokenServer
from oidc.grants.token_exchange import TokenExchange

__all__ = [
    "AccessDraft",
    "AuthorizationCode",
    "BackchannelRequest",
    "ClientCredentials",
    "CodeVerifier",
    "DeviceCode",
    "RefreshToken",
    "TokenDraft",
    "TokenExchange",
    "TokenRequest",
    "TokenServer",
]
