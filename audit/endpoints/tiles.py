"""The public log: checkpoint and tiles, for whoever watches it (C2SP tlog-tiles). Holds nothing about anyone."""

from __future__ import annotations

import re

from flask import Blueprint, Response, abort

from config.errors import ObjectMissing
from config.object_store import ObjectStore

_LOG = re.compile(r"log-[1-9][0-9]*/")
_TILE = re.compile(
    r"tile/(entries|[0-9]|[1-5][0-9]|6[0-3])(/x[0-9]{3}){0,6}/[0-9]{3}(\.p/([1-9][0-9]?|1[0-9]{2}|2[0-4][0-9]|25[0-5]))?"
)


def blueprint(store: ObjectStore) -> Blueprint:
    """`GET /ledger/checkpoint` and `GET /ledger/tile/…`; a successor log's under `/ledger/log-<n>/`."""
    routes = Blueprint("ledger", __name__, url_prefix="/ledger")

    @routes.get("/<path:name>")
    def read(name: str) -> Response:
        inside = _LOG.sub("", name, count=1) if _LOG.match(name) else name
        is_checkpoint = inside == "checkpoint"
        if not is_checkpoint and not _TILE.fullmatch(inside):
            abort(404)
        try:
            data, _ = store.get(name)
        except ObjectMissing:
            abort(404)
        answer = Response(
            data, content_type="text/plain; charset=utf-8" if is_checkpoint else "application/octet-stream"
        )
        answer.headers["Cache-Control"] = "no-cache" if is_checkpoint else "public, max-age=31536000, immutable"
        return answer

    return routes
