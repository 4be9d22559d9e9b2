"""JWTs in and out: compact JWS only, with an allow-list of algorithms and types at every use (RFC 8725).

Our own are signed and verified by `cryptography` directly with keys parsed once (docs/decisions/0601); those of
clients by joserfc. Times are the caller's business, because each use has its own rules.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jwk, jws
from joserfc.errors import JoseError

from oidc.errors import JwtRefused

MAX_CHARS = 16_384
"""Longest JWT that is looked at."""
OWN_ALGORITHMS = ("ES256", "RS256", "PS256", "EdDSA")
"""What our own keys sign with."""
FOREIGN_ALGORITHMS = frozenset({"ES256", "ES384", "RS256", "PS256", "EdDSA", "Ed25519"})
"""What the asymmetric keys of clients may sign with (RFC 8725 §3.1)."""
ENCRYPTION_ALGORITHMS = ("ECDH-ES", "ECDH-ES+A256KW", "RSA-OAEP", "RSA-OAEP-256")
"""`alg` of what is encrypted to clients; RSA1_5 is none (RFC 8725 §3.2)."""
ENCRYPTION_ENCODINGS = ("A128CBC-HS256", "A256CBC-HS512", "A128GCM", "A256GCM")
"""`enc`; the first is what a registration means that names none (OpenID Connect Registration §2)."""
ACCESS_TOKEN = "at+jwt"  # noqa: S105 -- a media type (RFC 9068 §2.1)
"""`typ` of access tokens."""
ID_TOKEN = "JWT"  # noqa: S105 -- a media type
"""`typ` of ID tokens and signed userinfo."""
LOGOUT_TOKEN = "logout+jwt"  # noqa: S105 -- a media type (Back-Channel Logout §2.4)
"""`typ` of logout tokens."""

_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")
_P256_BYTES = 32
_JSON = json.JSONEncoder(separators=(",", ":")).encode

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey


class _Registry(jws.JWSRegistry):
    """joserfc's, with room for what a proof's header holds (RFC 9449 §4.2): an RSA key alone has 700 characters."""

    max_header_length = 4_096


@dataclass(frozen=True, slots=True)
class UnverifiedJwt:
    """A JWT that was only taken apart. Believe nothing in it yet."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    signing_input: bytes
    signature: bytes


def encode(data: bytes) -> str:
    """base64url without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode(text: str) -> bytes:
    """The reverse, strict: no padding, no other characters, no loose bits. Raises `JwtRefused`."""
    if not _BASE64URL.fullmatch(text):
        raise JwtRefused("not base64url")
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError) as error:
        raise JwtRefused("not base64url") from error
    if encode(data) != text:
        raise JwtRefused("base64url with loose bits")
    return data


def parse_without_verifying(unverified: str) -> UnverifiedJwt:
    """Take a compact JWS apart: three parts, JSON objects without repeated names. Raises `JwtRefused`."""
    if len(unverified) > MAX_CHARS:
        raise JwtRefused("too long")
    parts = unverified.split(".")
    if len(parts) != 3:  # noqa: PLR2004 -- RFC 7515 §3.1: JWE and JSON serialization have other shapes
        raise JwtRefused("not a compact JWS")
    header, claims = _object(decode(parts[0])), _object(decode(parts[1]))
    if "crit" in header or "b64" in header:
        # RFC 7515 §4.1.11: we understand no extension, so every critical one is refused.
        raise JwtRefused("unknown critical header")
    signature = decode(parts[2])
    if not signature:
        raise JwtRefused("no signature")
    return UnverifiedJwt(header, claims, f"{parts[0]}.{parts[1]}".encode("ascii"), signature)


def is_type(header: Mapping[str, Any], wanted: str) -> bool:
    """Whether `typ` says so; its `application/` may be left out and case doesn't matter (RFC 7515 §4.1.9)."""
    told = header.get("typ")
    return isinstance(told, str) and told.lower().removeprefix("application/") == wanted.lower()


@cache
def header_of(*, alg: str, kid: str, typ: str) -> str:
    """The first part of a JWT of ours."""
    return encode(_JSON({"alg": alg, "kid": kid, "typ": typ}).encode())


def sign(header: str, claims: Mapping[str, Any], key: PrivateKey, alg: str) -> str:
    """A compact JWS by one of our keys, which is of the kind that the algorithm needs (RFC 7518 §3.1, RFC 8037)."""
    content = f"{header}.{encode(_JSON(claims).encode())}"
    if isinstance(key, rsa.RSAPrivateKey):
        signature = key.sign(content.encode("ascii"), _padding(alg), SHA256())
    elif isinstance(key, ed25519.Ed25519PrivateKey):
        signature = key.sign(content.encode("ascii"))
    else:
        r, s = decode_dss_signature(key.sign(content.encode("ascii"), ec.ECDSA(SHA256())))
        signature = r.to_bytes(_P256_BYTES, "big") + s.to_bytes(_P256_BYTES, "big")
    return f"{content}.{encode(signature)}"


def _padding(alg: str) -> padding.AsymmetricPadding:
    if alg == "PS256":  # RFC 7518 §3.5: MGF1 with SHA-256, a salt as long as the hash
        return padding.PSS(padding.MGF1(SHA256()), padding.PSS.DIGEST_LENGTH)
    return padding.PKCS1v15()


def check_own(jwt: UnverifiedJwt, key: PublicKey, alg: str) -> None:
    """Check the signature of a JWT that names one of our keys. alg: the key's. Raises `JwtRefused`."""
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(jwt.signature, jwt.signing_input, _padding(alg), SHA256())
            return
        if isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(jwt.signature, jwt.signing_input)
            return
        if len(jwt.signature) != 2 * _P256_BYTES:
            raise JwtRefused("wrong signature")
        r, s = (int.from_bytes(half, "big") for half in (jwt.signature[:_P256_BYTES], jwt.signature[_P256_BYTES:]))
        key.verify(encode_dss_signature(r, s), jwt.signing_input, ec.ECDSA(SHA256()))
    except InvalidSignature as error:
        raise JwtRefused("wrong signature") from error


def verify_foreign(unverified: str, keys: Sequence[jwk.Key], *, algorithms: Collection[str]) -> UnverifiedJwt:
    """Check a client's JWT against keys that we got from a place we trust, never from its header.

    keys: candidates; one of the header's `kid` is preferred, else each that fits the algorithm is tried.
    Raises `JwtRefused`.
    """
    jwt = parse_without_verifying(unverified)
    alg = jwt.header.get("alg")
    if not isinstance(alg, str) or alg not in algorithms:
        raise JwtRefused("algorithm not allowed")
    kid = jwt.header.get("kid")
    named = [key for key in keys if kid is not None and key.kid == kid]
    for key in named or keys:
        try:
            jws.deserialize_compact(unverified, key, registry=_Registry(algorithms=[alg]))
        except (JoseError, ValueError, TypeError, AttributeError):
            continue  # the key is for another algorithm, or the signature isn't its own
        return jwt
    raise JwtRefused("no key verifies it")


def _object(data: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_unrepeated)
    except (ValueError, RecursionError) as error:
        raise JwtRefused("not JSON") from error
    if not isinstance(value, dict):
        raise JwtRefused("not a JSON object")
    return value


def _unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name twice")
    return made
