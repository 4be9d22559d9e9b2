"""dpop_jkt: the key that must redeem the code (RFC 9449 §10)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from oidc.errors import InvalidRequest

_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")


def thumbprint(parameters: Mapping[str, str]) -> str | None:
    """The RFC 7638 thumbprint of the client's key, SHA-256 in base64url; None when the code is bound to no key yet."""
    value = parameters.get("dpop_jkt")
    if value is not None and not _THUMBPRINT.fullmatch(value):
        raise InvalidRequest("dpop_jkt must be 43 characters of base64url")
    return value
