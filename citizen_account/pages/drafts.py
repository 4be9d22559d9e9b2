"""Drafts: what was typed into a form comes back when the sign-in had expired before it was sent.

A view that takes a form says which fields to keep (`keeps_draft`), the form holds `draft_field()`, and the page that
shows it again asks `taken`. Between the two lies a sign-in: the fields wait in a cookie of this browser, sealed with a
key of the house, for half an hour at most. They are given back once, at the address they were typed at, to the account
that typed them: whoever else signs in here gets nothing. Never a file, never an address, never anything that is sent
without another press of the button (docs/decisions/0809-drafts-wait-sealed-in-the-browser.md).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from binascii import Error as NotBase64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from flask import Flask, current_app, request
from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from citizen_account.errors import BadForm, ForgedForm
from citizen_account.pages.upload import Upload
from citizen_account.security import check_form_token, current_account
from config.errors import KeyRingError
from vault.errors import TruncatedUpload

if TYPE_CHECKING:
    from citizen_account.house import House

LIFETIME = timedelta(minutes=30)
"""To sign in again."""
MAX_BYTES = 2_800
"""Of the fields as JSON: sealed and in base64 they fit into one cookie (RFC 6265 §6.1: 4096 bytes)."""
OWNER_FIELD = "draft_owner"
_COLUMN = "draft"

View = TypeVar("View", bound=Callable[..., Any])
Draft = MultiDict[str, str]


@dataclass(frozen=True, slots=True)
class _Kept:
    fields: tuple[str, ...]
    back: Callable[[Draft], str] | None


@dataclass(frozen=True, slots=True)
class Saved:
    """What was done with a form that came too late. `back`: where it is shown again, empty when nothing was kept."""

    back: str = ""
    drained: bool = True
    """Whether the whole body was read, so that the browser listens to the answer."""


def keeps_draft(*fields: str, back: Callable[[Draft], str] | None = None) -> Callable[[View], View]:
    """Mark a view that takes a form: these fields survive an expired sign-in.

    back: the address of the page that shows the form again, from what was typed; without it the view's own, which must
    show one too. Name no password and nothing that may not lie in the browser for half an hour.
    """

    def declare(view: View) -> View:
        view.draft = _Kept(fields, back)  # type: ignore[attr-defined]
        return view

    return declare


def install(app: Flask, house: House) -> None:
    """Give templates `draft_field()`, the hidden field that says whose form it is."""

    def draft_field() -> Markup:
        return Markup('<input type="hidden" name="{}" value="{}">').format(OWNER_FIELD, _owner(house))

    app.jinja_env.globals.update(draft_field=draft_field)


def save(house: House) -> Saved:
    """Keep what the current request's form holds: nobody is signed in, so it can't be done. Never raises for a form."""
    view = current_app.view_functions.get(request.endpoint or "")
    kept: _Kept | None = getattr(view, "draft", None)
    if kept is None or request.method != "POST":
        return Saved()
    upload = None
    try:
        if getattr(view, "streams_upload", False):
            # None would be the limit of every other form: Flask takes it for "as configured".
            request.max_content_length = 2 * house.settings.limits.max_document_bytes
            upload = Upload(request.stream, request.content_type or "")
            form: Draft = MultiDict(upload.fields)
        elif request.mimetype.startswith("multipart/"):
            return Saved()  # a file nobody asked for: its body isn't read
        else:
            form = MultiDict(request.form)
        check_form_token(form.get("csrf_token", ""))
    except (BadForm, ForgedForm, TruncatedUpload):
        return Saved(drained=False)
    back = kept.back(form) if kept.back else request.path
    fields = {name: form.getlist(name) for name in kept.fields if name in form}
    text = json.dumps([form.get(OWNER_FIELD, ""), _now(house), back.partition("?")[0], fields], separators=(",", ":"))
    if len(text.encode()) <= MAX_BYTES:
        sealed = house.house_keys.pending.seal(_COLUMN, _browser(house), text)
        house.browser.set_draft(base64.urlsafe_b64encode(sealed).decode(), LIFETIME)
    drained = upload.drain(2 * house.settings.limits.max_document_bytes) if upload else True
    return Saved(back, drained)


def taken(house: House) -> Draft | None:
    """What this account had typed at this address before it signed in again; forgotten with this answer."""
    cookie = house.browser.draft()
    if not cookie:
        return None
    try:
        sealed = base64.b64decode(cookie, altchars=b"-_", validate=True)
        owner, at, path, fields = json.loads(house.house_keys.pending.unseal(_COLUMN, _browser(house), sealed))
    except (KeyRingError, NotBase64, ValueError):  # of another browser, or changed
        house.browser.forget_draft()
        return None
    mine = hmac.compare_digest(owner, _owner(house)) and _now(house) - at <= LIFETIME.total_seconds()
    if mine and path != request.path:
        return None
    house.browser.forget_draft()
    return _draft(fields) if mine else None


def _draft(fields: Mapping[str, list[str]]) -> Draft:
    return MultiDict([(name, value) for name, values in fields.items() for value in values])


def _owner(house: House) -> str:
    """Says whose form it is without naming the account."""
    person = current_account()
    named = f"draft of {person.account if person else ''}"
    return hmac.digest(house.house_keys.forms, named.encode(), hashlib.sha256).hex()


def _browser(house: House) -> str:
    return hashlib.sha256(house.browser.value().encode()).hexdigest()


def _now(house: House) -> int:
    return int(house.clock.now().timestamp())
