"""Certificates of clients, and how a proxy passes them on: what a test changes is one argument."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from joserfc import jwk

from tests.clocks import START

SUBJECT = "CN=school,O=City\\, North,C=FR"
NAMES: Sequence[x509.GeneralName] = (
    x509.DNSName("School.example"),
    x509.UniformResourceIdentifier("https://school.example/client"),
    x509.IPAddress(ip_address("2001:db8::7")),
    x509.RFC822Name("School@School.example"),
)


@dataclass
class Certified:
    """A client's key with a certificate, which it signed itself: whether one trusts it says the proxy."""

    subject: str = SUBJECT
    names: Sequence[x509.GeneralName] = NAMES
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    certificate: x509.Certificate = field(init=False)

    def __post_init__(self) -> None:
        name = x509.Name.from_rfc4514_string(self.subject)
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(START)
            .not_valid_after(START + timedelta(days=1))
        )
        if self.names:
            made = made.add_extension(x509.SubjectAlternativeName(self.names), critical=False)
        self.certificate = made.sign(self.key, hashes.SHA256())

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def thumbprint(self) -> str:
        """`x5t#S256` (RFC 8705 §3.1)."""
        return base64.urlsafe_b64encode(hashlib.sha256(self.der).digest()).decode().rstrip("=")

    def jwk(self, **more: Any) -> dict[str, Any]:
        """Its public key, for the client's `jwks`."""
        return {**jwk.ECKey.import_key(self.key.public_key()).as_dict(), **more}

    @property
    def x5c(self) -> list[str]:
        return [base64.b64encode(self.der).decode()]

    def headers(self, verify: str | None = "SUCCESS") -> dict[str, str]:
        """What nginx adds to the client's request. verify: `$ssl_client_verify`."""
        escaped = quote(self.certificate.public_bytes(Encoding.PEM), safe="")
        return {"X-Client-Cert": escaped} | ({"X-Client-Verify": verify} if verify else {})
