"""The pushed authorization request endpoint (RFC 9126)."""

from __future__ import annotations

from flask import Blueprint, Response

from oidc.clients import Clients
from oidc.endpoints import web_origins
from oidc.endpoints.client_request import error_response, json_response, read
from oidc.errors import OAuthError
from oidc.pushing import Pushing


def blueprint(pushing: Pushing, clients: Clients) -> Blueprint:
    """`POST /par`."""
    routes = Blueprint("pushed_authorization", __name__)
    web_origins.open_to_public_clients(routes, clients)

    @routes.post("/par")
    def push() -> Response:
        try:
            request_uri, lifetime = pushing.answer(read())
        except OAuthError as error:
            return error_response(error)
        return json_response({"request_uri": request_uri, "expires_in": lifetime}, 201)

    return routes
