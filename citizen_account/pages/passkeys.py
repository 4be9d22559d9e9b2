"""My passkeys: each with its name; one is added in two steps, the password first, then the browser's own question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, redirect, request

from citizen_account import screen
from citizen_account.errors import PasskeyRefused, TooManyPasskeys, WrongPassword
from citizen_account.pages.proofs import wrong_password
from citizen_account.pages.visitor import visitor
from citizen_account.passkeys import MOST_NAME_CHARACTERS
from citizen_account.screen import gettext as _
from citizen_account.security import CITIZEN, policy, require

if TYPE_CHECKING:
    from citizen_account.house import House


def blueprint(house: House) -> Blueprint:
    """`/passkeys` and its forms."""
    pages = Blueprint("passkeys", __name__)

    @pages.get("/passkeys")
    @policy(CITIZEN)
    def show() -> Any:
        return _page(house, {})

    @pages.post("/passkeys/new")
    @policy(CITIZEN)
    def begin() -> Any:
        return _begun(house, _name())

    @pages.post("/passkeys")
    @policy(CITIZEN)
    def add() -> Any:
        name = _name()
        if not name:
            return _page(house, {"name": _no_name()})
        try:
            house.passkeys.add(require().account, name, request.form.get("credential", ""), visitor(house))
        except PasskeyRefused:
            return _page(house, {"name": _("Your device made no passkey, or it took too long. Begin again.")}, name)
        except TooManyPasskeys:
            return _page(house, {"name": _too_many()}, name)
        return redirect("/passkeys?done=added", 303)

    @pages.post("/passkeys/remove")
    @policy(CITIZEN)
    def remove() -> Any:
        password = request.form.get("remove_password", "")
        try:
            removed = house.passkeys.remove(
                require().account, request.form.get("passkey", ""), password, visitor(house)
            )
        except WrongPassword:
            return _page(house, {"remove_password": wrong_password()})
        if not removed:
            return _page(house, {"passkey": _("Choose the passkey to remove")})
        return redirect("/passkeys?done=removed", 303)

    return pages


def _begun(house: House, name: str) -> Any:
    if not name:
        return _page(house, {"name": _no_name()})
    city = house.settings.theme.city(screen.current_language())
    password = request.form.get("password", "")
    try:
        options = house.passkeys.begin(require().account, password, city, visitor(house))
    except WrongPassword:
        return _page(house, {"password": wrong_password()}, name)
    except TooManyPasskeys:
        return _page(house, {"name": _too_many()}, name)
    return screen.page("passkey_new.html", name=name, options=options)


def _page(house: House, errors: dict[str, str], name: str = "") -> Any:
    return screen.page(
        "passkeys.html",
        422 if errors else 200,
        errors=errors,
        name=name,
        chosen=request.form.get("passkey", ""),
        passkeys=house.passkeys.list(require().account),
        done=request.args.get("done", ""),
    )


def _name() -> str:
    """The person's own words, as they can be read; empty when they can't."""
    name = " ".join(request.form.get("name", "").split())[:MOST_NAME_CHARACTERS]
    return name if name.isprintable() else ""


def _no_name() -> str:
    return _("Give it a name by which you know it again, for example My phone")


def _too_many() -> str:
    return _("You have as many passkeys as an account may have. Remove one first.")
