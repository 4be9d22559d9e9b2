"""The token endpoint (RFC 6749 §3.2)."""

from __future__ import annotations

from flask import Blueprint, Response

from oidc.clients import Clients
from oidc.endpoints import web_origins
from oidc.endpoints.client_request import error_response, json_response, read
from oidc.errors import OAuthError
from oidc.issuing import Issuing


def blueprint(issuing: Issuing, clients: Clients) -> Blueprint:
    """`POST /token`."""
    routes = Blueprint("token", __name__)
    web_origins.open_to_public_clients(routes, clients)

    @routes.post("/token")
    def token() -> Response:
        try:
            return json_response(issuing.answer(read()))
        except OAuthError as error:
            return error_response(error)

    return routes
