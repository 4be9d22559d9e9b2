"""The cookies of a browser: what they are called, and the random value that each browser holds.

`browser` binds handles, mailed links and hidden form tokens to one browser; it signs nobody in. `session` is the
sign-in's secret. `device` only says that an account was used here before. `language` keeps a choice. `draft` holds,
sealed, what was typed into a form whose sign-in had expired. `state`, only where session management is offered, is for
our own script in a frame on a service's page: it says that the sign-in is still the same and opens nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import urlsplit

from flask import Response, after_this_request, g, request

from config.identifiers import Randomness, new_secret
from config.settings import Settings

DEVICE_LIFETIME = timedelta(days=365)
SECRET_CHARACTERS = 43


class Browser:
    """Reads and writes the cookies of the current request."""

    def __init__(self, settings: Settings, randomness: Randomness) -> None:
        """settings: whether people come by https; the names get the `__Host-` prefix then (RFC 6265bis §4.1.3)."""
        self._https = settings.is_https
        self._shows_state = settings.provider.session_management
        self._randomness = randomness

    def name(self, cookie: str) -> str:
        """The cookie's full name."""
        return f"__Host-{cookie}" if self._https else cookie

    def value(self) -> str:
        """The random value that this browser alone holds; made, and set with the response, when there is none."""
        if "browser" not in g:
            known = self._secret("browser")
            g.browser = known or self._renew()
        kept: str = g.browser
        return kept

    def renew(self) -> str:
        """Give the browser another value: whatever was bound to the old one is out of reach."""
        g.browser = self._renew()
        kept: str = g.browser
        return kept

    def session(self) -> str:
        """The sign-in secret that the browser sent, empty when there is none."""
        return self._secret("session")

    def set_session(self, secret: str) -> None:
        """Let the browser hold this sign-in secret until it is closed."""
        self._set("session", secret, None)
        if self._shows_state:
            self._show_state(_state_of(secret))

    def state(self) -> str:
        """What stands in the cookie `state` beside the session that the browser sent; empty without one."""
        return _state_of(self.session()) if self.session() else ""

    def device(self) -> str:
        """The value by which accounts know this browser again, empty when it has none."""
        return self._secret("device")

    def keep_device(self) -> str:
        """The same; made when there is none."""
        value = self.device() or new_secret(self._randomness)
        self._set("device", value, DEVICE_LIFETIME)
        return value

    def language(self) -> str:
        """The language chosen before, empty when none was."""
        return request.cookies.get(self.name("language"), "")

    def set_language(self, language: str) -> None:
        """Remember the choice."""
        self._set("language", language, DEVICE_LIFETIME)

    def draft(self) -> str:
        """What waits here, sealed, for a person to sign in again; empty when nothing does."""
        return request.cookies.get(self.name("draft"), "")

    def set_draft(self, sealed: str, lifetime: timedelta) -> None:
        """Let it wait."""
        self._set("draft", sealed, lifetime)

    def forget_draft(self) -> None:
        """It was given back, or will never be."""
        self._drop("draft")

    def forget(self) -> None:
        """Take the sign-in and everything bound to this browser away from it."""
        self._drop("session")
        if self._shows_state:
            self._show_state("")
        self._drop("draft")
        self.renew()

    def _secret(self, cookie: str) -> str:
        value = request.cookies.get(self.name(cookie), "")
        return value if len(value) == SECRET_CHARACTERS and value.isascii() else ""

    def _renew(self) -> str:
        value = new_secret(self._randomness)
        self._set("browser", value, None)
        return value

    def _set(self, cookie: str, value: str, lifetime: timedelta | None) -> None:
        def write(response: Response) -> Response:
            response.set_cookie(
                self.name(cookie),
                value,
                max_age=lifetime,
                secure=self._https,
                httponly=True,
                samesite="Lax",
                path="/",
            )
            return response

        after_this_request(write)

    def _show_state(self, value: str) -> None:
        def write(response: Response) -> Response:
            # A frame on another site is sent no other kind; browsers take Secure from localhost, too.
            response.set_cookie(self.name("state"), value, secure=True, httponly=False, samesite="None", path="/")
            return response

        after_this_request(write)

    def _drop(self, cookie: str) -> None:
        def remove(response: Response) -> Response:
            response.delete_cookie(self.name(cookie), path="/", secure=self._https, httponly=True, samesite="Lax")
            return response

        after_this_request(remove)


def _state_of(secret: str) -> str:
    """One way from the secret: another word in front than that by which sign-ins are found."""
    return hashlib.sha256(f"browser state {secret}".encode()).hexdigest()


def allow_form_action(origin: str) -> None:
    """Let forms of the page being answered end (after redirects) at another origin: the client's redirect URI.

    Chromium holds `form-action` against every redirect that follows a form, so sign-in and release pages need it
    (docs/decisions/0505).
    origin: an absolute URI; only scheme, host and port are used. A private-use scheme (RFC 8252 §7.1) allows itself.
    Empty when the answer doesn't go by redirect: nothing more is allowed then.
    """
    if origin:
        _allow("form_actions", origin)


def allow_frames(addresses: Sequence[str]) -> None:
    """Let the page being answered hold frames of these origins. addresses: absolute URIs."""
    for address in addresses:
        _allow("frames", address)


def _allow(what: str, address: str) -> None:
    parts = urlsplit(address)
    source = f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"
    if any(character in source for character in " ;,\r\n\t'\""):
        return
    g.setdefault(what, []).append(source)
