"""A client's form, read strictly, and the answers of the endpoints that clients call (RFC 6749 §5, RFC 9126 §2)."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Response, json, request

from config.logs import get_logger
from oidc.client_authentication import ClientRequest
from oidc.errors import InvalidClient, InvalidRequest, OAuthError
from oidc.request.parameters import unrepeated

FORM = "application/x-www-form-urlencoded"
_HEADERS = {"Cache-Control": "no-store", "Pragma": "no-cache"}

log = get_logger(__name__)


def read() -> ClientRequest:
    """The request at hand. Raises `InvalidRequest` for another media type, a query, or a repeated parameter."""
    if request.mimetype != FORM:
        raise InvalidRequest("the body must be a form")
    if request.args:
        raise InvalidRequest("parameters go into the body, not into the URL")  # RFC 6749 §2.3.1, §3.2
    pairs = list(request.form.items(multi=True))
    return ClientRequest(
        method=request.method,
        url=request.base_url,
        form=unrepeated([(name, value) for name, value in pairs if name != "resource"]),
        resources=tuple(value for name, value in pairs if name == "resource" and value),
        authorization=tuple(request.headers.getlist("Authorization")),
        dpop=tuple(request.headers.getlist("DPoP")),
    )


def json_response(body: Mapping[str, Any], status: int = HTTPStatus.OK) -> Response:
    """A JSON answer that no cache keeps (RFC 6749 §5.1)."""
    return Response(json.dumps(body), status, _HEADERS, mimetype="application/json")


def error_response(error: OAuthError) -> Response:
    """An error answer (RFC 6749 §5.2); 401 names the scheme that the client tried."""
    log.info("client_refused", endpoint=request.endpoint, error_code=error.code, reason=error.detail)
    answer = json_response(error.parameters(), error.status)
    if isinstance(error, InvalidClient) and request.headers.get("Authorization", "").lower().startswith("basic"):
        answer.headers["WWW-Authenticate"] = 'Basic realm="client", charset="UTF-8"'
    return answer
