"""Discovery: what is offered, made from the tables that decide it (OpenID Connect Discovery §3, RFC 8414 §2)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify

from oidc import claims, jwts, response_types
from oidc.clients.client import AUTHENTICATION_METHODS, CERTIFICATE_METHODS, PUBLIC
from oidc.clients.metadata import DELIVERY_MODES, GRANT_TYPES, HMAC_ALGORITHMS
from oidc.request import authorization_details, grant_management, openid, pkce, response, scope

MAX_AGE = 300


_BY_FEDERATION = {
    "client_registration_types_supported": ["automatic"],
    "request_authentication_methods_supported": {
        "authorization_endpoint": ["request_object"],
        "pushed_authorization_request_endpoint": ["private_key_jwt"],
    },
    "request_authentication_signing_alg_values_supported": sorted(jwts.FOREIGN_ALGORITHMS),
}
"""OpenID Federation 1.0 §5.1.3: how clients come that nobody registered here."""


def metadata(
    issuer: str,
    *,
    registration: bool = False,
    session_management: bool = False,
    certificates: bool = False,
    mutual_tls_url: str = "",
    hybrid_and_implicit: bool = False,
    federation: bool = False,
) -> dict[str, Any]:
    """The provider's metadata. issuer: the public address, without a trailing slash.

    registration, session_management, hybrid_and_implicit, federation: offered.

    certificates: a proxy passes those of clients on (RFC 8705). mutual_tls_url: the address under which it asks for
    them, if that is another than the issuer's.
    """
    methods = sorted(AUTHENTICATION_METHODS | CERTIFICATE_METHODS if certificates else AUTHENTICATION_METHODS)
    assertions = sorted(jwts.FOREIGN_ALGORITHMS | HMAC_ALGORITHMS)
    modes = (*response.RESPONSE_MODES, *(response.TOKEN_RESPONSE_MODES if hybrid_and_implicit else ()))
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "userinfo_endpoint": f"{issuer}/userinfo",
        "jwks_uri": f"{issuer}/jwks",
        **({"registration_endpoint": f"{issuer}/register"} if registration else {}),
        "pushed_authorization_request_endpoint": f"{issuer}/par",
        "device_authorization_endpoint": f"{issuer}/device-authorization",  # RFC 8628 §4
        "backchannel_authentication_endpoint": f"{issuer}/bc-authorize",  # CIBA §4
        "backchannel_token_delivery_modes_supported": list(DELIVERY_MODES),
        "backchannel_user_code_parameter_supported": False,
        "introspection_endpoint": f"{issuer}/introspect",
        "revocation_endpoint": f"{issuer}/revoke",
        "grant_management_endpoint": f"{issuer}/grants",  # Grant Management §7
        "grant_management_actions_supported": list(grant_management.ACTIONS),
        "grant_management_action_required": False,
        "end_session_endpoint": f"{issuer}/end-session",
        **({"check_session_iframe": f"{issuer}/check-session"} if session_management else {}),
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "frontchannel_logout_supported": True,
        "frontchannel_logout_session_supported": True,
        "scopes_supported": list(scope.SCOPES),
        "response_types_supported": list(response_types.EVERY if hybrid_and_implicit else (response_types.CODE,)),
        "response_modes_supported": list(dict.fromkeys(modes)),
        "grant_types_supported": [*GRANT_TYPES, *([response_types.IMPLICIT] if hybrid_and_implicit else [])],
        "subject_types_supported": ["pairwise", "public"],
        "id_token_signing_alg_values_supported": list(jwts.OWN_ALGORITHMS),
        "userinfo_signing_alg_values_supported": ["none", *jwts.OWN_ALGORITHMS],
        "id_token_encryption_alg_values_supported": list(jwts.ENCRYPTION_ALGORITHMS),
        "id_token_encryption_enc_values_supported": list(jwts.ENCRYPTION_ENCODINGS),
        "userinfo_encryption_alg_values_supported": list(jwts.ENCRYPTION_ALGORITHMS),
        "userinfo_encryption_enc_values_supported": list(jwts.ENCRYPTION_ENCODINGS),
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": assertions,
        "introspection_endpoint_auth_methods_supported": [method for method in methods if method != PUBLIC],
        "introspection_endpoint_auth_signing_alg_values_supported": assertions,
        "introspection_signing_alg_values_supported": list(jwts.OWN_ALGORITHMS),
        "revocation_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_signing_alg_values_supported": assertions,
        "code_challenge_methods_supported": list(pkce.METHODS),
        "dpop_signing_alg_values_supported": sorted(jwts.FOREIGN_ALGORITHMS),
        "claim_types_supported": ["normal"],
        "claims_supported": list(claims.SUPPORTED),
        "claims_parameter_supported": True,
        "request_parameter_supported": True,
        "request_uri_parameter_supported": True,
        "require_request_uri_registration": True,
        "require_signed_request_object": False,
        "request_object_signing_alg_values_supported": sorted(jwts.FOREIGN_ALGORITHMS),
        "authorization_signing_alg_values_supported": list(jwts.OWN_ALGORITHMS),
        "acr_values_supported": list(openid.ACRS),
        "prompt_values_supported": list(openid.PROMPTS),
        "ui_locales_supported": ["fr", "en"],
        "authorization_details_types_supported": list(authorization_details.TYPES),
        "authorization_response_iss_parameter_supported": True,
        "require_pushed_authorization_requests": False,
        "protected_resources": [f"{issuer}/vault"],
        **(_BY_FEDERATION if federation else {}),
        **({"tls_client_certificate_bound_access_tokens": True} if certificates else {}),
        **({"mtls_endpoint_aliases": _aliases(mutual_tls_url)} if certificates and mutual_tls_url else {}),
    }


def _aliases(url: str) -> dict[str, str]:
    """The endpoints where a certificate counts (RFC 8705 §5)."""
    return {
        "token_endpoint": f"{url}/token",
        "userinfo_endpoint": f"{url}/userinfo",
        "pushed_authorization_request_endpoint": f"{url}/par",
        "device_authorization_endpoint": f"{url}/device-authorization",
        "backchannel_authentication_endpoint": f"{url}/bc-authorize",
        "introspection_endpoint": f"{url}/introspect",
        "revocation_endpoint": f"{url}/revoke",
        "grant_management_endpoint": f"{url}/grants",
    }


def blueprint(issuer: str, **offered: Any) -> Blueprint:
    """`/.well-known/openid-configuration` and `/.well-known/oauth-authorization-server`. offered: as for `metadata`."""
    routes = Blueprint("discovery", __name__, url_prefix="/.well-known")

    @routes.get("/openid-configuration")
    @routes.get("/oauth-authorization-server")
    def read() -> Response:
        answer = jsonify(metadata(issuer, **offered))
        answer.headers["Cache-Control"] = f"public, max-age={MAX_AGE}"
        answer.headers["Access-Control-Allow-Origin"] = "*"
        return answer

    return routes
