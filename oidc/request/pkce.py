"""PKCE: S256 or, for some confidential clients, none (RFC 7636 §4.3, RFC 9700 §2.1.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from oidc.clients import Client
from oidc.errors import InvalidRequest

METHODS = ("S256",)
"""`plain` is none: it protects nothing that the request doesn't show."""
_S256_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


def code_challenge(client: Client, parameters: Mapping[str, str]) -> str | None:
    """The challenge; None only for a confidential client that the operator excused.

    RFC 9700 §2.1.1: that client must then send a nonce, which protects its code as well; of one registered as
    openid-basic not even that is asked (OpenID Connect Core §3.1.2.1). RFC 7636 §4.3: a missing
    method means `plain`, which is refused.
    """
    challenge, method = parameters.get("code_challenge"), parameters.get("code_challenge_method")
    if challenge is None:
        if method is not None:
            raise InvalidRequest("code_challenge_method without code_challenge")
        if client.require_pkce or client.is_public:
            raise InvalidRequest("code_challenge is missing (PKCE, S256)")
        if client.demands.pkce and "nonce" not in parameters:
            raise InvalidRequest("without PKCE a nonce is needed")
        return None
    if method not in METHODS:
        raise InvalidRequest("code_challenge_method must be S256")
    if not _S256_CHALLENGE.fullmatch(challenge):
        raise InvalidRequest("code_challenge must be 43 characters of base64url")
    return challenge
