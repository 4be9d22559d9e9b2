"""Mutual TLS: tls_client_auth and self_signed_tls_client_auth (RFC 8705 §2).

That the client holds the certificate's key was proved in its handshake with the proxy in front of us, which also saw
to chain and dates. What is left is whether it is this client's certificate.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwk

from config.client_certificates import ClientCertificate
from oidc.clients import Client, ClientKeys, certificate_names
from oidc.clients.client import SELF_SIGNED_TLS_CLIENT_AUTH
from oidc.errors import InvalidClient

CERTIFICATE = "certificate"
"""The cause that the operator's diagnosis gives; the client learns only that it failed."""


def verify(client: Client, shown: ClientCertificate | None, client_keys: ClientKeys) -> None:
    """Check that the certificate is the one registered. client: of one of the two methods.

    Outside any transaction: `jwks_uri` may be fetched. Raises `InvalidClient`.
    """
    if shown is None:
        raise InvalidClient("client authentication failed", detail="no certificate", cause=CERTIFICATE)
    if client.token_endpoint_auth_method == SELF_SIGNED_TLS_CLIENT_AUTH:
        _check_key(client, shown, client_keys)
        return
    # RFC 8705 §2.1: the name counts because an authority vouches for it; anybody can write one into a certificate.
    if not shown.is_trusted:
        raise InvalidClient("client authentication failed", detail="no authority that is trusted", cause=CERTIFICATE)
    if not certificate_names.matches(client, _read(shown)):
        raise InvalidClient("client authentication failed", detail="another name than registered", cause=CERTIFICATE)


def _check_key(client: Client, shown: ClientCertificate, client_keys: ClientKeys) -> None:
    """RFC 8705 §2.2: who issued it doesn't matter, its key is one of the client's."""
    spki = _key_of(_read(shown))
    if _is_among(client_keys.of(client), shown.der, spki):
        return
    # No key has such a `kid`: a set that is fetched is asked again, so that a new certificate works at once.
    if client.jwks_uri and _is_among(client_keys.of(client, kid=spki), shown.der, spki):
        return
    raise InvalidClient("client authentication failed", detail="another key than registered", cause=CERTIFICATE)


def _is_among(keys: Sequence[jwk.Key], der: bytes, spki: bytes) -> bool:
    return any(_spki(key) == spki and _is_its_certificate(key, der) for key in keys)


def _is_its_certificate(key: jwk.Key, der: bytes) -> bool:
    """RFC 7517 §4.7: a key that names its certificate (x5c, the first) means that one."""
    chain = key.as_dict().get("x5c")
    if chain is None:
        return True
    try:
        return isinstance(chain, list) and base64.b64decode(chain[0], validate=True) == der
    except (ValueError, TypeError, IndexError):
        return False


def _spki(key: jwk.Key) -> bytes | None:
    public = key.public_key if isinstance(key, jwk.RSAKey | jwk.ECKey | jwk.OKPKey) else None
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) if public else None


def _read(shown: ClientCertificate) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(shown.der)
    except ValueError as error:
        raise InvalidClient("client authentication failed", detail="not a certificate", cause=CERTIFICATE) from error


def _key_of(certificate: x509.Certificate) -> bytes:
    try:
        return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except (ValueError, UnsupportedAlgorithm) as error:
        detail = "a key of an unknown kind"
        raise InvalidClient("client authentication failed", detail=detail, cause=CERTIFICATE) from error
