"""The certificate that a client showed to the proxy in front of us, which ends TLS (RFC 8705, RFC 9440).

The proxy passes it in a header whose name and format the operator sets; without a trusted proxy nobody's header is
believed. What was read lies in the request's environment under a key that no header can have. Whether it has expired
is the proxy's to see: it checks the chain in the handshake (docs/operate.md, docs/decisions/1211).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from config.logs import get_logger
from config.settings import Settings

MAX_CHARS: Final = 16_384
"""Of the header."""
_KEY: Final = "citizen_account.client_certificate"
_PEM: Final = re.compile(r"-----BEGIN CERTIFICATE-----\n([A-Za-z0-9+/=\n]+)\n-----END CERTIFICATE-----\n?")
_BYTES: Final = re.compile(r":([A-Za-z0-9+/=]+):")

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """A certificate whose key the client proved to hold, in its TLS handshake with the proxy."""

    der: bytes = field(repr=False)
    is_trusted: bool
    """Whether the proxy found it issued by an authority that it trusts."""


class ClientCertificates:
    """Reads the header before the application does (WSGI)."""

    def __init__(self, application: WSGIApplication, *, header: str, read: str, verified_header: str) -> None:
        """header: its name. read: its format, `nginx` or `rfc9440`.

        verified_header: where the proxy says SUCCESS of a certificate that it trusts; empty if it passes no other.
        """
        self._application = application
        self._header = _variable(header)
        self._read = _FORMATS[read]
        self._verified_header = _variable(verified_header) if verified_header else ""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Pass the request on, with its certificate if it has one that can be read."""
        value = environ.get(self._header)
        if value:
            is_trusted = not self._verified_header or environ.get(self._verified_header) == "SUCCESS"
            try:
                environ[_KEY] = ClientCertificate(self._read(value), is_trusted)
            except ValueError:
                # The doors then see none, and refuse whoever needs one.
                log.warning("client_certificate_unreadable", header=self._header)
        return self._application(environ, start_response)


def installed(application: WSGIApplication, settings: Settings) -> WSGIApplication:
    """The application, reading certificates if the settings say that it may."""
    if not settings.takes_client_certificates:
        return application
    chosen = settings.provider
    return ClientCertificates(
        application,
        header=chosen.client_certificate_header,
        read=chosen.client_certificate_format,
        verified_header=chosen.client_certificate_verified_header,
    )


def of(environ: Mapping[str, Any]) -> ClientCertificate | None:
    """The certificate of a request, by its WSGI environment."""
    found = environ.get(_KEY)
    return found if isinstance(found, ClientCertificate) else None


def _from_nginx(value: str) -> bytes:
    """`$ssl_client_escaped_cert`: one certificate in PEM, percent-encoded. Raises ValueError."""
    text = unquote(value, errors="strict") if len(value) <= MAX_CHARS else ""
    return _decoded(_PEM.fullmatch(text))


def _from_rfc9440(value: str) -> bytes:
    """`Client-Cert`: a byte sequence (RFC 9440 §2.2, RFC 8941 §3.3.5). Raises ValueError."""
    return _decoded(_BYTES.fullmatch(value) if len(value) <= MAX_CHARS else None)


def _decoded(found: re.Match[str] | None) -> bytes:
    # Two headers of one name arrive joined by a comma, which neither format has: they are none.
    if found is None:
        message = "not one certificate in the format that was set"
        raise ValueError(message)
    try:
        return base64.b64decode(found[1].replace("\n", ""), validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from error


_FORMATS: Final[Mapping[str, Callable[[str], bytes]]] = {"nginx": _from_nginx, "rfc9440": _from_rfc9440}


def _variable(header: str) -> str:
    """The name of a header in the environment (PEP 3333)."""
    return f"HTTP_{header.upper().replace('-', '_')}"
