"""The sector of a client that has several hosts: a document at its own address must list every redirect URI.

OpenID Connect Core §8.1, Registration §5: without that check any client could ask for another sector's subjects.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from http import HTTPStatus
from typing import Final

from config.errors import OutgoingError
from config.outgoing import Outgoing
from oidc.errors import InvalidClientMetadata

MAX_BYTES: Final = 65_536
"""Of the document."""


def check(outgoing: Outgoing, sector_identifier_uri: str, redirect_uris: Collection[str]) -> None:
    """Fetch the document and look for every redirect URI in it. Outside any transaction.

    Raises `InvalidClientMetadata`.
    """
    try:
        answer = outgoing.get(sector_identifier_uri, accept="application/json", max_bytes=MAX_BYTES)
        listed = json.loads(answer.body.decode("utf-8")) if answer.status == HTTPStatus.OK else None
    except (OutgoingError, ValueError, RecursionError) as error:
        raise InvalidClientMetadata("sector_identifier_uri: gave no JSON", detail=str(error)) from error
    if not isinstance(listed, list):
        raise InvalidClientMetadata("sector_identifier_uri: a JSON array of redirect URIs")
    if not set(redirect_uris) <= {one for one in listed if isinstance(one, str)}:
        raise InvalidClientMetadata("sector_identifier_uri: does not list every redirect URI")
