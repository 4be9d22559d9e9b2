"""Our public keys (RFC 7517), for whoever verifies our tokens."""

from __future__ import annotations

import json

from flask import Blueprint, Response

from oidc.keys import SigningKeys


def blueprint(signing_keys: SigningKeys) -> Blueprint:
    """`GET /jwks`."""
    routes = Blueprint("jwks", __name__)
    max_age = int(signing_keys.jwks_max_age.total_seconds())

    @routes.get("/jwks")
    def jwks() -> Response:
        answer = Response(json.dumps(signing_keys.public_jwks()), mimetype="application/jwk-set+json")
        answer.headers["Cache-Control"] = f"public, max-age={max_age}"
        # Public, without cookies: applications in browsers may read it.
        answer.headers["Access-Control-Allow-Origin"] = "*"
        return answer

    return routes
