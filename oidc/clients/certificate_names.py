"""The name that a client's certificate must bear, for tls_client_auth (RFC 8705 §2.1.2): exactly one is registered."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Final

from cryptography import x509
from cryptography.x509.oid import NameOID

from oidc.clients.client import TLS_CLIENT_AUTH, Client
from oidc.errors import InvalidClientMetadata

SUBJECT_DN: Final = "tls_client_auth_subject_dn"
NAMES: Final = (
    SUBJECT_DN,
    "tls_client_auth_san_dns",
    "tls_client_auth_san_uri",
    "tls_client_auth_san_ip",
    "tls_client_auth_san_email",
)
MAX_CHARS: Final = 1_000
_ATTRIBUTES: Final = {
    "EMAILADDRESS": NameOID.EMAIL_ADDRESS,
    "SERIALNUMBER": NameOID.SERIAL_NUMBER,
    "ORGANIZATIONIDENTIFIER": NameOID.ORGANIZATION_IDENTIFIER,
}
"""Names of attributes beside those of RFC 4514 §3; any other is written as its dotted number."""
_ATTRIBUTE: Final = re.compile(r"(?:^|(?<!\\)[,+])[A-Za-z][A-Za-z0-9-]*=")


def check(metadata: Mapping[str, Any], method: str) -> dict[str, str]:
    """The registered name, by its member. Raises `InvalidClientMetadata`: none, two, or one that can't be read."""
    given = {name: metadata[name] for name in NAMES if metadata.get(name)}
    if method != TLS_CLIENT_AUTH:
        if given:
            raise InvalidClientMetadata(f"{next(iter(given))}: only with {TLS_CLIENT_AUTH}")
        return {}
    if len(given) != 1:
        raise InvalidClientMetadata(f"{TLS_CLIENT_AUTH}: exactly one of {' '.join(NAMES)}")
    [(name, value)] = given.items()
    if not isinstance(value, str) or len(value) > MAX_CHARS:
        raise InvalidClientMetadata(f"{name}: a string of at most {MAX_CHARS} characters")
    try:
        _READ[name](value)
    except ValueError as error:
        raise InvalidClientMetadata(f"{name}: {_EXPECTED.get(name, 'can not be read')}") from error
    return given


def matches(client: Client, certificate: x509.Certificate) -> bool:
    """Whether the certificate bears the name that is registered for a client of tls_client_auth."""
    for name in NAMES:
        registered = getattr(client, name)
        if registered:
            return _READ[name](registered) in _BORNE[name](certificate)
    return False


@lru_cache(maxsize=1_000)
def _subject(text: str) -> x509.Name:
    """A distinguished name: attribute types in any case (RFC 4512 §1.4), values exactly. Raises ValueError."""
    upper = _ATTRIBUTE.sub(lambda found: found[0].upper(), text)
    return x509.Name.from_rfc4514_string(upper, _ATTRIBUTES)


def _email(text: str) -> str:
    """RFC 5280 §7.5: the local part exactly, the host in any case."""
    local, _, host = text.rpartition("@")
    return f"{local}@{host.lower()}"


def _alternatives(certificate: x509.Certificate, kind: type[x509.GeneralName]) -> list[Any]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return []
    return [one.value for one in found.value if isinstance(one, kind)]


def _uri(text: str) -> str:
    return text


_Name = x509.Name | str | IPv4Address | IPv6Address
_READ: Final[Mapping[str, Callable[[str], _Name]]] = {
    SUBJECT_DN: _subject,
    "tls_client_auth_san_dns": str.lower,
    "tls_client_auth_san_uri": _uri,
    "tls_client_auth_san_ip": ip_address,
    "tls_client_auth_san_email": _email,
}
"""The registered name as it is compared."""
_BORNE: Final[Mapping[str, Callable[[x509.Certificate], list[Any]]]] = {
    SUBJECT_DN: lambda certificate: [certificate.subject],
    # No wildcards: the name is the client's own, not a host's that it may speak for.
    "tls_client_auth_san_dns": lambda certificate: list(map(str.lower, _alternatives(certificate, x509.DNSName))),
    "tls_client_auth_san_uri": lambda certificate: _alternatives(certificate, x509.UniformResourceIdentifier),
    "tls_client_auth_san_ip": lambda certificate: _alternatives(certificate, x509.IPAddress),
    "tls_client_auth_san_email": lambda certificate: list(map(_email, _alternatives(certificate, x509.RFC822Name))),
}
"""The names of that kind in a certificate."""
_EXPECTED: Final = {
    SUBJECT_DN: "a distinguished name as RFC 4514 writes it, like CN=school,O=City (no spaces around signs)",
    "tls_client_auth_san_ip": "an IP address",
}
