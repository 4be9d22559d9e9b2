"""What every request passes: who may see which page, forged forms, files that nobody asked for, and the headers.

Each view under pages/ declares its policy; one without is refused (and a test of the house fails). Machine endpoints
are whole blueprints: they never see a cookie, save the two that read the sign-in through `SignIn`.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar

from flask import Flask, Request, Response, current_app, g, redirect, request
from flask.sessions import SessionInterface, SessionMixin
from flask_login import LoginManager, UserMixin, current_user
from flask_wtf.csrf import generate_csrf, validate_csrf
from markupsafe import Markup
from wtforms import ValidationError

from citizen_account.adapters.browser import Browser, allow_form_action, allow_frames
from citizen_account.errors import BadForm, FileNotWanted, ForgedForm, NotAllowed, NotSignedIn
from citizen_account.sessions import SignIn
from config.settings import Settings

__all__ = [
    "AUDITOR",
    "CITIZEN",
    "FACILITATOR",
    "MACHINE",
    "OPERATOR",
    "PUBLIC",
    "READS_SIGN_IN",
    "SAFE_METHODS",
    "Person",
    "Policy",
    "Security",
    "allow_form_action",
    "allow_frames",
    "check_form_token",
    "csrf_field",
    "current_account",
    "policy",
    "require",
    "streams_upload",
]

PUBLIC = "public"
CITIZEN = "citizen"
"""Anyone who is signed in."""
FACILITATOR = "facilitator"
AUDITOR = "auditor"
OPERATOR = "operator"
MACHINE = "machine"

READS_SIGN_IN = {"authorization", "end_session"}
"""Machine blueprints that keep their cookies: they read the sign-in, through the Protocol `SignIn` only."""
FRAMED = "check_session"
"""The machine blueprint whose page stands in frames of others; it states its own policy."""
MAX_FORM_BYTES = 262_144
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
"""Save `form-action` and `frame-src`, which pages may widen (`allow_form_action`, `allow_frames`)."""
OWN = "'self'"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
"""On every answer that doesn't state its own."""
STRICT_TRANSPORT = {"Strict-Transport-Security": "max-age=63072000; includeSubDomains"}

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Policy:
    """Who may see a view, and what its form may hold. `repeats`: fields that may come more than once (check boxes)."""

    allowed: frozenset[str]
    repeats: frozenset[str] = frozenset()


def policy(*allowed: str, repeats: tuple[str, ...] = ()) -> Callable[[View], View]:
    """Declare who may see a view: "public", "citizen" (anyone signed in), or roles, any of which is enough.

    Stand below the route's decorator: `@blueprint.get("/papers")`, then `@policy("citizen")`.
    """

    def declare(view: View) -> View:
        view.policy = Policy(frozenset(allowed), frozenset(repeats))  # type: ignore[attr-defined]
        return view

    return declare


def streams_upload(view: View) -> View:
    """Mark a view that reads its own multipart body, piece by piece.

    It must call `check_form_token` with the hidden field before it takes the first byte of a file.
    """
    view.streams_upload = True  # type: ignore[attr-defined]
    return view


class Person(UserMixin):  # type: ignore[misc]
    """The person signed in at this browser, for views and templates."""

    def __init__(self, sign_in: SignIn) -> None:
        """sign_in: open, from `Sessions.current`."""
        self.sign_in = sign_in
        self.account = sign_in.account
        self.roles = sign_in.roles

    def get_id(self) -> str:
        """See flask-login."""
        return str(self.account)

    def has(self, role: str) -> bool:
        """Whether the person holds that role."""
        return role in self.roles


def current_account() -> Person | None:
    """Who is signed in at this browser, None when nobody is."""
    return current_user._get_current_object() if current_user and current_user.is_authenticated else None  # noqa: SLF001


def require(*roles: str) -> Person:
    """The person signed in. Raises `NotSignedIn`, or `NotAllowed` when roles are named and none is held."""
    person = current_account()
    if person is None:
        raise NotSignedIn
    if roles and not person.roles & set(roles):
        raise NotAllowed
    return person


def csrf_field() -> Markup:
    """The hidden field of a form."""
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(generate_csrf())


def check_form_token(token: str) -> None:
    """Raise `ForgedForm` unless this hidden field was made for this browser and this sign-in."""
    try:
        validate_csrf(token)
    except ValidationError as error:
        raise ForgedForm(str(error)) from None


class _FormSession(dict[str, str], SessionMixin):
    """What Flask-WTF takes for a session: one value, derived from cookies that are there anyway. Nothing is stored."""

    def __init__(self, browser: Browser) -> None:
        super().__init__()
        self._browser = browser

    def __contains__(self, key: object) -> bool:
        return key == "csrf_token"

    def __getitem__(self, key: str) -> str:
        # Bound to the sign-in as well: a browser value planted from outside forges nothing once someone signs in.
        return hashlib.sha256(f"form {self._browser.value()} {self._browser.session()}".encode()).hexdigest()


class _Sessions(SessionInterface):
    def __init__(self, browser: Browser) -> None:
        self._browser = browser

    def open_session(self, app: Flask, request: Any) -> SessionMixin:
        return _FormSession(self._browser)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Nothing to save."""


class Security:
    """Installs the checks and headers on an application."""

    def __init__(self, settings: Settings, browser: Browser, load: Callable[[str], SignIn | None], key: bytes) -> None:
        """load: the open sign-in of a cookie secret. key: signs hidden form fields; the same on every node."""
        self._settings = settings
        self._browser = browser
        self._load = load
        self._key = key
        self._origin = settings.public_url
        self._machines: set[str] = set()
        self._fixed = {"Content-Security-Policy": _content_policy(), **HEADERS}
        if settings.is_https:
            self._fixed |= STRICT_TRANSPORT

    def install(self, app: Flask) -> None:
        """Put everything in place; call once, before any blueprint is registered."""
        app.config.update(SECRET_KEY=self._key, WTF_CSRF_TIME_LIMIT=None, MAX_CONTENT_LENGTH=MAX_FORM_BYTES)
        app.session_interface = _Sessions(self._browser)
        manager = LoginManager(app)
        manager.session_protection = None
        manager.request_loader(self._person)
        app.before_request(self._check)
        app.after_request(self._headers)
        app.extensions["security"] = self
        app.jinja_env.globals.update(csrf=csrf_field)
        app.context_processor(lambda: {"current_account": current_account()})

    def machine(self, blueprint: str) -> None:
        """Declare a blueprint as machine endpoints."""
        self._machines.add(blueprint)

    def is_machine(self) -> bool:
        """Whether the current request goes to a machine endpoint."""
        return request.blueprint in self._machines

    def policy_of(self, endpoint: str | None) -> Policy | None:
        """The declared policy of an endpoint, None when it has none."""
        if endpoint is None:
            return None
        if endpoint.rpartition(".")[0] in self._machines:
            return Policy(frozenset({MACHINE}))
        if endpoint == "static":
            return Policy(frozenset({PUBLIC}))
        found: Policy | None = getattr(current_app.view_functions[endpoint], "policy", None)
        return found

    def _person(self, _request: Any) -> Person | None:
        secret = self._browser.session()
        sign_in = self._load(secret) if secret and not self.is_machine() else None
        return None if sign_in is None else Person(sign_in)

    def _check(self) -> Any:
        # The request itself: each look through Flask's `request` costs as much as many a check.
        asked = request._get_current_object()  # type: ignore[attr-defined] # noqa: SLF001 -- Werkzeug's documented name
        machine = asked.blueprint in self._machines
        refused = self._check_host(asked, machine=machine)
        if refused is None:
            if machine:
                self._check_machine(asked)
            else:
                self._check_policy()
            self._check_form(asked, machine=machine)
        return refused

    def _check_host(self, asked: Request, *, machine: bool) -> Any:
        if machine or f"{asked.scheme}://{asked.host}" == self._origin or asked.endpoint == "health":
            return None
        if asked.method in SAFE_METHODS:
            return redirect(f"{self._origin}/", HTTPStatus.SEE_OTHER)
        return ("", HTTPStatus.MISDIRECTED_REQUEST)

    @staticmethod
    def _check_machine(asked: Request) -> None:
        if asked.blueprint not in READS_SIGN_IN:
            asked.environ.pop("HTTP_COOKIE", None)
            asked.__dict__.pop("cookies", None)

    def _check_policy(self) -> None:
        if request.endpoint is None:
            return  # 404, 405: the error page is public
        found = self.policy_of(request.endpoint)
        if found is None:
            raise NotAllowed("no policy")
        if found.allowed & {PUBLIC, MACHINE}:
            return
        require(*(found.allowed - {CITIZEN} if CITIZEN not in found.allowed else ()))

    def _check_form(self, asked: Request, *, machine: bool) -> None:
        if asked.method in SAFE_METHODS or asked.endpoint is None:
            return
        view = current_app.view_functions[asked.endpoint]
        streams = getattr(view, "streams_upload", False)
        if asked.mimetype.startswith("multipart/") and not streams:
            raise FileNotWanted
        if machine:
            return
        self._check_origin()
        if streams:
            return  # it reads its own body, up to a limit of its own, and checks the hidden field in it
        found = self.policy_of(asked.endpoint)
        repeats = found.repeats if found else frozenset()
        for name, values in asked.form.lists():
            if len(values) > 1 and name not in repeats:
                raise BadForm(f"repeated field {name[:32]}")
        check_form_token(asked.form.get("csrf_token", ""))

    def _check_origin(self) -> None:
        origin = request.headers.get("Origin")
        if origin is not None and origin != self._origin:
            raise ForgedForm("Origin")
        if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            raise ForgedForm("Sec-Fetch-Site")

    def _headers(self, response: Response) -> Response:
        endpoint, blueprint = request.endpoint, request.blueprint
        wanted = dict(self._fixed)
        if blueprint not in self._machines:
            wanted["Cross-Origin-Resource-Policy"] = "same-origin"
            if endpoint != "static":
                wanted["Cache-Control"] = "no-store"
        frames, actions = g.get("frames", ()), g.get("form_actions", ())
        if frames or actions:
            wanted["Content-Security-Policy"] = _content_policy(frames, actions)
        stated = {name.lower() for name, _ in response.headers}
        if blueprint == FRAMED:
            stated.add("x-frame-options")
        response.headers.extend((name, value) for name, value in wanted.items() if name.lower() not in stated)
        return response


def _content_policy(frames: Sequence[str] = (), form_actions: Sequence[str] = ()) -> str:
    """What an answer may do. frames, form_actions: of other origins."""
    framed = f"; frame-src {' '.join(frames)}" if frames else ""
    return f"{CONTENT_POLICY}{framed}; form-action {' '.join((OWN, *form_actions))}"


def same(left: bytes, right: bytes) -> bool:
    """Whether two secrets are equal, in constant time."""
    return hmac.compare_digest(left, right)
