"""The pages for what went wrong: what happened, then what to do, in the person's language. Machines get a problem.

A machine is told apart by its blueprint, or where no endpoint matched by the path. problem+json is RFC 9457.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, current_app, jsonify, redirect, request
from werkzeug.exceptions import HTTPException

from citizen_account import screen
from citizen_account.errors import DoorsClosed, NotSignedIn
from citizen_account.pages import drafts
from citizen_account.screen import gettext as _
from citizen_account.screen import ngettext
from citizen_account.security import SAFE_METHODS, Security
from config.bodies import Crowded
from config.errors import Refusal
from config.identifiers import new_id
from config.logs import get_logger
from config.rate_limits import TooManyRequests

log = get_logger(__name__)

MACHINE_PATHS = (
    "/vault/",
    "/ledger/",
    "/.well-known/",
    "/token",
    "/userinfo",
    "/jwks",
    "/par",
    "/revoke",
    "/device-authorization",
)


def install(app: Flask, security: Security) -> None:
    """Answer every refusal, HTTP error and surprise of an application."""

    @app.errorhandler(Refusal)
    def refused(refusal: Refusal) -> Any:
        if isinstance(refusal, NotSignedIn) and not _for_machine(security):
            return _to_sign_in(drafts.save(current_app.extensions["house"]))
        log.info("refused", refusal=refusal.code, detail=refusal.detail, endpoint=request.endpoint or "")
        return _answer(security, refusal.status, refusal.code if refusal.public else "", _retry_after(refusal))

    @app.errorhandler(HTTPException)
    def failed(error: HTTPException) -> Any:
        if error.response is not None:
            return error
        return _answer(security, HTTPStatus(error.code or 500), "", {})

    @app.errorhandler(Exception)
    def surprised(error: Exception) -> Any:
        incident = new_id(current_app.extensions["house"].randomness)
        log.error("unexpected", incident=incident, error=type(error).__name__, exc_info=error)
        return _answer(security, HTTPStatus.INTERNAL_SERVER_ERROR, "", {}, incident)


def words(status: int, code: str, minutes: int = 1) -> tuple[str, str]:
    """The heading and the text of an error page. minutes: until the next try may succeed."""
    texts = {
        "doors_closed": (
            _("We are bringing everything up to date"),
            _(
                "The city put back a backup. Until everything that you and others erased or took back since then is "
                "gone again, nobody can sign in. It takes a few minutes. Nothing for you to do: come back later."
            ),
        ),
        "forged_form": (
            _("This page was open for too long"),
            _("Go back, load the page again and send the form once more. Nothing was changed."),
        ),
        "slow_body": (
            _("It took too long to arrive"),
            _("Your connection may be slow. Nothing was stored. Try again, perhaps where it is better."),
        ),
        "crowded": (_("Many people are here right now"), _("Nothing was stored. Wait a minute, then send it again.")),
        "file_not_wanted": (_("No file was expected here"), _("Nothing was stored. Go back and try again.")),
        "link_over": (
            _("This link is no longer valid"),
            _("It was used already, or is too old, or a newer mail replaced it. Ask for a new one where you began."),
        ),
        "not_found": (
            _("There is no such page"),
            _("Check the address, or go to the first page. Nothing of yours was changed."),
        ),
        "not_allowed": (
            _("This page is not for you"),
            _("Your account does not have the role that this page is for."),
        ),
        "too_large": (_("That was too much to send"), _("Send less at once, or a smaller file. Nothing was stored.")),
        "too_many_requests": (
            _("Too many tries"),
            ngettext(
                "Wait %(num)s minute, then try again. Your account is not locked.",
                "Wait %(num)s minutes, then try again. Your account is not locked.",
                minutes,
            ),
        ),
        "unexpected": (
            _("Something went wrong on our side"),
            _("It is not your fault. What you did before is kept. Try again in a few minutes."),
        ),
        "bad_request": (_("We could not read that"), _("Go back and try again. Nothing was changed.")),
    }
    by_status = {403: "not_allowed", 404: "not_found", 410: "link_over", 413: "too_large", 429: "too_many_requests"}
    fallback = "unexpected" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "bad_request"
    return texts.get(code) or texts[by_status.get(status, fallback)]


def _for_machine(security: Security) -> bool:
    return security.is_machine() or (request.endpoint is None and request.path.startswith(MACHINE_PATHS))


def _answer(security: Security, status: HTTPStatus, code: str, headers: dict[str, str], incident: str = "") -> Response:
    if _for_machine(security):
        problem = {"type": "about:blank", "title": status.phrase, "status": int(status)}
        if code:
            problem["code"] = code
        if incident:
            problem["incident"] = incident
        response = jsonify(problem)
        response.content_type = "application/problem+json"
        response.headers["Cache-Control"] = "no-store"
    else:
        minutes = max(1, -(-int(headers.get("Retry-After", "60")) // 60))
        title, text = words(status, code, minutes)
        response = screen.page("error.html", title=title, text=text, incident=incident)
    response.status_code = status
    response.headers.update(headers)
    return response


def _retry_after(refusal: Refusal) -> dict[str, str]:
    if isinstance(refusal, TooManyRequests):
        return {"Retry-After": str(max(1, int(refusal.retry_after.total_seconds())))}
    return {"Retry-After": "30"} if isinstance(refusal, DoorsClosed | Crowded) else {}


def _to_sign_in(draft: drafts.Saved) -> Any:
    # A form that came too late can't be shown again by its address unless that address shows a page as well.
    shows = request.method in SAFE_METHODS or "GET" in (request.url_rule.methods or set() if request.url_rule else ())
    here = request.full_path.removesuffix("?") if shows and request.method in SAFE_METHODS else request.path
    there = draft.back or (here if shows else "/")
    answer = redirect(f"/sign-in?{urlencode({'next': there, 'over': '1'})}", HTTPStatus.SEE_OTHER)
    if not draft.drained:
        answer.headers["Connection"] = "close"
    return answer
