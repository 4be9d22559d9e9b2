"""client_secret_basic and client_secret_post (RFC 6749 §2.3.1)."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

from oidc.errors import InvalidClient

MAX_CHARS = 2_000


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client says it is, and its secret. Unverified."""

    client_id: str
    secret: str = field(repr=False)


def read_basic(header: str) -> Credentials:
    """The credentials of an Authorization header of scheme Basic: both parts are form-encoded inside.

    Raises `InvalidClient` for anything malformed: base64, UTF-8, no colon, over 2,000 characters.
    """
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic" or len(header) > MAX_CHARS:
        raise InvalidClient("client authentication: only the scheme Basic")
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
        client_id, colon, secret = text.partition(":")
        client_id, secret = (unquote_plus(part, errors="strict") for part in (client_id, secret))
    except (binascii.Error, ValueError) as error:
        raise InvalidClient("malformed Basic credentials") from error
    if not colon or not client_id or not secret:
        raise InvalidClient("malformed Basic credentials")
    return Credentials(client_id, secret)
