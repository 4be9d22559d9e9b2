"""A request of a client to one of our endpoints, as plain values: services know no HTTP framework."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from config.client_certificates import ClientCertificate


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRequest:
    """A form that was posted. The door has refused repeated names, parameters in the URL and other media types."""

    method: str
    path: str
    """Without origin: the Host header is anybody's, so services put our own public address before it."""
    form: Mapping[str, str] = field(repr=False)
    """Each name once; `resource`, the only one that may be repeated, is in `resources`."""
    resources: tuple[str, ...] = ()
    """Every `resource` (RFC 8707 §2)."""
    authorization: tuple[str, ...] = field(default=(), repr=False)
    """Every Authorization header."""
    dpop: tuple[str, ...] = field(default=(), repr=False)
    """Every DPoP header."""
    client_certificate: ClientCertificate | None = None
    """What the client showed in its TLS handshake, whether or not it authenticates by it."""
