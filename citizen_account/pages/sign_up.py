"""Opening an account: an e-mail address and a password, then the mailed link."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, redirect, request

from citizen_account import screen
from citizen_account.addresses import EmailAddress
from citizen_account.errors import BadAddress, WeakPassword
from citizen_account.pages.visitor import next_path, service_waiting, visitor
from citizen_account.screen import gettext as _
from citizen_account.security import PUBLIC, policy

if TYPE_CHECKING:
    from citizen_account.house import House


def blueprint(house: House) -> Blueprint:
    """`/sign-up`."""
    pages = Blueprint("sign_up", __name__)

    @pages.get("/sign-up")
    @policy(PUBLIC)
    def show() -> Any:
        return _form(house, {}, "")

    @pages.post("/sign-up")
    @policy(PUBLIC)
    def ask() -> Any:
        typed = request.form.get("email", "")
        errors: dict[str, str] = {}
        try:
            email = EmailAddress.parse(typed)
        except BadAddress:
            errors["email"] = email_help()
        else:
            try:
                who = visitor(house)
                flow = house.enrolment.ask(email, request.form.get("password", ""), who, next_path=next_path())
            except WeakPassword as weak:
                errors["password"] = password_help(weak)
            else:
                return redirect(f"/confirm/waiting/{flow}", 303)
        return _form(house, errors, typed)

    return pages


def _form(house: House, errors: dict[str, str], email: str) -> Any:
    path = next_path()
    service = service_waiting(house, path)
    status = 422 if errors else 200
    return screen.page("sign_up.html", status, errors=errors, email=email, next=path, service=service)


def email_help() -> str:
    """What is wrong with an address that no mail could reach."""
    return _("Enter an e-mail address like name@example.org")


def password_help(weak: WeakPassword) -> str:
    """What to do about a password that is too easy."""
    return {
        "too_short": _(
            "Your password needs at least 15 characters. Four or five words that have nothing to do with each "
            "other are easy to remember.",
        ),
        "too_long": _("This password is too long. Choose one of at most 256 characters."),
        "common": _("This password is on the list that thieves try first. Choose another."),
    }.get(
        weak.reason,
        _("This password is too easy to guess. Choose words that have nothing to do with you or the city."),
    )
