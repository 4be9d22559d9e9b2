"""Signing out: the sign-in and what services hold by it end, and the browser forgets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint

from citizen_account import screen
from citizen_account.security import PUBLIC, allow_frames, current_account, policy

if TYPE_CHECKING:
    from citizen_account.house import House


def blueprint(house: House) -> Blueprint:
    """`/sign-out`."""
    pages = Blueprint("sign_out", __name__)

    @pages.post("/sign-out")
    @policy(PUBLIC)
    def sign_out() -> Any:
        person = current_account()
        frames = house.front_channel.frames(person.sign_in.id) if person else ()
        if person is not None:
            house.sessions.end(person.sign_in.id)
        house.browser.forget()
        allow_frames(frames)
        answer = screen.page("signed_out.html", current_account=None, navigation=[], frames=frames)
        # Not "cookies": the language chosen here, and that this browser is known, stay.
        answer.headers["Clear-Site-Data"] = '"cache", "storage"'
        return answer

    return pages
