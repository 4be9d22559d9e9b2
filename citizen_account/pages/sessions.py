"""My sign-ins: where the account is open, each with a button that ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, redirect, request

from citizen_account import screen
from citizen_account.security import CITIZEN, policy, require

if TYPE_CHECKING:
    from citizen_account.house import House


def blueprint(house: House) -> Blueprint:
    """`/sign-ins`."""
    pages = Blueprint("sessions", __name__)

    @pages.get("/sign-ins")
    @policy(CITIZEN)
    def show() -> Any:
        person = require()
        return screen.page(
            "sign_ins.html",
            sign_ins=house.sessions.list(person.account),
            here=person.sign_in.id,
            done="done" in request.args,
        )

    @pages.post("/sign-ins/<sign_in>/end")
    @policy(CITIZEN)
    def end(sign_in: str) -> Any:
        house.sessions.end_own(require().account, sign_in)
        return redirect("/sign-ins?done=1", 303)

    return pages
