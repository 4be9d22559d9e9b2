"""Which redirect URIs may be registered, and when a requested one is a registered one (RFC 9700 §2.1, §4.1; RFC 8252).

Registered URIs are compared as strings, never parsed and put together again.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import SplitResult, urlsplit

from oidc.errors import InvalidRedirectUri

MAX_CHARS = 2_000
LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
_LOOPBACK_LITERAL = re.compile(r"(http://(?:127\.0\.0\.1|\[::1\]))(?::[0-9]{1,5})?(/.*)?")
_ALLOWED = re.compile(r"[A-Za-z0-9:/?\[\]@!$&'()+,;=._~%-]+")
"""RFC 3986 without fragment, and without `*`: a wildcard is no address."""
_PRIVATE_USE_SCHEME = re.compile(r"[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+")
"""RFC 8252 §7.1: a domain of the app's maker, reversed; so `javascript`, `data` and `file` are none."""


def check(uri: object, *, native: bool) -> str:
    """The URI, if it may be registered. Raises `InvalidRedirectUri` with the reason.

    https anywhere; http on loopback only; private-use schemes for native applications only.
    """
    if not isinstance(uri, str) or not _ALLOWED.fullmatch(uri) or len(uri) > MAX_CHARS:
        raise InvalidRedirectUri(f"no absolute URI without fragment and wildcard: {uri!r}")
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError as error:
        raise InvalidRedirectUri(f"not a URI: {uri}") from error
    if parts.username is not None or parts.password is not None or ".." in parts.path.split("/"):
        raise InvalidRedirectUri(f"user information or dot segments: {uri}")
    if parts.scheme in {"https", "http"}:
        _check_web(uri, parts)
    elif not (native and _PRIVATE_USE_SCHEME.fullmatch(parts.scheme)):
        raise InvalidRedirectUri(f"this scheme can't be registered: {uri}")
    return uri


def _check_web(uri: str, parts: SplitResult) -> None:
    # urlsplit lowers the scheme, and `https:example` has no host: the string itself must begin as it should.
    if not parts.hostname or not uri.startswith(f"{parts.scheme}://"):
        raise InvalidRedirectUri(f"no host: {uri}")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK_HOSTS:
        raise InvalidRedirectUri(f"http is for loopback only: {uri}")


def origin(uri: str) -> str:
    """The origin of a registered URI as a browser writes it (RFC 6454 §6.2): default ports left out."""
    parts = urlsplit(uri)
    default = {"https": 443, "http": 80}.get(parts.scheme)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = "" if parts.port in {None, default} else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def is_registered(uri: str, registered: Collection[str], *, native: bool) -> bool:
    """Whether a requested URI is one of those registered: the same string.

    A native application on a loopback literal may come with any port (RFC 8252 §7.3), all else being equal.
    """
    if uri in registered:
        return True
    requested = _LOOPBACK_LITERAL.fullmatch(uri) if native else None
    if requested is None:
        return False
    known = (_LOOPBACK_LITERAL.fullmatch(one) for one in registered)
    return any(one is not None and one.groups() == requested.groups() for one in known)
