"""Binding tokens to the client's key: DPoP proofs (RFC 9449), or the certificate that it shows (RFC 8705 §3).

A proof is used once: its `jti` is kept until the proof is stale. A client whose clock is wrong is told a nonce (§8),
which is stateless: a MAC of the time window in which it was given.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from joserfc import jwk
from joserfc.errors import JoseError

from config.clock import Clock
from config.database import Transaction
from oidc import jwts
from oidc.errors import InvalidDpopProof, JwtRefused, UseDpopNonce
from oidc.keys import SecretKeys
from oidc.store import used_identifiers

ALGORITHMS = tuple(sorted(jwts.FOREIGN_ALGORITHMS))
OLDEST = timedelta(seconds=60)
"""How old `iat` may be."""
SKEW = timedelta(seconds=15)
"""How far `iat` may be ahead."""
NONCE_WINDOW = timedelta(minutes=2)
"""A nonce is good in the window it was given in and the next."""
MAX_JTI_CHARS = 255
_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_DEFAULT_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof that holds for one request. `jkt`: the RFC 7638 thumbprint (SHA-256) of its key."""

    jkt: str
    jti: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """What a token is bound to: a key, a certificate, both, or nothing."""

    jkt: str | None = None
    """RFC 9449 §6.1."""
    x5t_s256: str | None = None
    """RFC 8705 §3.1."""

    @property
    def confirmation(self) -> dict[str, str]:
        """The members of `cnf` (RFC 7800); empty for a token that anybody may show."""
        members = {"jkt": self.jkt, "x5t#S256": self.x5t_s256}
        return {name: value for name, value in members.items() if value is not None}


def thumbprint(certificate: bytes) -> str:
    """`x5t#S256` of a certificate in DER (RFC 8705 §3.1)."""
    return jwts.encode(hashlib.sha256(certificate).digest())


class Proofs:
    """Checks DPoP proofs at the endpoints of clients and at our own resources."""

    def __init__(self, *, secret_keys: SecretKeys, issuer: str, mutual_tls_url: str = "", clock: Clock) -> None:
        """secret_keys: make the nonces. issuer: what the addresses begin with, or mutual_tls_url, if there is one.

        RFC 9449 §4.2: a proof names the address that was called, which may be an alias (RFC 8705 §5).
        """
        self._secret_keys = secret_keys
        self._issuer = issuer
        self._mutual_tls_url = mutual_tls_url
        self._clock = clock

    def nonce(self, windows_ago: int = 0) -> str:
        """The nonce of this window."""
        window = int(self._clock.now().timestamp() // NONCE_WINDOW.total_seconds()) - windows_ago
        return jwts.encode(self._secret_keys.mac("dpop-nonce", str(window).encode())[:18])

    def check(self, headers: Sequence[str], *, method: str, url: str, access_token: str | None = None) -> Proof:
        """RFC 9449 §4.3, in the order of its list. access_token: the one that the proof accompanies, at resources.

        Raises `InvalidDpopProof`, or `UseDpopNonce` when only the time is wrong and a nonce would settle it.
        """
        if len(headers) != 1:  # 1
            raise InvalidDpopProof("exactly one DPoP header")
        jwt, key = self._verify(headers[0])  # 2, 4, 5, 6, 7
        claims = jwt.claims
        jti = claims.get("jti")  # 3
        if not isinstance(jti, str) or not 1 <= len(jti) <= MAX_JTI_CHARS:
            raise InvalidDpopProof("jti")
        if claims.get("htm") != method:  # 8
            raise InvalidDpopProof("htm")
        if _target(claims.get("htu")) not in self._targets(url):  # 9
            raise InvalidDpopProof("htu")
        expires_at = self._check_time(claims)  # 10, 11
        if access_token is not None:  # 12; whether the token is bound to this key is the caller's check
            ath = jwts.encode(hashlib.sha256(access_token.encode()).digest())
            if not isinstance(claims.get("ath"), str) or not hmac.compare_digest(claims["ath"].encode(), ath.encode()):
                raise InvalidDpopProof("ath")
        return Proof(key.thumbprint(), jti, expires_at)

    def shown(self, headers: Sequence[str], *, method: str, path: str) -> Proof | None:
        """The proof that a client shows with its request to an endpoint; None when it shows none. Raises as `check`."""
        return self.check(headers, method=method, url=f"{self._issuer}{path}") if headers else None

    @staticmethod
    def use_once(tx: Transaction, proof: Proof) -> None:
        """Use up the proof. Raises `InvalidDpopProof` when it was shown before."""
        if not used_identifiers.use(tx, "dpop", f"{proof.jkt} {proof.jti}", proof.expires_at):
            raise InvalidDpopProof("jti was used")

    @staticmethod
    def _verify(unverified: str) -> tuple[jwts.UnverifiedJwt, jwk.Key]:
        try:
            parsed = jwts.parse_without_verifying(unverified)
            if not jwts.is_type(parsed.header, "dpop+jwt"):
                raise InvalidDpopProof("typ")
            told = parsed.header.get("jwk")
            if not isinstance(told, dict) or told.get("kty") == "oct" or _PRIVATE_MEMBERS & told.keys():
                raise InvalidDpopProof("jwk: the public key")
            key = jwk.import_key(told)
            # The proof names its own key: all it proves is possession, and the token says which key it must be.
            return jwts.verify_foreign(unverified, [key], algorithms=ALGORITHMS), key
        except (JwtRefused, JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise InvalidDpopProof("malformed or not signed by its key", detail=str(error)) from error

    def _targets(self, url: str) -> Collection[object]:
        named = {_target(url)}
        if self._mutual_tls_url:
            named.add(_target(self._mutual_tls_url + url.removeprefix(self._issuer)))
        return named

    def _check_time(self, claims: Mapping[str, Any]) -> datetime:
        now, iat = self._clock.now(), claims.get("iat")
        if isinstance(iat, bool) or not isinstance(iat, int | float):
            raise InvalidDpopProof("iat")
        if "nonce" in claims:
            if claims["nonce"] not in {self.nonce(), self.nonce(1)}:
                raise UseDpopNonce("nonce is unknown or stale", nonce=self.nonce())
            # The nonce dates the proof by our own clock, so the client's clock doesn't matter.
            return now + 2 * NONCE_WINDOW
        try:
            made_at = datetime.fromtimestamp(int(iat), UTC)
        except (OverflowError, ValueError, OSError) as error:
            raise InvalidDpopProof("iat") from error
        if not now - OLDEST <= made_at <= now + SKEW:
            raise UseDpopNonce("iat is out of the window: use the nonce", nonce=self.nonce())
        return made_at + OLDEST + SKEW


def _target(url: object) -> tuple[str, str | None, int | None, str] | None:
    """Scheme, host, port and path, normalised (RFC 9449 §4.3: query and fragment are ignored)."""
    if not isinstance(url, str):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    return scheme, parts.hostname, port or _DEFAULT_PORTS.get(scheme), parts.path or "/"
