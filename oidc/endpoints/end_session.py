"""The end session endpoint (RP-Initiated Logout 1.0 §2), by GET and POST.

Its cookie is read only through `SignIn`. A POST is answered by 303 to a GET, since a cross-site POST brings no Lax
cookie; the button of the confirmation page posts a handle that is bound to this browser.
"""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request

from config.logs import get_logger
from oidc.endpoints.client_request import FORM, MAX_BYTES, NO_STORE
from oidc.errors import OAuthError
from oidc.logout import Confirm, Logout, SignedOut
from oidc.protocols import ErrorScreen, Screens
from oidc.request.parameters import unrepeated

log = get_logger(__name__)


def blueprint(logout: Logout, screens: Screens) -> Blueprint:
    """`GET|POST /end-session` and `GET|POST /end-session/<handle>`."""
    routes = Blueprint("end_session", __name__)

    @routes.get("/end-session")
    def begin() -> Response:
        try:
            return _answer(logout.begin(unrepeated(request.args.items(multi=True))), screens)
        except OAuthError as error:
            return _refused(error, screens)

    @routes.post("/end-session")
    def keep() -> Response:
        request.max_content_length = MAX_BYTES
        pairs = request.form.items(multi=True) if request.mimetype == FORM else ()
        try:
            handle = logout.keep(unrepeated(pairs))
        except OAuthError as error:
            return _refused(error, screens)
        return _redirect(f"/end-session/{handle}")

    @routes.get("/end-session/<handle>")
    def resume(handle: str) -> Response:
        try:
            return _answer(logout.resume(handle), screens)
        except OAuthError as error:
            return _refused(error, screens)

    @routes.post("/end-session/<handle>")
    def confirm(handle: str) -> Response:
        try:
            return _answer(logout.confirm(handle), screens)
        except OAuthError as error:
            return _refused(error, screens)

    return routes


def _answer(outcome: Confirm | SignedOut, screens: Screens) -> Response:
    if isinstance(outcome, Confirm):
        return _page(screens.confirm_sign_out(outcome.handle, outcome.client_name, outcome.url), 200)
    if outcome.url and not outcome.frames:
        answer = _redirect(outcome.url)
    else:
        answer = _page(screens.signed_out(outcome.frames, outcome.url), 200)
    if outcome.ended:
        # Not "cookies": the language chosen here, and that this browser is known, stay.
        answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


def _refused(error: OAuthError, screens: Screens) -> Response:
    log.info("sign_out_refused", error_code=error.code, reason=error.detail)
    return _page(*screens.error(ErrorScreen(code=error.code, client_name="")))


def _page(body: str, status: int) -> Response:
    return Response(body, status, mimetype="text/html", headers=NO_STORE)


def _redirect(url: str) -> Response:
    answer = redirect(url, 303)
    answer.headers.update(NO_STORE)
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer  # type: ignore[return-value] # werkzeug's Response, which Flask's is
