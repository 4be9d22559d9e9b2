"""The doors: closed after a restore until what had ended has ended again. `/health` says what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask, request

from citizen_account.errors import DoorsClosed
from citizen_account.security import PUBLIC, policy

if TYPE_CHECKING:
    from citizen_account.house import House

ALWAYS_OPEN = {"static", "theme", "logo", "health"}
"""What shows nothing of anyone: the look of the page that says why, and this file's own."""


def install(app: Flask, house: House) -> None:
    """Answer 503 everywhere else while the doors are closed. Install it before any other check."""

    @app.before_request
    def refuse() -> None:
        if request.endpoint not in ALWAYS_OPEN and house.restoring.is_closed():
            raise DoorsClosed

    @app.get("/health")
    @policy(PUBLIC)
    def health() -> tuple[str, int, dict[str, str]]:
        closed = house.restoring.is_closed()
        ledger = house.proofs.trouble()
        lines = ["closed: a restored backup is being brought up to date" if closed else "ok"]
        lines += [f"ledger closed: {ledger}"] if ledger else []
        return "\n".join(lines) + "\n", 503 if closed else 200, {"Content-Type": "text/plain"}
