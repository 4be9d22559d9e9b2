"""Our entity configuration (OpenID Federation 1.0 §9), where a federation is set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response

from oidc.endpoints.discovery import MAX_AGE
from oidc.federation import Configuration


def blueprint(configuration: Configuration, metadata: Mapping[str, Any]) -> Blueprint:
    """`GET /.well-known/openid-federation`. metadata: what discovery says."""
    routes = Blueprint("federation", __name__)

    @routes.get("/.well-known/openid-federation")
    def read() -> Response:
        answer = Response(configuration.statement(metadata), mimetype="application/entity-statement+jwt")
        answer.headers["Cache-Control"] = f"public, max-age={MAX_AGE}"
        answer.headers["Access-Control-Allow-Origin"] = "*"
        return answer

    return routes
