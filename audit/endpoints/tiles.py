"""The public log: checkpoint and tiles, for whoever watches it (C2SP tlog-tiles). Holds nothing about anyone."""

from __future__ import annotations

import re

from flask import Blueprint, Response, abort

from config.errors import ObjectMissing
from config.object_store import ObjectStore

_TILE = re.compile(r"^tile/(entries|[0-5]?[0-9])(/x[0-9]{3})*/[0-9]{3}(\.p/[0-9]{1,3})?$")


def blueprint(store: ObjectStore) -> Blueprint:
    """`GET /ledger/checkpoint` and `GET /ledger/tile/…`; a successor log's under `/ledger/log-<n>/`."""
    routes = Blueprint("ledger", __name__, url_prefix="/ledger")

    @routes.get("/<path:name>")
    def read(name: str) -> Response:
        inside = re.sub(r"^log-[0-9]+/", "", name)
        is_checkpoint = inside == "checkpoint"
        if not is_checkpoint and not _TILE.match(inside):
            abort(404)
        try:
            data, _ = store.get(name)
        except ObjectMissing:
            abort(404)
        answer = Response(data, mimetype="text/plain" if is_checkpoint else "application/octet-stream")
        answer.headers["Cache-Control"] = "no-cache" if is_checkpoint else "public, max-age=31536000, immutable"
        return answer

    return routes
