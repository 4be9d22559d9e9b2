"""Signing in: address and password. The service that one comes from is named at the top."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, redirect, request

from citizen_account import screen
from citizen_account.errors import WrongPassword
from citizen_account.pages.visitor import next_path, service_waiting, visitor
from citizen_account.screen import gettext as _
from citizen_account.security import PUBLIC, current_account, policy

if TYPE_CHECKING:
    from citizen_account.house import House


def blueprint(house: House) -> Blueprint:
    """`/sign-in`."""
    pages = Blueprint("sign_in", __name__)

    @pages.get("/sign-in")
    @policy(PUBLIC)
    def show() -> Any:
        return _form(house, {}, "")

    @pages.post("/sign-in")
    @policy(PUBLIC)
    def check() -> Any:
        typed = request.form.get("email", "")
        before = current_account()
        try:
            started = house.authentication.sign_in(
                typed,
                request.form.get("password", ""),
                visitor(house),
                replaces=before.sign_in.id if before else "",
            )
        except WrongPassword:
            wrong = _("This address and password do not go together. Check both, or ask for a new password.")
            return _form(house, {"password": wrong}, typed)
        house.browser.set_session(started.secret)
        return redirect(next_path(), 303)

    return pages


def _form(house: House, errors: dict[str, str], email: str) -> Any:
    path = next_path()
    return screen.page(
        "sign_in.html",
        422 if errors else 200,
        errors=errors,
        email=email,
        next=path,
        service=service_waiting(house, path),
        over="over" in request.args,
        known="known" in request.args,
        changed="changed" in request.args,
    )
