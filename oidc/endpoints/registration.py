"""The client registration endpoint (RFC 7591) and each client's own address (RFC 7592)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request

from oidc.endpoints.client_request import MAX_BYTES, NO_STORE, error_response, json_response
from oidc.errors import InvalidClientMetadata, OAuthError
from oidc.registration import Registration
from oidc.request import strict_json
from oidc.tokens.access_token import challenge


def blueprint(registration: Registration) -> Blueprint:
    """`POST /register` and `GET|PUT|DELETE /register/<client_id>`; nothing where registration is off."""
    routes = Blueprint("registration", __name__)
    if not registration.is_offered:
        return routes

    @routes.post("/register")
    def register() -> Response:
        try:
            return json_response(registration.register(_body(), _token()), 201)
        except OAuthError as error:
            return _refused(error)

    @routes.get("/register/<client_id>")
    def read(client_id: str) -> Response:
        try:
            return json_response(registration.read(client_id, _token()))
        except OAuthError as error:
            return _refused(error)

    @routes.put("/register/<client_id>")
    def change(client_id: str) -> Response:
        try:
            return json_response(registration.change(client_id, _body(), _token()))
        except OAuthError as error:
            return _refused(error)

    @routes.delete("/register/<client_id>")
    def remove(client_id: str) -> Response:
        try:
            registration.remove(client_id, _token())
        except OAuthError as error:
            return _refused(error)
        return Response(status=204, headers=NO_STORE)

    return routes


def _token() -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token else None


def _body() -> Mapping[str, Any]:
    """Raises `InvalidClientMetadata` for anything but one JSON object of at most 64 KiB."""
    if request.mimetype != "application/json":
        raise InvalidClientMetadata("the body is application/json")
    request.max_content_length = MAX_BYTES
    try:
        members = strict_json.parse(request.get_data().decode("utf-8"))
    except (ValueError, json.JSONDecodeError) as error:
        raise InvalidClientMetadata("the body is no JSON") from error
    if not isinstance(members, dict):
        raise InvalidClientMetadata("the body is a JSON object")
    return members


def _refused(error: OAuthError) -> Response:
    answer = error_response(error)
    if int(error.status) == 401:  # noqa: PLR2004 -- RFC 6750 §3
        answer.headers["WWW-Authenticate"] = challenge(error, has_token=_token() is not None).www_authenticate
    return answer
