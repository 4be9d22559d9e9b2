"""The authorization endpoint: GET and POST (RFC 6749 §3.1, OpenID Connect Core §3.1.2)."""

from __future__ import annotations

from flask import Blueprint, Response, g, redirect, request
from werkzeug.exceptions import MethodNotAllowed

from oidc.authorization import Authorization, Outcome, Page
from oidc.endpoints.client_request import FORM, MAX_BYTES
from oidc.protocols import ErrorScreen, Screens
from oidc.responses import Answer

# The answer's parameters must not leak by Referer, and no cache may keep them.
_HEADERS = {"Cache-Control": "no-store", "Pragma": "no-cache", "Referrer-Policy": "no-referrer"}


def blueprint(authorization: Authorization, screens: Screens) -> Blueprint:
    """`GET|POST /authorize` and `GET /authorize/<handle>`."""
    routes = Blueprint("authorization", __name__)

    @routes.get("/authorize")
    def begin() -> Response:
        _no_head()
        return _response(authorization.begin(list(request.args.items(multi=True))), screens)

    @routes.post("/authorize")
    def keep() -> Response:
        request.max_content_length = MAX_BYTES
        pairs = list(request.form.items(multi=True)) if request.mimetype == FORM else []
        return _response(authorization.keep(pairs), screens)

    @routes.get("/authorize/<handle>")
    def resume(handle: str) -> Response:
        _no_head()
        return _response(authorization.resume(handle), screens)

    return routes


def _no_head() -> None:
    """Flask takes HEAD wherever it takes GET; a scanner's look at an address must not use it up."""
    if request.method == "HEAD":
        raise MethodNotAllowed(["GET", "POST"])


def _response(outcome: Outcome, screens: Screens) -> Response:
    if isinstance(outcome, Page):
        answer = redirect(outcome.url, 303)
    elif isinstance(outcome, Answer):
        if outcome.refused:
            g.refused = outcome.refused
        if outcome.by_form:
            answer = Response(screens.form_post(outcome.redirect_uri, outcome.parameters), mimetype="text/html")
        else:
            answer = redirect(outcome.location, 303)
    else:
        g.refused = outcome.error
        body, status = screens.error(ErrorScreen(code=outcome.error.code, client_name=outcome.client_name))
        answer = Response(body, status, mimetype="text/html")
    answer.headers.update(_HEADERS)
    return answer  # type: ignore[return-value] # werkzeug's Response, which Flask's is
