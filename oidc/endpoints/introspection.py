"""The introspection endpoint (RFC 7662), plain JSON or signed (RFC 9701), as the Accept header says."""

from __future__ import annotations

from flask import Blueprint, Response, request

from oidc.endpoints.client_request import NO_STORE, error_response, json_response, read
from oidc.errors import OAuthError
from oidc.introspection import JWT, Introspection

MEDIA_TYPE = f"application/{JWT}"


def blueprint(introspection: Introspection) -> Blueprint:
    """`POST /introspect`."""
    routes = Blueprint("introspection", __name__)

    @routes.post("/introspect")
    def introspect() -> Response:
        best = request.accept_mimetypes.best_match(["application/json", MEDIA_TYPE], "application/json")
        try:
            told = introspection.answer(read(), signed=best == MEDIA_TYPE)
        except OAuthError as error:
            return error_response(error)
        if isinstance(told, str):
            return Response(told, mimetype=MEDIA_TYPE, headers=NO_STORE)
        return json_response(told)

    return routes
