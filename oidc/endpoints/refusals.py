"""What a refusal leaves behind: a line in the log and a note for the operator's diagnosis, under one number.

The endpoints hand the refusal over in `g.refused`; it is written down once their transactions are over. The number is
also in the answer's header `X-Correlation-Id`, for the service's developers to quote.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from flask import Blueprint, Response, g, request

from config.identifiers import Randomness, new_id
from config.logs import get_logger
from oidc.client_authentication.private_key import unverified_claim
from oidc.client_authentication.secret import read_basic
from oidc.diagnosis import Diagnosis
from oidc.errors import InvalidClient, OAuthError

HEADER: Final = "X-Correlation-Id"

log = get_logger(__name__)


def watch(routes: Blueprint, diagnosis: Diagnosis, randomness: Randomness) -> None:
    """Write down what the endpoints of this blueprint refuse."""

    @routes.after_request
    def note(answer: Response) -> Response:
        error: OAuthError | None = g.pop("refused", None)
        if error is not None:
            correlation = new_id(randomness)
            log.info(
                "client_refused",
                error_code=error.code,
                endpoint=routes.name,
                reason=error.detail,
                correlation=correlation,
            )
            diagnosis.note(routes.name, error, client_id=error.client_id or _named(), correlation=correlation)
            answer.headers[HEADER] = correlation
        return answer


def _named() -> str:
    """Whom a request names that proved nothing: in its form or URL, by Basic, in its assertion. Empty: nobody."""
    if named := g.get("named_client") or request.args.get("client_id"):
        return str(named)
    with suppress(InvalidClient):
        return read_basic(request.headers.get("Authorization", "")).client_id
    if "named_client" in g:  # the form was read: it is one, and not too large
        with suppress(InvalidClient):
            return unverified_claim(request.form.get("client_assertion", ""))[0]
    return ""
