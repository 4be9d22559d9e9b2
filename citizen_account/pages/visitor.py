"""Who is at the door: the browser as services take it, and where the person wanted to go."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flask import request

from citizen_account import screen
from citizen_account.authentication import Visitor
from citizen_account.security import allow_form_action, current_account, require
from citizen_account.sessions import Device
from config.rate_limits import address_key
from oidc.errors import UnknownInteraction
from oidc.protocols import SignedIn, SubjectId

if TYPE_CHECKING:
    from citizen_account.house import House

BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("FxiOS", "Firefox"), ("Chrome", "Chrome"),
            ("CriOS", "Chrome"), ("Safari", "Safari"))  # fmt: skip
SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "Mac"),
           ("Linux", "Linux"))  # fmt: skip
"""What a User-Agent contains, and what people call it; the first that fits."""
_LOCAL = re.compile(r"^/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,500}$")
_AUTHORIZE = re.compile(r"^/(?:authorize|release)/([\w-]{43})$")


def visitor(house: House) -> Visitor:
    """The browser of the current request."""
    return Visitor(
        browser=house.browser.value(),
        device_secret=house.browser.keep_device(),
        device=device(request.headers.get("User-Agent", "")),
        network=address_key(request.remote_addr or ""),
        language=screen.current_language(),
    )


def signed_in() -> SignedIn:
    """The sign-in of the current request, as the provider knows it. Raises `NotSignedIn`."""
    sign_in = require().sign_in
    return SignedIn(
        subject=SubjectId(sign_in.account),
        sign_in=sign_in.id,
        auth_time=sign_in.auth_time,
        amr=sign_in.amr,
        acr=sign_in.acr,
    )


def older_sign_in() -> str:
    """The sign-in of this browser, which a new one replaces; empty when there is none."""
    before = current_account()
    return before.sign_in.id if before else ""


def device(user_agent: str) -> Device:
    """What a person would recognise the browser by."""
    browser = next((name for sign, name in BROWSERS if sign in user_agent), "")
    system = next((name for sign, name in SYSTEMS if sign in user_agent), "")
    return Device(browser=browser, system=system)


def next_path() -> str:
    """Where the person was going: a local path, or the first page for anything else."""
    wanted = request.values.get("next", "")
    return wanted if _LOCAL.match(wanted) else "/"


def service_waiting(house: House, path: str) -> str:
    """The name of the service that the person comes from, empty when they come by themselves.

    The page's form may then end at the service: Chromium holds `form-action` against every redirect that follows.
    """
    match = _AUTHORIZE.match(path)
    if match is None:
        return ""
    try:
        pending = house.consent.pending(match[1], house.browser.value())
    except UnknownInteraction:
        return ""
    allow_form_action(pending.redirect_origin)
    return pending.client.name_in(screen.current_language())
