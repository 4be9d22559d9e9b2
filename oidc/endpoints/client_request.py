"""What every endpoint that clients call has in common: the form as plain values in, JSON and OAuth errors out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, g, request
from werkzeug.exceptions import RequestEntityTooLarge

from config import client_certificates
from oidc.client_authentication import ClientRequest
from oidc.errors import InvalidClient, InvalidRequest, OAuthError, UseDpopNonce
from oidc.request.parameters import refuse_control_characters
from oidc.tokens.access_token import Presentation, TokenChallenge

FORM = "application/x-www-form-urlencoded"
MAX_BYTES = 65_536
"""Of a form."""
MAX_MEMBERS = 64
REPEATABLE = "resource"
"""The one parameter that may stand more than once (RFC 8707 §2)."""
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def read() -> ClientRequest:
    """The form of the current request.

    Raises `InvalidRequest`: parameters in the URL (RFC 6749 §3.2: credentials leak from there), another media type, a
    form over 64 KiB or 64 members, a name twice, a value that isn't UTF-8 or has control characters.
    """
    asked = request._get_current_object()  # type: ignore[attr-defined] # noqa: SLF001 -- Werkzeug's documented name
    if asked.query_string:
        raise InvalidRequest("parameters go into the body, not into the URL")
    if asked.mimetype != FORM:
        raise InvalidRequest(f"the body is {FORM}")
    asked.max_content_length = MAX_BYTES
    asked.max_form_parts = MAX_MEMBERS
    try:
        pairs = list(asked.form.items(multi=True))
    except (RequestEntityTooLarge, UnicodeDecodeError) as error:
        raise InvalidRequest("the form is too large or not UTF-8") from error
    if len(pairs) > MAX_MEMBERS:
        raise InvalidRequest("too many parameters")
    names = [name for name, _ in pairs if name != REPEATABLE]
    if len(names) != len(set(names)):
        raise InvalidRequest("a parameter stands twice")
    refuse_control_characters(*(text for pair in pairs for text in pair))
    g.named_client = asked.form.get("client_id")
    return ClientRequest(
        method=asked.method,
        path=asked.path,
        # RFC 6749 §3.2: a parameter without a value counts as left out.
        form={name: value for name, value in pairs if value and name != REPEATABLE},
        resources=tuple(value for name, value in pairs if value and name == REPEATABLE),
        authorization=tuple(asked.headers.getlist("Authorization")),
        dpop=tuple(asked.headers.getlist("DPoP")),
        client_certificate=client_certificates.of(asked.environ),
    )


def presentation(authorization: Sequence[str]) -> Presentation:
    """What the current request shows to an endpoint that takes access tokens. authorization: every such header."""
    certificate = client_certificates.of(request.environ)
    return Presentation(
        method=request.method,
        path=request.path,
        authorization=authorization,
        dpop=request.headers.getlist("DPoP"),
        client_certificate=certificate.der if certificate else None,
    )


def json_response(members: Mapping[str, Any], status: int = 200) -> Response:
    """JSON that nobody may keep (RFC 6749 §5.1)."""
    return Response(json.dumps(members), status, NO_STORE, mimetype="application/json")


def error_response(error: OAuthError) -> Response:
    """A refusal in the OAuth error format (RFC 6749 §5.2); `oidc.endpoints.refusals` writes it down."""
    g.refused = error
    answer = json_response(error.parameters(), int(error.status))
    if isinstance(error, InvalidClient):
        answer.headers["WWW-Authenticate"] = 'Basic realm="clients"'
    if isinstance(error, UseDpopNonce):
        answer.headers["DPoP-Nonce"] = error.nonce
    return answer


def challenge_response(told: TokenChallenge) -> Response:
    """The answer to an access token that isn't enough, or to none (RFC 6750 §3)."""
    if told.refused is not None:
        g.refused = told.refused
    answer = json_response({"error": told.code} if told.code else {}, told.status)
    answer.headers["WWW-Authenticate"] = told.www_authenticate
    if told.dpop_nonce:
        answer.headers["DPoP-Nonce"] = told.dpop_nonce
    return answer
