"""The grant management endpoint (Grant Management for OAuth 2.0, draft 03, §6)."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response, request

from oidc.endpoints.client_request import NO_STORE, challenge_response, error_response, json_response, presentation
from oidc.errors import OAuthError, UnknownGrant
from oidc.grant_management import GrantManagement
from oidc.tokens.access_token import challenge


def blueprint(management: GrantManagement) -> Blueprint:
    """`GET|DELETE /grants/<grant>`; without a grant there is nothing to see: no list is kept for anyone (§6)."""
    routes = Blueprint("grant_management", __name__)

    @routes.route("/grants", methods=["GET", "DELETE"])
    @routes.route("/grants/<grant>", methods=["GET", "DELETE"])
    def manage(grant: str = "") -> Response:
        shown = presentation(request.headers.getlist("Authorization"))
        try:
            if request.method == "DELETE":
                management.revoke(shown, grant)
                return Response(status=HTTPStatus.NO_CONTENT, headers=NO_STORE)
            return json_response(management.query(shown, grant))
        except UnknownGrant as error:
            return error_response(error)
        except OAuthError as error:
            return challenge_response(challenge(error, has_token=bool(shown.authorization)))

    return routes
