"""Proving a mailbox: the page that waits for the mail, and the page of the link.

The button spends the link, not the opening (mail scanners open links); in another browser the link shows a code to
type into the first one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, redirect, request

from citizen_account import screen
from citizen_account.errors import AddressTaken, WrongCode
from citizen_account.mailed_links import Flow, Kind
from citizen_account.pages.visitor import service_waiting, visitor
from citizen_account.screen import gettext as _
from citizen_account.security import PUBLIC, policy, require

if TYPE_CHECKING:
    from citizen_account.house import House


def blueprint(house: House) -> Blueprint:
    """`/confirm/waiting/<flow>`, `/confirm/again/<flow>` and `/confirm/<secret>`."""
    pages = Blueprint("confirm", __name__)

    @pages.get("/confirm/waiting/<flow>")
    @policy(PUBLIC)
    def waiting(flow: str) -> Any:
        return _waiting(house, house.links.waiting(flow, house.browser.value()), {})

    @pages.post("/confirm/waiting/<flow>")
    @policy(PUBLIC)
    def typed(flow: str) -> Any:
        found = house.links.waiting(flow, house.browser.value())
        if found.kind is Kind.CHANGE_EMAIL:
            require()
        try:
            proven = house.links.prove_by_code(flow, house.browser.value(), request.form.get("code", ""))
        except WrongCode:
            return _waiting(house, found, {"code": _("This is not the code of the last mail. Check its 8 figures.")})
        return _finish(house, proven)

    @pages.post("/confirm/again/<flow>")
    @policy(PUBLIC)
    def again(flow: str) -> Any:
        found = house.links.waiting(flow, house.browser.value())
        house.enrolment.again(found, visitor(house))
        return redirect(f"/confirm/waiting/{flow}?again=1", 303)

    @pages.get("/confirm/<secret>")
    @policy(PUBLIC)
    def link(secret: str) -> Any:
        opened = house.links.look(secret, house.browser.value())
        return screen.page("confirm.html", opened=opened, secret=secret)

    @pages.post("/confirm/<secret>")
    @policy(PUBLIC)
    def press(secret: str) -> Any:
        browser = house.browser.value()
        if house.links.look(secret, browser).kind is Kind.CHANGE_EMAIL:
            require()  # before the link is spent: it still works after signing in
        return _finish(house, house.links.prove(secret, browser))

    return pages


def _waiting(house: House, flow: Flow, errors: dict[str, str]) -> Any:
    service_waiting(house, flow.next_path)
    status = 422 if errors else 200
    return screen.page("confirm_waiting.html", status, flow=flow, errors=errors, again="again" in request.args)


def _finish(house: House, flow: Flow) -> Any:
    """What a proven mailbox is for."""
    if flow.kind is Kind.RESET:
        return redirect(f"/password-reset/new/{flow.id}", 303)
    try:
        if flow.kind is Kind.CHANGE_EMAIL:
            house.recovery_of_access.change_email(flow, require().account)
        else:
            started = house.enrolment.finish(flow, visitor(house))
            house.browser.set_session(started.secret)
    except AddressTaken:
        return redirect("/sign-in?known=1", 303)
    return redirect(flow.next_path or "/", 303)
