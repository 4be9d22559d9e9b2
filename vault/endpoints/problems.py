"""Refusals as problem+json (RFC 9457): what a service's developer, and its log, read."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final

from flask import Response

from config.errors import Refusal
from vault.errors import RangeNotSatisfiable, ReadRefusal, RenditionPending, Unreadable
from vault.protocols import Challenge

MEDIA_TYPE: Final = "application/problem+json"
RETRY_SECONDS: Final = 5
_TEXTS: Final[dict[str, tuple[str, str]]] = {
    "unknown_lending": (
        "No such paper for this token",
        "The citizen lent no paper of this name to you, or this access token is of another approval.",
    ),
    "lending_taken_back": ("Approval taken back", "The citizen took this approval back{at}. Ask again if you must."),
    "lending_over": ("Approval over", "This approval was over{at}. Ask again if you still need the paper."),
    "reads_used_up": (
        "No reads left",
        "This paper was read as often as the citizen allowed. A retry with the access token that began a read is free.",
    ),
    "document_deleted": ("Paper deleted", "The citizen deleted this paper{at}."),
    "rendition_pending": ("Not ready yet", "This rendition is still being made. Try again in a few seconds."),
    "unknown_rendition": ("No such rendition", "This paper has no rendition of this name."),
    "bad_acting_agent": (
        "Acting-Agent refused",
        "Acting-Agent names who reads on your side: one value of 1 to 64 visible ASCII characters, or `system`.",
    ),
    "range_not_satisfiable": ("Range outside the paper", "The range begins after the paper's last byte."),
    "temporarily_unreadable": ("Not readable now", "The paper can't be read at this moment. This was no read."),
    "damaged": ("Paper damaged", "What the store holds is not what was deposited. Nothing was sent; this was no read."),
    "precondition_failed": ("Precondition failed", "If-Match names another entity tag than this paper's."),
    "invalid_token": ("Access token refused", "The access token is unknown, expired or revoked, or not for the vault."),
    "insufficient_scope": ("Access token refused", "The access token does not reach papers."),
    "insufficient_user_authentication": (
        "Another sign-in wanted",
        "Its citizen must sign in more strongly or anew: ask for authorization again with what WWW-Authenticate names.",
    ),
    "invalid_dpop_proof": ("DPoP proof refused", "The DPoP proof is missing or wrong (RFC 9449 §4.3)."),
    "use_dpop_nonce": ("DPoP nonce wanted", "Send the proof again with the nonce of the DPoP-Nonce header."),
    "": ("Access token wanted", "Send an access token for the vault in the Authorization header."),
}


class Problems:
    """Makes the answers; the types' addresses lie under the public one."""

    def __init__(self, public_url: str) -> None:
        """public_url: without a slash at the end."""
        self._base = f"{public_url}/problems"

    def of(self, refusal: Refusal) -> Response:
        """The answer to a refusal: why, and when what it tells of happened."""
        at = refusal.at if isinstance(refusal, ReadRefusal) else None
        response = self._made(refusal.code, refusal.status.value, at)
        if isinstance(refusal, RangeNotSatisfiable):
            response.headers["Content-Range"] = f"bytes */{refusal.length}"  # RFC 9110 §15.5.17
        if isinstance(refusal, RenditionPending | Unreadable):
            response.headers["Retry-After"] = str(RETRY_SECONDS)
        return response

    def challenge(self, challenge: Challenge) -> Response:
        """The answer to a presentation that isn't enough; 401 also where the approval behind it was taken back.

        RFC 6750 §3.1 wants 401 for a token that ended. The problem is then the one of a lending taken back, so that a
        service has one type to look for, however much its citizen took back.
        """
        code = "lending_taken_back" if challenge.taken_back_at else challenge.code
        response = self._made(code, challenge.status, challenge.taken_back_at)
        response.headers["WWW-Authenticate"] = challenge.www_authenticate
        if challenge.dpop_nonce:
            response.headers["DPoP-Nonce"] = challenge.dpop_nonce
        return response

    def precondition_failed(self) -> Response:
        """412 (RFC 9110 §13.1.1)."""
        return self._made("precondition_failed", 412, None)

    def _made(self, code: str, status: int, at: datetime | None) -> Response:
        title, text = _TEXTS.get(code, ("Refused", "The request was refused."))
        said = f" on {at:%Y-%m-%d at %H:%M:%S} UTC" if at else ""
        problem: dict[str, Any] = {
            "type": f"{self._base}/{(code or 'access_token_wanted').replace('_', '-')}",
            "title": title,
            "status": status,
            "detail": text.replace("{at}", said),
        }
        if at:
            problem["at"] = at.isoformat().replace("+00:00", "Z")
        response = Response(json.dumps(problem), status=status, content_type=MEDIA_TYPE)
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response
