"""`check_session_iframe` (Session Management 1.0 §3.2): a page that any client may frame, without a word in it.

It reads one cookie by its script, which no other page of ours may be framed for; so it has a policy of its own.
"""

from __future__ import annotations

from flask import Blueprint, Response

from oidc.protocols import Screens

POLICY = "default-src 'none'; script-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors *"


def blueprint(screens: Screens) -> Blueprint:
    """`GET /check-session`."""
    routes = Blueprint("check_session", __name__)

    @routes.get("/check-session")
    def page() -> Response:
        headers = {"Content-Security-Policy": POLICY, "Cache-Control": "public, max-age=300"}
        return Response(screens.check_session(), mimetype="text/html", headers=headers)

    return routes
