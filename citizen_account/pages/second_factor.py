"""A code after my password: set up with an app, printed for the day it is lost, ended with a code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import segno
from flask import Blueprint, redirect, request
from markupsafe import Markup

from citizen_account import screen
from citizen_account.errors import ChallengeOver, WrongOneTimeCode, WrongPassword
from citizen_account.pages.proofs import wrong_code, wrong_password
from citizen_account.pages.visitor import visitor
from citizen_account.screen import gettext as _
from citizen_account.second_factors import SetUp
from citizen_account.security import CITIZEN, policy, require

if TYPE_CHECKING:
    from citizen_account.house import House


def blueprint(house: House) -> Blueprint:
    """`/second-factor` and its forms."""
    pages = Blueprint("second_factor", __name__)

    @pages.get("/second-factor")
    @policy(CITIZEN)
    def show() -> Any:
        return _page(house, {})

    @pages.post("/second-factor/new")
    @policy(CITIZEN)
    def begin() -> Any:
        try:
            made = house.second_factors.begin(
                require().account, request.form.get("password", ""), _city(house), visitor(house)
            )
        except WrongPassword:
            return _page(house, {"password": wrong_password()})
        return _set_up(made, {})

    @pages.post("/second-factor")
    @policy(CITIZEN)
    def add() -> Any:
        return _added(house)

    @pages.post("/second-factor/codes")
    @policy(CITIZEN)
    def print_again() -> Any:
        try:
            codes = house.second_factors.print_again(
                require().account, request.form.get("password", ""), request.form.get("code", ""), visitor(house)
            )
        except WrongPassword:
            return _page(house, {"password": wrong_password()})
        except WrongOneTimeCode:
            return _page(house, {"code": wrong_code()})
        return screen.page("second_factor_codes.html", codes=codes)

    @pages.post("/second-factor/remove")
    @policy(CITIZEN)
    def remove() -> Any:
        try:
            house.second_factors.remove(
                require().account,
                request.form.get("remove_password", ""),
                request.form.get("remove_code", ""),
                visitor(house),
            )
        except WrongPassword:
            return _page(house, {"remove_password": wrong_password()})
        except WrongOneTimeCode:
            return _page(house, {"remove_code": wrong_code()})
        return redirect("/second-factor?done=removed", 303)

    return pages


def _added(house: House) -> Any:
    account, who = require().account, visitor(house)
    secret, challenge = request.form.get("secret", ""), request.form.get("challenge", "")
    try:
        codes = house.second_factors.add(account, secret, challenge, request.form.get("code", ""), who)
    except WrongOneTimeCode:
        again = house.second_factors.resumed(account, secret, challenge, _city(house), who)
        return _set_up(again, {"code": wrong_code()})
    except ChallengeOver:
        return _page(house, {"password": _("That took too long. Begin again.")})
    return screen.page("second_factor_codes.html", codes=codes)


def _set_up(made: SetUp, errors: dict[str, str]) -> Any:
    drawn = segno.make(made.uri, error="m").svg_inline(scale=4, border=4, light="#fff", svgclass=None, lineclass=None)
    spaced = " ".join(made.secret[at : at + 4] for at in range(0, len(made.secret), 4))
    # Drawn by us from figures and letters: no part of it is a person's own text.
    picture = Markup(drawn)  # noqa: S704
    return screen.page(
        "second_factor_new.html", 422 if errors else 200, errors=errors, made=made, picture=picture, spaced=spaced
    )


def _page(house: House, errors: dict[str, str]) -> Any:
    return screen.page(
        "second_factor.html",
        422 if errors else 200,
        errors=errors,
        standing=house.second_factors.standing(require().account),
        done=request.args.get("done", ""),
    )


def _city(house: House) -> str:
    return house.settings.theme.city(screen.current_language())
