"""The device authorization endpoint (RFC 8628 §3.1)."""

from __future__ import annotations

from flask import Blueprint, Response

from oidc.device_authorization import DeviceAuthorizations
from oidc.endpoints.client_request import error_response, json_response, read
from oidc.errors import OAuthError


def blueprint(devices: DeviceAuthorizations) -> Blueprint:
    """`POST /device-authorization`."""
    routes = Blueprint("device_authorization", __name__)

    @routes.post("/device-authorization")
    def begin() -> Response:
        try:
            return json_response(devices.answer(read()))
        except OAuthError as error:
            return error_response(error)

    return routes
