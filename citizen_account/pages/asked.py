"""`/asked/<request>`: a service asks for a person who is not at its pages (CIBA); the mail leads here, then as ever."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint, redirect

from citizen_account import screen
from citizen_account.pages.visitor import signed_in
from citizen_account.security import CITIZEN, policy
from oidc.errors import UnknownInteraction

if TYPE_CHECKING:
    from citizen_account.house import House


def blueprint(house: House) -> Blueprint:
    """`/asked/<request>`."""
    pages = Blueprint("asked", __name__)

    @pages.get("/asked/<request>")
    @policy(CITIZEN)
    def show(request: str) -> Any:
        try:
            view = house.backchannel.asked(request, signed_in().subject)
        except UnknownInteraction as refusal:
            return screen.page("release_over.html", refusal.status, narrowed=False)
        service = view.client.name_in(screen.current_language())
        return screen.page("asked.html", request_id=request, service=service, binding_message=view.binding_message)

    @pages.post("/asked/<request>")
    @policy(CITIZEN)
    def go_on(request: str) -> Any:
        try:
            handle = house.backchannel.open(request, signed_in(), house.browser.value())
        except UnknownInteraction as refusal:
            return screen.page("release_over.html", refusal.status, narrowed=False)
        return redirect(f"/authorize/{handle}", HTTPStatus.SEE_OTHER)

    return pages
