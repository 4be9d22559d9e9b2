"""What each profile demands of a client, as one table. A client is registered for one; the operator chooses.

`openid-basic`: old relying parties as OpenID Connect Core §15.1 describes them. `baseline`: RFC 9700, the default.
`fapi2`: the FAPI 2.0 Security Profile (final), §5.3.2 for the server and §5.3.3 for the client;
`fapi2-message-signing` with signed requests and answers on top.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SECRETS: Final = frozenset({"client_secret_basic", "client_secret_post"})
HMAC: Final = frozenset({"client_secret_jwt"})
KEYS: Final = frozenset({"private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth"})
"""A key of the client's own (FAPI 2.0 §5.3.2.1)."""
PUBLIC: Final = frozenset({"none"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One row."""

    name: str
    authentication: frozenset[str]
    """token_endpoint_auth_method may be one of these."""
    signing_algorithms: frozenset[str]
    """Of ID tokens, userinfo, introspection and the client's assertions."""
    pkce: bool
    """False: a confidential client may do without, and without a nonce (Core §3.1.2.1 has it optional)."""
    hybrid_and_implicit: bool
    """Tokens may come by the browser, where the operator turned that on (RFC 9700 §2.1.2 advises against it)."""
    pushed_requests: bool
    sender_constrained: bool
    """Access tokens are bound to a key of the client."""
    rotation: bool
    """Refresh tokens rotate. Not where access tokens are bound and the client proves itself (FAPI 2.0 §5.3.2.1)."""
    signed_requests: bool
    """FAPI 2.0 Message Signing §5.3.1."""
    signed_responses: bool
    """FAPI 2.0 Message Signing §5.4.1."""
    issuer_is_audience: bool
    """Of client assertions `aud` is the issuer, a string (FAPI 2.0 §5.3.2.1)."""


_ANY: Final = SECRETS | HMAC | KEYS | PUBLIC
_ALGORITHMS: Final = frozenset({"RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519", "HS256", "HS384", "HS512"})
_FAPI_ALGORITHMS: Final = frozenset({"PS256", "ES256", "EdDSA", "Ed25519"})  # FAPI 2.0 §5.4.1

# fmt: off
_ROWS: Final = (
    Profile(name="openid-basic", authentication=_ANY, signing_algorithms=_ALGORITHMS,
            pkce=False, hybrid_and_implicit=True, pushed_requests=False, sender_constrained=False,
            rotation=True, signed_requests=False, signed_responses=False, issuer_is_audience=False),
    Profile(name="baseline", authentication=_ANY, signing_algorithms=_ALGORITHMS,
            pkce=True, hybrid_and_implicit=False, pushed_requests=False, sender_constrained=False,
            rotation=True, signed_requests=False, signed_responses=False, issuer_is_audience=False),
    Profile(name="fapi2", authentication=KEYS, signing_algorithms=_FAPI_ALGORITHMS,
            pkce=True, hybrid_and_implicit=False, pushed_requests=True, sender_constrained=True,
            rotation=False, signed_requests=False, signed_responses=False, issuer_is_audience=True),
    Profile(name="fapi2-message-signing", authentication=KEYS, signing_algorithms=_FAPI_ALGORITHMS,
            pkce=True, hybrid_and_implicit=False, pushed_requests=True, sender_constrained=True,
            rotation=False, signed_requests=True, signed_responses=True, issuer_is_audience=True),
)
# fmt: on
PROFILES: Final = {profile.name: profile for profile in _ROWS}
DEFAULT: Final = "baseline"
