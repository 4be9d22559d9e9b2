"""The backchannel authentication endpoint (CIBA §7)."""

from __future__ import annotations

from flask import Blueprint, Response

from oidc.backchannel_authentication import BackchannelAuthentication
from oidc.endpoints.client_request import error_response, json_response, read
from oidc.errors import OAuthError


def blueprint(backchannel: BackchannelAuthentication) -> Blueprint:
    """`POST /bc-authorize`."""
    routes = Blueprint("backchannel_authentication", __name__)

    @routes.post("/bc-authorize")
    def ask() -> Response:
        try:
            return json_response(backchannel.answer(read()))
        except OAuthError as error:
            return error_response(error)

    return routes
