"""The pushed authorization request endpoint (RFC 9126)."""

from __future__ import annotations

from flask import Blueprint, Response, request

from oidc.authorization import Authorization
from oidc.client_authentication import ClientAuthentication
from oidc.endpoints.client_request import error_response, json_response, read
from oidc.errors import OAuthError


def blueprint(authentication: ClientAuthentication, authorization: Authorization) -> Blueprint:
    """`POST /par`."""
    routes = Blueprint("pushed_authorization", __name__)

    @routes.post("/par")
    def push() -> Response:
        try:
            authenticated = authentication.authenticate(read())
            pairs = [(name, value) for name, value in request.form.items(multi=True) if not _is_credential(name)]
            request_uri, lifetime = authorization.push(
                authenticated.client,
                pairs,
                lambda tx: authentication.use_once(tx, authenticated),
            )
        except OAuthError as error:
            return error_response(error)
        return json_response({"request_uri": request_uri, "expires_in": lifetime}, 201)

    return routes


def _is_credential(name: str) -> bool:
    return name in {"client_secret", "client_assertion", "client_assertion_type"}
