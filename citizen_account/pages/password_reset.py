"""A new password for a lost one: the address, the mailed link, then the new password."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import Blueprint, redirect, request

from citizen_account import screen
from citizen_account.addresses import EmailAddress
from citizen_account.errors import BadAddress, WeakPassword
from citizen_account.pages.sign_up import email_help, password_help
from citizen_account.pages.visitor import next_path, visitor
from citizen_account.security import PUBLIC, policy

if TYPE_CHECKING:
    from citizen_account.house import House


def blueprint(house: House) -> Blueprint:
    """`/password-reset` and `/password-reset/new/<flow>`."""
    pages = Blueprint("password_reset", __name__)

    @pages.get("/password-reset")
    @policy(PUBLIC)
    def show() -> Any:
        return screen.page("password_reset.html", errors={}, email="", next=next_path())

    @pages.post("/password-reset")
    @policy(PUBLIC)
    def ask() -> Any:
        typed = request.form.get("email", "")
        try:
            email = EmailAddress.parse(typed)
        except BadAddress:
            errors = {"email": email_help()}
            return screen.page("password_reset.html", 422, errors=errors, email=typed, next=next_path())
        flow = house.recovery_of_access.ask_reset(email, visitor(house), next_path=next_path())
        return redirect(f"/confirm/waiting/{flow}", 303)

    @pages.get("/password-reset/new/<flow>")
    @policy(PUBLIC)
    def choose(flow: str) -> Any:
        found = house.links.proven(flow, house.browser.value())
        return screen.page("password_new.html", flow=found, errors={})

    @pages.post("/password-reset/new/<flow>")
    @policy(PUBLIC)
    def change(flow: str) -> Any:
        found = house.links.proven(flow, house.browser.value())
        try:
            house.recovery_of_access.reset(found, request.form.get("password", ""))
        except WeakPassword as weak:
            return screen.page("password_new.html", 422, flow=found, errors={"password": password_help(weak)})
        house.browser.forget()
        return redirect(f"/sign-in?{urlencode({'changed': '1', 'next': found.next_path or '/'})}", 303)

    return pages
