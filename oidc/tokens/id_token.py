"""ID tokens (OpenID Connect Core §2): who signed in, when and how, for one client."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from config.clock import Clock
from config.identifiers import Randomness, new_id
from oidc import jwts
from oidc.clients import Client
from oidc.errors import JwtRefused
from oidc.keys import SigningKeys
from oidc.store.authorizations import AuthorizationRow
from oidc.tokens.encryption import Encryption

LIFETIME = timedelta(minutes=5)


class IdTokens:
    """Makes ID tokens, and reads those that come back as hints."""

    def __init__(
        self, *, signing_keys: SigningKeys, encryption: Encryption, issuer: str, clock: Clock, randomness: Randomness
    ) -> None:
        """issuer: our public address."""
        self._signing_keys = signing_keys
        self._encryption = encryption
        self._issuer = issuer
        self._clock = clock
        self._randomness = randomness

    def make(
        self,
        family: AuthorizationRow,
        client: Client,
        *,
        access_token: str = "",
        code: str = "",
        with_nonce: bool,
        released: Mapping[str, Any],
    ) -> str:
        """An ID token, signed and encrypted as the client registered. Outside any transaction.

        access_token, code: what comes in the same answer, which the hashes bind to it (§3.2.2.10, §3.3.2.11).
        with_nonce: at the code, not at a refresh (§12.2). released: claims about the person that were asked for here.
        """
        now = int(self._clock.now().timestamp())
        claims: dict[str, Any] = {
            **released,
            "iss": self._issuer,
            "sub": family.sub,
            # One audience, so no azp (§2).
            "aud": client.client_id,
            "iat": now,
            "exp": now + int(LIFETIME.total_seconds()),
            "jti": new_id(self._randomness),
            "auth_time": int(family.auth_time.timestamp()),
            "acr": family.acr,
            "amr": list(family.amr),
            "sid": family.sid,
        }
        alg = client.id_token_signed_response_alg
        claims |= {"at_hash": half_hash(access_token, alg)} if access_token else {}
        claims |= {"c_hash": half_hash(code, alg)} if code else {}
        if with_nonce and family.nonce is not None:
            claims["nonce"] = family.nonce
        signed = self._signing_keys.sign(claims, alg=alg, typ=jwts.ID_TOKEN)
        return self._encryption.id_token(client, signed)

    def verify_hint(self, unverified_hint: str, *, client_id: str | None = None) -> Mapping[str, Any]:
        """The claims of an ID token that we once issued, expired or not (RP-Initiated Logout §2, Core §3.1.2.1).

        client_id: whose it must be, when that is known. Raises `JwtRefused`.
        """
        claims = self._signing_keys.verify_own(unverified_hint, typ=jwts.ID_TOKEN)
        # Signed userinfo has the same type and key; only an ID token has these.
        if claims.get("iss") != self._issuer or not {"exp", "auth_time", "sid"} <= claims.keys():
            raise JwtRefused("not an ID token of ours")
        if client_id is not None and claims.get("aud") != client_id:
            raise JwtRefused("another client's ID token")
        return claims


def half_hash(value: str, alg: str) -> str:
    """The left half of a token's or code's hash by the function of the signature's algorithm (§3.1.3.6, §3.3.2.11).

    Ed25519 hashes with SHA-512 inside (RFC 8032 §5.1), so that is the one.
    """
    digest = hashlib.sha512 if alg == "EdDSA" else hashlib.sha256
    hashed = digest(value.encode("ascii")).digest()
    return jwts.encode(hashed[: len(hashed) // 2])
