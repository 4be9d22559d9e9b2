"""The redirect_uri: exactly a registered one (RFC 9700 §2.1); on loopback any port for native clients (RFC 8252)."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from oidc.clients import Client
from oidc.errors import UnregisteredRedirectUri


def accept(client: Client, given: str | None) -> str:
    """The redirect URI of this request. Raises `UnregisteredRedirectUri`: nothing may be redirected then.

    Compared as strings, code point by code point: no decoding, no normalising, nothing appended. A request may leave
    it out when exactly one is registered (RFC 6749 §3.1.2.3), but an OpenID request may not (Core §3.1.2.1), which
    `oidc.request` checks.
    """
    if given is None:
        if len(client.redirect_uris) != 1:
            raise UnregisteredRedirectUri("redirect_uri is missing")
        return client.redirect_uris[0]
    if not client.allows_redirect_uri(given):
        raise UnregisteredRedirectUri("redirect_uri is not registered")
    return given


def with_parameters(redirect_uri: str, parameters: Mapping[str, str], *, fragment: bool = False) -> str:
    """The URI with parameters added to its query (RFC 6749 §4.1.2: what it has is kept), or as its fragment (§4.2.2).

    No registered URI has a fragment.
    """
    if fragment:
        return f"{redirect_uri}#{urlencode(parameters)}"
    separator = "&" if "?" in redirect_uri else "?"
    if redirect_uri.endswith(("?", "&")):
        separator = ""
    return f"{redirect_uri}{separator}{urlencode(parameters)}"
