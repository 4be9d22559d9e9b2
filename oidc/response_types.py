"""Response types: what an authorization answer gives at once (RFC 6749 §3.1.1, OAuth 2.0 Multiple Response Types §3).

`code` is everybody's. The others hand tokens to the browser; they are for old clients, where the operator turned them
on (docs/decisions/1501). `token` alone is none: it signs nobody in (Core §3.2.1).
"""

from __future__ import annotations

from typing import Final

from authlib.oidc.core.grants import OpenIDHybridGrant, OpenIDImplicitGrant

CODE: Final = "code"
ID_TOKEN: Final = "id_token"  # noqa: S105 -- a response type
TOKEN: Final = "token"  # noqa: S105 -- a response type
IMPLICIT: Final = "implicit"
"""The grant type that stands for tokens by the browser."""
HYBRID_AND_IMPLICIT: Final = tuple(sorted(OpenIDImplicitGrant.RESPONSE_TYPES | OpenIDHybridGrant.RESPONSE_TYPES))
EVERY: Final = (CODE, *HYBRID_AND_IMPLICIT)


def canonical(response_type: str) -> str:
    """Its parts in one order: theirs means nothing (RFC 6749 §3.1.1)."""
    return " ".join(sorted(response_type.split(" ")))


def gives(response_type: str, part: str) -> bool:
    """Whether `code`, `id_token` or `token` is among its parts."""
    return part in response_type.split(" ")


def grant_types(response_type: str) -> frozenset[str]:
    """The grant types that a client of this response type is registered for (OpenID Connect Registration §2)."""
    by_code = {"authorization_code"} if gives(response_type, CODE) else set()
    by_browser = set() if response_type == CODE else {IMPLICIT}
    return frozenset(by_code | by_browser)
