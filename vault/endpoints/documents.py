"""`/vault/documents`: a service sees what was lent to it, and fetches it (RFC 6750, 9110, 9449, 9457, 9728)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from flask import Blueprint, Response, request

from config import client_certificates
from config.errors import Refusal
from vault.content.media_types import MediaType
from vault.content.previews import PAGE_MEDIA_TYPE
from vault.document_types import DocumentTypes
from vault.endpoints.problems import Problems
from vault.endpoints.ranges import names, one_range
from vault.errors import BadActingAgent, UnknownRendition
from vault.lending import ORIGINAL, Lending, ReadAnswer, etag_of
from vault.protocols import AccessTokens, Challenged, LendingId, Presentation, Presented

_AGENT: Final = re.compile(r"[\x21-\x7e]{1,64}")
_RENDITION: Final = re.compile(r"original|page-[1-9][0-9]{0,2}")
UNSTATED: Final = "unstated"
"""What the ledger says when a service names nobody."""
_FIXED: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    # Whoever opens the address in a browser gets a file to keep, in no origin and with no script.
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Accept-Ranges": "bytes",
}


class _Fetches:
    """The views, with what they need."""

    def __init__(self, lending: Lending, access_tokens: AccessTokens, types: DocumentTypes, public_url: str) -> None:
        self._lending = lending
        self._tokens = access_tokens
        self._types = types
        self._public_url = public_url
        self._problems = Problems(public_url)

    def listed(self) -> Response:
        """GET /vault/documents: the lendings of the token's grant."""
        try:
            told = self._lending.listed(self._presented())
        except Challenged as refused:
            return self._problems.challenge(refused.challenge)
        response = Response(json.dumps({"documents": list(told)}), content_type="application/json")
        response.headers.update({"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})
        return response

    def fetched(self, lending: str) -> Response:
        """GET or HEAD /vault/documents/<lending>: the paper, `?rendition=page-1` for a page picture."""
        try:
            return self._answered(self._presented(), LendingId(lending))
        except Challenged as refused:
            return self._problems.challenge(refused.challenge)
        except Refusal as refusal:
            return self._problems.of(refusal)

    def _presented(self) -> Presented:
        shown = client_certificates.of(request.environ)
        presentation = Presentation(
            method=request.method,
            url=f"{self._public_url}{request.path}",
            authorization=request.headers.getlist("Authorization"),
            dpop=request.headers.getlist("DPoP"),
            client_certificate=shown.der if shown else None,
        )
        return self._tokens.judge(presentation)

    def _answered(self, presented: Presented, lending: LendingId) -> Response:
        agent, rendition = _agent(), _rendition()
        etag = etag_of(lending, rendition)
        unchanged = names(request.headers.get("If-None-Match"), etag, weak=True)
        # RFC 9110 §13.2.2: If-Match first, then If-None-Match, then Range.
        if names(request.headers.get("If-Match"), etag, weak=False) is False:
            self._lending.look(presented, lending, rendition=rendition)
            return self._problems.precondition_failed()
        if request.method == "HEAD" or unchanged:
            seen = self._lending.look(presented, lending, rendition=rendition)
            return self._not_modified(seen) if unchanged else self._whole(seen)
        wanted = one_range(request.headers.get("Range"), request.headers.get("If-Range"), etag)
        answer = self._lending.read(presented, lending, rendition=rendition, byte_range=wanted, agent=agent)
        if wanted is None:
            return self._whole(answer)
        response = self._whole(answer)
        response.status_code = 206
        response.headers["Content-Length"] = str(answer.last - answer.first + 1)
        response.headers["Content-Range"] = f"bytes {answer.first}-{answer.last}/{answer.length}"
        return response

    def _whole(self, answer: ReadAnswer) -> Response:
        response = Response(answer.content, mimetype=answer.media_type, direct_passthrough=True)
        response.headers.update(_FIXED)
        response.headers["ETag"] = answer.etag
        response.headers["Content-Length"] = str(answer.length)
        response.headers["Content-Disposition"] = self._disposition(answer)
        return response

    @staticmethod
    def _not_modified(answer: ReadAnswer) -> Response:
        return Response(status=304, headers={"ETag": answer.etag, "Cache-Control": "no-store"})

    def _disposition(self, answer: ReadAnswer) -> str:
        """A name of the type's own, never the citizen's (RFC 6266 §4.1; RFC 8187 for the words)."""
        page = "" if answer.rendition == ORIGINAL else f"-{answer.rendition}"
        end = ".jpg" if answer.media_type == PAGE_MEDIA_TYPE else MediaType(answer.media_type).extension
        plain = f"{answer.document_type}{page}{end}"
        words = f"{self._types.name(answer.document_type, 'fr')}{page}{end}"
        return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(words, safe='')}"


def _agent() -> str:
    values = request.headers.getlist("Acting-Agent")
    if not values:
        return UNSTATED
    if len(values) > 1 or not _AGENT.fullmatch(values[0]):
        raise BadActingAgent
    return values[0]


def _rendition() -> str:
    values: Mapping[str, list[str]] = request.args.to_dict(flat=False)
    named = values.get("rendition", [ORIGINAL])
    if len(named) > 1 or not _RENDITION.fullmatch(named[0]):
        raise UnknownRendition
    return named[0]


def blueprint(lending: Lending, access_tokens: AccessTokens, types: DocumentTypes, public_url: str) -> Blueprint:
    """The document resource. public_url: `Settings.public_url`, the origin that DPoP proofs name."""
    made = Blueprint("vault_documents", __name__)
    fetches = _Fetches(lending, access_tokens, types, public_url)
    made.add_url_rule("/vault/documents", "listed", fetches.listed, methods=["GET"])
    made.add_url_rule("/vault/documents/<lending>", "fetched", fetches.fetched, methods=["GET"])
    return made
