"""Signing in: address and password, or a passkey that the browser offers.

The service that one comes from is named at the top.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import Blueprint, redirect, request

from citizen_account import screen
from citizen_account.authentication import HalfSignedIn
from citizen_account.errors import PasskeyRefused, WrongPassword
from citizen_account.pages.visitor import next_path, older_sign_in, service_waiting, visitor
from citizen_account.screen import gettext as _
from citizen_account.security import PUBLIC, policy

if TYPE_CHECKING:
    from citizen_account.house import House


def blueprint(house: House) -> Blueprint:
    """`/sign-in`, and where its script sends what a passkey signed."""
    pages = Blueprint("sign_in", __name__)

    @pages.get("/sign-in")
    @policy(PUBLIC)
    def show() -> Any:
        return _form(house, {}, "")

    @pages.post("/sign-in")
    @policy(PUBLIC)
    def check() -> Any:
        typed = request.form.get("email", "")
        try:
            started = house.authentication.sign_in(
                typed, request.form.get("password", ""), visitor(house), replaces=older_sign_in()
            )
        except WrongPassword:
            wrong = _("This address and password do not go together. Check both, or ask for a new password.")
            return _form(house, {"password": wrong}, typed)
        if isinstance(started, HalfSignedIn):
            note = house.second_steps.note(started, house.browser.value())
            return redirect(f"/second-step/{note}?{urlencode({'next': next_path()})}", 303)
        house.browser.set_session(started.secret)
        return redirect(next_path(), 303)

    @pages.post("/sign-in/passkey")
    @policy(PUBLIC)
    def passkey() -> Any:
        try:
            started = house.passkeys.sign_in(
                request.form.get("credential", ""), visitor(house), replaces=older_sign_in()
            )
        except PasskeyRefused:
            refused = _("That passkey did not open an account here. Try again, or use your address and password.")
            return _form(house, {"email": refused}, "")
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
        passkey=house.passkeys.options(house.browser.value()),
        service=service_waiting(house, path),
        over="over" in request.args,
        known="known" in request.args,
        changed="changed" in request.args,
    )
