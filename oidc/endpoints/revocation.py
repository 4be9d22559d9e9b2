"""The revocation endpoint (RFC 7009)."""

from __future__ import annotations

from flask import Blueprint, Response

from oidc.clients import Clients
from oidc.endpoints import web_origins
from oidc.endpoints.client_request import NO_STORE, error_response, read
from oidc.errors import OAuthError
from oidc.revocation import Revocation


def blueprint(revocation: Revocation, clients: Clients) -> Blueprint:
    """`POST /revoke`."""
    routes = Blueprint("revocation", __name__)
    web_origins.open_to_public_clients(routes, clients)

    @routes.post("/revoke")
    def revoke() -> Response:
        try:
            revocation.answer(read())
        except OAuthError as error:
            return error_response(error)
        answer = Response(status=200, headers=NO_STORE)
        # Nothing is no page: oidc-client-ts takes an announced text/html for a refusal (RFC 9110 §8.3).
        del answer.headers["Content-Type"]
        return answer

    return routes
