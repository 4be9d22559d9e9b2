"""The code after the password. Whoever is here is signed in nowhere; the address holds a note for this browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, redirect, request

from citizen_account import screen
from citizen_account.errors import StepOver, WrongOneTimeCode
from citizen_account.pages.proofs import wrong_code
from citizen_account.pages.visitor import next_path, older_sign_in, service_waiting, visitor
from citizen_account.security import PUBLIC, policy

if TYPE_CHECKING:
    from citizen_account.house import House


def blueprint(house: House) -> Blueprint:
    """`/second-step/<note>`, and what to do without codes."""
    pages = Blueprint("second_step", __name__)

    @pages.get("/second-step/<note>")
    @policy(PUBLIC)
    def show(note: str) -> Any:
        house.second_steps.check(note, visitor(house))
        return _form(house, note, {})

    @pages.post("/second-step/<note>")
    @policy(PUBLIC)
    def check(note: str) -> Any:
        code = request.form.get("code", "")
        try:
            started = house.second_steps.finish(note, code, visitor(house), replaces=older_sign_in())
        except WrongOneTimeCode:
            return _form(house, note, {"code": wrong_code()})
        house.browser.set_session(started.secret)
        return redirect(next_path(), 303)

    @pages.post("/second-step/<note>/lost")
    @policy(PUBLIC)
    def lost(note: str) -> Any:
        goes_at = house.second_steps.lost(note, visitor(house))
        return screen.page("second_step_lost.html", goes_at=goes_at)

    @pages.errorhandler(StepOver)
    def over(_refusal: StepOver) -> Any:
        return redirect("/sign-in?over=1", 303)

    return pages


def _form(house: House, note: str, errors: dict[str, str]) -> Any:
    path = next_path()
    return screen.page(
        "second_step.html",
        422 if errors else 200,
        errors=errors,
        note=note,
        next=path,
        service=service_waiting(house, path),
    )
