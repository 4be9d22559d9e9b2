"""The userinfo endpoint (OpenID Connect Core §5.3), by GET and POST, the token in the header or in the form."""

from __future__ import annotations

from flask import Blueprint, Response, request

from oidc.endpoints import web_origins
from oidc.endpoints.client_request import (
    FORM,
    NO_STORE,
    challenge_response,
    error_response,
    json_response,
    presentation,
    read,
)
from oidc.errors import InvalidRequest, OAuthError
from oidc.issuing import Userinfo
from oidc.tokens.access_token import TokenChallenge


def blueprint(userinfo: Userinfo) -> Blueprint:
    """`GET|POST /userinfo`."""
    routes = Blueprint("userinfo", __name__)
    web_origins.open_to_all(routes)

    @routes.route("/userinfo", methods=["GET", "POST"])
    def tell() -> Response:
        try:
            told = userinfo.tell(presentation(_authorization()))
        except OAuthError as error:
            return error_response(error)
        if isinstance(told, TokenChallenge):
            return challenge_response(told)
        if isinstance(told, str):
            return Response(told, mimetype="application/jwt", headers=NO_STORE)
        return json_response(told)

    return routes


def _authorization() -> list[str]:
    """Every presented token as an Authorization header. A token in the URL is refused (RFC 6750 §2.3)."""
    if request.query_string:
        raise InvalidRequest("no parameters in the URL")
    headers = request.headers.getlist("Authorization")
    if request.method == "POST" and request.mimetype == FORM:
        token = read().form.get("access_token")  # RFC 6750 §2.2
        if token is not None:
            headers.append(f"Bearer {token}")
    if len(headers) > 1:
        raise InvalidRequest("more than one token")  # RFC 6750 §3.1
    return headers
