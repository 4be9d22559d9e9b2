"""The key that must redeem the code: by dpop_jkt, or by the proof that came with the request (RFC 9449 §10)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from oidc.errors import InvalidRequest
from oidc.request.accepted import AcceptedRequest
from oidc.tokens.binding import Proof

_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")


def thumbprint(parameters: Mapping[str, str]) -> str | None:
    """The RFC 7638 thumbprint of the client's key, SHA-256 in base64url; None when the code is bound to no key yet."""
    value = parameters.get("dpop_jkt")
    if value is not None and not _THUMBPRINT.fullmatch(value):
        raise InvalidRequest("dpop_jkt must be 43 characters of base64url")
    return value


def bound(request: AcceptedRequest, proof: Proof | None) -> AcceptedRequest:
    """The request, bound to the key of its proof as dpop_jkt binds it; both must name one key (RFC 9449 §10.1)."""
    if proof is None:
        return request
    if request.dpop_jkt not in {None, proof.jkt}:
        raise InvalidRequest("dpop_jkt is not the key of the proof")
    return replace(request, dpop_jkt=proof.jkt)
