"""My details: what the account knows of the person, their address, their password."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, redirect, request

from citizen_account import screen
from citizen_account.addresses import EmailAddress, readable_phone_number
from citizen_account.errors import BadAddress, BadValue, WeakPassword, WrongPassword
from citizen_account.pages.drafts import keeps_draft, taken
from citizen_account.pages.proofs import wrong_password
from citizen_account.pages.sign_up import email_help, password_help
from citizen_account.pages.visitor import visitor
from citizen_account.screen import gettext as _
from citizen_account.security import CITIZEN, policy, require
from citizen_account.values import FIELDS, checked

if TYPE_CHECKING:
    from citizen_account.house import House


def blueprint(house: House) -> Blueprint:
    """`/profile` and its forms, each of which changes one thing."""
    pages = Blueprint("profile", __name__)

    @pages.get("/profile")
    @policy(CITIZEN)
    def show() -> Any:
        return _shown(house)

    @pages.post("/profile")
    @policy(CITIZEN)
    @keeps_draft(*FIELDS)
    def facts() -> Any:
        typed = {name: request.form.get(name, "").strip() for name in FIELDS}
        errors: dict[str, str] = {}
        values: dict[str, str] = {}
        for name, value in typed.items():
            try:
                values[name] = checked(name, value)
            except BadValue:
                errors[name] = _value_help(name)
        if errors:
            return _page(house, errors, typed)
        house.accounts.set_attributes(require().account, values)
        return redirect("/profile?done=facts", 303)

    @pages.post("/profile/email")
    @policy(CITIZEN)
    def email() -> Any:
        typed = request.form.get("email", "")
        try:
            address = EmailAddress.parse(typed)
            password = request.form.get("email_password", "")
            flow = house.recovery_of_access.ask_new_email(require().account, address, password, visitor(house))
        except BadAddress:
            return _page(house, {"email": email_help()}, {"email": typed})
        except WrongPassword:
            return _page(house, {"email_password": wrong_password()}, {"email": typed})
        return redirect(f"/confirm/waiting/{flow}", 303)

    @pages.post("/profile/password")
    @policy(CITIZEN)
    def password() -> Any:
        person = require()
        try:
            secret = house.authentication.change_password(
                person.account,
                person.sign_in.id,
                request.form.get("current_password", ""),
                request.form.get("new_password", ""),
                visitor(house),
                about=_about(house),
            )
        except WrongPassword:
            return _page(house, {"current_password": wrong_password()})
        except WeakPassword as weak:
            return _page(house, {"new_password": password_help(weak)})
        house.browser.set_session(secret)
        return redirect("/profile?done=password", 303)

    return pages


def _shown(house: House) -> Any:
    draft = taken(house)
    if draft is None:
        return _page(house, {})
    again = _("You are signed in again. What you had typed is still here, and nothing of it has been kept yet.")
    return _page(house, {}, draft.to_dict(), again=again)


def _page(house: House, errors: dict[str, str], typed: dict[str, str] | None = None, again: str = "") -> Any:
    account = require().account
    known = {name: attribute.value for name, attribute in house.accounts.attributes(account).items()}
    if known.get("phone_number"):
        known["phone_number"] = readable_phone_number(known["phone_number"])
    return screen.page(
        "profile.html",
        422 if errors else 200,
        errors=errors,
        values={**known, **(typed or {})},
        current_email=house.accounts.email(account),
        has_password=house.credentials.has_password(account),
        done=request.args.get("done", ""),
        again=again,
    )


def _about(house: House) -> tuple[str, ...]:
    """Words about the person, which make no good password."""
    account = require().account
    facts = [attribute.value for attribute in house.accounts.attributes(account).values()]
    return (*facts, *(address.text for address in house.accounts.addresses(account)))


def _value_help(name: str) -> str:
    if name == "phone_number":
        return _("Enter a phone number like 06 12 34 56 78, with the country's code if it is not French.")
    if name == "birthdate":
        return _("Enter your date of birth as day, month and year, like 1990-03-27")
    return _("Use letters, figures and usual signs only, at most 100 of them.")
