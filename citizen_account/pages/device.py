"""`/device`: the code that a television, a kiosk or a till shows is typed here (RFC 8628 §3.3); then the usual release.

An address that carries the code only fills it in: the person confirms that the device in front of them shows it
(§3.3.1), because a stranger may have sent the link (§5.4).
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint, redirect, request

from citizen_account import screen
from citizen_account.pages.visitor import signed_in
from citizen_account.screen import gettext as _
from citizen_account.security import CITIZEN, policy
from config.rate_limits import address_key
from oidc.device_authorization import LENGTH, plain
from oidc.errors import UnknownUserCode

if TYPE_CHECKING:
    from citizen_account.house import House


def blueprint(house: House) -> Blueprint:
    """`/device`, and the two pages at its end."""
    pages = Blueprint("device", __name__)

    @pages.get("/device")
    @policy(CITIZEN)
    def show() -> Any:
        given = plain(request.args.get("user_code", ""))
        return _page(given, confirms=len(given) == LENGTH, errors={})

    @pages.post("/device")
    @policy(CITIZEN)
    def check() -> Any:
        typed = request.form.get("user_code", "")
        try:
            handle = house.devices.open(
                typed,
                there=signed_in(),
                browser=house.browser.value(),
                network=address_key(request.remote_addr or ""),
            )
        except UnknownUserCode:
            wrong = _("No device shows this code, or no longer. Check it, or let the device show a new one.")
            return _page(plain(typed), confirms=False, errors={"user_code": wrong})
        return redirect(f"/authorize/{handle}", HTTPStatus.SEE_OTHER)

    @pages.get("/device/approved")
    @policy(CITIZEN)
    def approved() -> Any:
        return screen.page("device_done.html", approved=True)

    @pages.get("/device/refused")
    @policy(CITIZEN)
    def refused() -> Any:
        return screen.page("device_done.html", approved=False)

    return pages


def _page(code: str, *, confirms: bool, errors: dict[str, str]) -> Any:
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    shown = f"{code[:4]}-{code[4:LENGTH]}" if len(code) > LENGTH // 2 else code
    return screen.page("device.html", status, code=shown, confirms=confirms, errors=errors)
