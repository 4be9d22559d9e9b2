"""Closing the account: who counts on it, what goes, what the law keeps, the password once more, then the receipt."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request

from audit.errors import UnknownEntry
from citizen_account import screen
from citizen_account.pages.accesses import standing_of
from citizen_account.pages.sentences import Known, Sentences
from citizen_account.screen import gettext as _
from citizen_account.security import CITIZEN, PUBLIC, allow_frames, policy, require
from config.rate_limits import address_key

if TYPE_CHECKING:
    from citizen_account.house import House

TRIES = 10
PER = timedelta(minutes=15)


def blueprint(house: House) -> Blueprint:
    """The closing page, its receipt, and the page where the receipt's code opens past exchanges."""
    pages = Blueprint("leave", __name__)

    @pages.get("/leave")
    @policy(CITIZEN)
    def ask() -> Any:
        return _asked(house, {})

    @pages.post("/leave")
    @policy(CITIZEN)
    def leave() -> Any:
        person = require()
        account = person.account
        if house.credentials.has_password(account):
            house.rate_limits.check("leave", account, TRIES, PER)
            if not house.credentials.check(account, request.form.get("password", "")):
                return _asked(house, {"password": _("This is not your password. Nothing was closed. Try again.")})
        frames = house.front_channel.frames(person.sign_in.id)
        allow_frames(frames)
        receipt = house.erasure.close(account)
        house.browser.forget()
        response = screen.page(
            "left.html",
            receipt=receipt,
            receipt_address=f"{house.settings.public_url}/closed-account",
            frames=frames,
        )
        response.headers["Clear-Site-Data"] = '"cache", "storage"'
        return response

    @pages.get("/closed-account")
    @policy(PUBLIC)
    def ask_code() -> Any:
        return screen.page("left_exchanges.html", days=None, errors={})

    @pages.post("/closed-account")
    @policy(PUBLIC)
    def show_exchanges() -> Any:
        house.rate_limits.check("closed_account", address_key(request.remote_addr or ""), TRIES, PER)
        try:
            entries = house.search.with_code(request.form.get("code", "").strip())
        except UnknownEntry:
            text = _("This code opens nothing. Check each sign; after 36 months there is nothing left to open.")
            status = HTTPStatus.UNPROCESSABLE_ENTITY
            return screen.page("left_exchanges.html", status, days=None, errors={"code": text})
        nothing = Known(papers={}, lendings={}, grants=frozenset())
        days = Sentences(house, nothing).days(entries, from_newest=False)
        return screen.page("left_exchanges.html", days=days, errors={})

    return pages


def _asked(house: House, errors: dict[str, str]) -> Response:
    account = require().account
    return screen.page(
        "leave.html",
        HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        errors=errors,
        counting=standing_of(house),
        count=house.takeout.contents(account).documents,
        gone_by=house.erasure.backups_until(),
        exchanges_until=house.erasure.exchanges_until(),
        has_password=house.credentials.has_password(account),
    )
