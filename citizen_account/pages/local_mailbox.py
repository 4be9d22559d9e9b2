"""The local mailbox: every mail of a machine that only tries things out. Loopback only, under `run` only."""

from __future__ import annotations

import ipaddress
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flask import Blueprint, abort, request
from markupsafe import Markup, escape

from citizen_account import screen
from citizen_account.security import PUBLIC, policy
from config.mail import KeptMessage

if TYPE_CHECKING:
    from citizen_account.house import House

_LINK = re.compile(r"https?://[^\s<>\"]+")


def blueprint(house: House) -> Blueprint:
    """`/local-mailbox`."""
    pages = Blueprint("local_mailbox", __name__)

    @pages.get("/local-mailbox")
    @policy(PUBLIC)
    def show() -> Any:
        if house.local_mailbox is None or not ipaddress.ip_address(request.remote_addr or "0.0.0.0").is_loopback:
            abort(404)
        messages = [
            (message, datetime.fromtimestamp(message.sent_at, UTC), _linked(message))
            for message in house.local_mailbox.messages()
        ]
        return screen.page("local_mailbox.html", messages=messages)

    return pages


def _linked(message: KeptMessage) -> Markup:
    """The text with its links to follow; everything else escaped."""
    made = Markup("")
    at = 0
    for match in _LINK.finditer(message.text):
        made += escape(message.text[at : match.start()])
        made += Markup('<a class="govuk-link" href="{0}">{0}</a>').format(match[0])
        at = match.end()
    return made + escape(message.text[at:])
