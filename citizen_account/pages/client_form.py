"""The operator's form of a service: the same to register and to change it, with its contract by the catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import NotFound

from citizen_account import contracts, screen
from citizen_account.pages.periods import period_words
from citizen_account.screen import gettext as _
from citizen_account.security import OPERATOR, policy, require
from oidc.clients import Client, redirect_uris
from oidc.clients.client import PUBLIC
from oidc.errors import InvalidClientMetadata, InvalidRedirectUri
from oidc.profiles import DEFAULT, PROFILES
from vault.document_types import Period, Purpose

if TYPE_CHECKING:
    from citizen_account.house import House

MOST_READS = 1_000
KEYS = "private_key_jwt"
BASIC = "client_secret_basic"
RETENTIONS = ("P30D", "P3M", "P6M", "P1Y", "P2Y", "P5Y")
DURATIONS = ("P7D", "P30D", "P3M", "P6M", "P1Y")
_FIELD_OF = {
    "token_endpoint_auth_method": "method",
    "jwks": "jwks_uri",
    "jwks_uri": "jwks_uri",
    "client_uri": "client_uri",
    "policy_uri": "policy_uri",
    "backchannel_logout_uri": "backchannel_logout_uri",
    "redirect_uris": "redirect_uri",
    "post_logout_redirect_uris": "post_logout",
    "profile": "profile",
}
"""Where the form shows what is wrong with a member of the metadata."""
_ADDRESSES = ("client_uri", "policy_uri", "backchannel_logout_uri", "jwks_uri")

Typed = MultiDict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PurposeRow:
    """A purpose as the form offers it."""

    code: str
    name: str
    law: str
    papers: Sequence[tuple[str, str]]
    durations: Sequence[tuple[str, str]]
    is_open: bool


def blueprint(house: House) -> Blueprint:
    """`/operator/services/add` and `/operator/services/one/change?client_id=`."""
    pages = Blueprint("client_form", __name__)
    form = _Form(house)
    repeats = ("scopes", "purposes", *(f"types-{purpose.code}" for purpose in house.purposes.all()))

    @pages.get("/operator/services/add")
    @policy(OPERATOR)
    def ask() -> Any:
        return form.page(form.new(), {}, None)

    @pages.post("/operator/services/add")
    @policy(OPERATOR, repeats=repeats)
    def add() -> Any:
        return form.added(MultiDict(request.form))

    @pages.get("/operator/services/one/change")
    @policy(OPERATOR)
    def ask_change() -> Any:
        client = named_client(house)
        return form.page(form.of(client), {}, client)

    @pages.post("/operator/services/one/change")
    @policy(OPERATOR, repeats=repeats)
    def change() -> Any:
        return form.changed(named_client(house), MultiDict(request.form))

    return pages


def named_client(house: House) -> Client:
    """The client of the query's client_id, which may be any address. Raises `NotFound`."""
    client = house.clients.get(request.args.get("client_id", ""))
    if client is None:
        raise NotFound
    return client


def path_of(client_id: str, step: str = "", **more: str) -> str:
    """The page of a service, or one of its steps."""
    return f"/operator/services/one{step}?{urlencode({'client_id': client_id, **more})}"


class _Form:
    def __init__(self, house: House) -> None:
        self._house = house

    def new(self) -> Typed:
        typed: Typed = MultiDict({"method": BASIC, "profile": DEFAULT})
        for purpose in self._house.purposes.all():
            self._offer(typed, purpose, contracts.terms(purpose, max_reads=5))
        return typed

    def of(self, client: Client) -> Typed:
        """What is registered, as if it had been typed."""
        typed: Typed = MultiDict(
            {
                "name": client.names.get("en", client.name),
                "name_fr": client.names.get("fr", client.name),
                "redirect_uri": "\n".join(client.redirect_uris),
                "post_logout": "\n".join(client.post_logout_redirect_uris),
                **{name: getattr(client, name) for name in _ADDRESSES},
                "method": client.token_endpoint_auth_method,
                "profile": client.profile,
                "retention": str(client.contract.get("retention", "")),
                "contact": str(client.contract.get("contact", "")),
            }
        )
        typed.setlist("scopes", sorted(client.scopes))
        agreed = client.contract.get("purposes", {})
        typed.setlist("purposes", list(agreed))
        for purpose in self._house.purposes.all():
            terms = agreed.get(purpose.code)
            self._offer(typed, purpose, terms or contracts.terms(purpose, max_reads=5))
        return typed

    @staticmethod
    def _offer(typed: Typed, purpose: Purpose, terms: Mapping[str, Any]) -> None:
        typed.setlist(f"types-{purpose.code}", list(terms["document_types"]))
        typed[f"duration-{purpose.code}"] = str(terms.get("max_duration", purpose.duration))
        typed[f"reads-{purpose.code}"] = str(terms.get("max_reads", ""))

    def added(self, typed: Typed) -> Response:
        errors = self._errors(typed, None)
        if errors:
            return self.page(typed, errors, None)
        members = {
            **self._members(typed, None),
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
        }
        try:
            client, secret = self._house.clients.add(members, actor=require(OPERATOR).account, default_alg="ES256")
        except (InvalidRedirectUri, InvalidClientMetadata) as error:
            return self.page(typed, _refused(error), None)
        return shown_once(self._house, client, secret, is_new=True)

    def changed(self, client: Client, typed: Typed) -> Any:
        errors = self._errors(typed, client)
        if errors:
            return self.page(typed, errors, client)
        try:
            changed, secret = self._house.clients.change(
                client.client_id, self._members(typed, client), actor=require(OPERATOR).account
            )
        except (InvalidRedirectUri, InvalidClientMetadata) as error:
            return self.page(typed, _refused(error), client)
        if secret:
            return shown_once(self._house, changed, secret, is_new=False)
        return redirect(path_of(client.client_id, done="changed"), HTTPStatus.SEE_OTHER)

    def page(self, values: Typed, errors: Mapping[str, str], client: Client | None) -> Response:
        return screen.page(
            "client_form.html",
            HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
            client=client,
            back_to=path_of(client.client_id) if client else "/operator/services",
            action=path_of(client.client_id, "/change") if client else "/operator/services/add",
            values=values,
            errors=errors,
            scopes=scope_names(),
            methods=_methods(values.get("method", "")),
            profiles=_profiles(),
            retentions=_periods(RETENTIONS, values.get("retention", "")),
            purposes=[self._purpose(purpose, values, errors) for purpose in self._house.purposes.all()],
        )

    def _purpose(self, purpose: Purpose, values: Typed, errors: Mapping[str, str]) -> PurposeRow:
        language = screen.current_language()
        agreed = values.get(f"duration-{purpose.code}", "")
        shorter = [one for one in DURATIONS if _is_shorter(one, str(purpose.duration))]
        wrong = {f"types-{purpose.code}", f"reads-{purpose.code}"} & errors.keys()
        kinds = dict.fromkeys((*purpose.document_types, *values.getlist(f"types-{purpose.code}")))
        return PurposeRow(
            code=purpose.code,
            name=purpose.name.text(language),
            law=purpose.legal_basis.reference,
            papers=[(code, self._house.document_types.name(code, language)) for code in kinds],
            durations=_periods((*shorter, str(purpose.duration)), agreed),
            is_open=purpose.code in values.getlist("purposes") or bool(wrong),
        )

    def _errors(self, typed: Typed, client: Client | None) -> dict[str, str]:
        errors = {}
        if not typed.get("name", "").strip():
            errors["name"] = _("Write the name that people know the service by.")
        if typed.getlist("purposes") and not typed.get("contact", "").strip():
            errors["contact"] = _("A service that asks for papers needs an address for questions.")
        if not _lines(typed, "redirect_uri"):
            errors["redirect_uri"] = _("Write the address to which people return.")
        errors |= _wrong_addresses(typed, client)
        method, profile = typed.get("method", ""), PROFILES.get(typed.get("profile", ""))
        if profile is None or method not in profile.authentication:
            errors["method"] = _("This profile needs another proof: choose a key pair.")
        if method == KEYS and not typed.get("jwks_uri", "").strip() and not (client and client.jwks):
            errors["jwks_uri"] = _("Write the address of its public keys.")
        for code in typed.getlist("purposes"):
            errors |= _wrong_terms(typed, code)
        if typed.getlist("purposes") and not typed.get("retention"):
            errors["retention"] = _("Choose how long the service keeps what it got.")
        return errors

    def _members(self, typed: Typed, client: Client | None) -> dict[str, Any]:
        """The form as RFC 7591 metadata; what the form doesn't show of a client stays."""
        offered = {code for code, _text in scope_names()}
        kept = (client.scopes if client else frozenset({"openid"})) - offered
        name, contact = typed.get("name", "").strip(), typed.get("contact", "").strip()
        members: dict[str, Any] = {
            "client_name": name,
            "client_name#en": name,
            "client_name#fr": typed.get("name_fr", "").strip() or name,
            "redirect_uris": _lines(typed, "redirect_uri"),
            "post_logout_redirect_uris": _lines(typed, "post_logout"),
            "token_endpoint_auth_method": typed.get("method", BASIC),
            "profile": typed.get("profile", DEFAULT),
            "scope": " ".join(sorted(kept | (offered & set(typed.getlist("scopes"))))),
            "contract": self._contract(typed, client, contact),
            "contacts": [contact] if contact else [],
            **{name: typed.get(name, "").strip() for name in _ADDRESSES},
        }
        if members["jwks_uri"]:
            members["jwks"] = {}
        return members

    def _contract(self, typed: Typed, client: Client | None, contact: str) -> dict[str, Any]:
        before = client.contract if client else {}
        agreed = {
            code: terms for code, terms in before.get("purposes", {}).items() if not self._house.purposes.get(code)
        }
        for code in typed.getlist("purposes"):
            purpose = self._house.purposes.get(code)
            if purpose is not None:
                reads = typed.get(f"reads-{code}", "").strip()
                agreed[code] = contracts.terms(
                    purpose,
                    document_types=typed.getlist(f"types-{code}"),
                    duration=typed.get(f"duration-{code}", ""),
                    max_reads=int(reads) if reads else None,
                )
        return contracts.contract(
            agreed, retention=typed.get("retention", ""), contact=contact, acts_for=before.get("acts_for", ())
        )


def shown_once(house: House, client: Client, secret: str | None, *, is_new: bool) -> Response:
    """The page after registering, or with a new secret."""
    return screen.page(
        "client_added.html",
        client=client,
        name=client.name_in(screen.current_language()),
        secret=secret,
        is_new=is_new,
        page=path_of(client.client_id),
        discovery=f"{house.settings.public_url}/.well-known/openid-configuration",
    )


def scope_names() -> Sequence[tuple[str, str]]:
    """What a service may know of a person, by the name that it asks with."""
    return [
        ("profile", _("Name, date of birth")),
        ("email", _("E-mail address")),
        ("phone", _("Phone number")),
        ("address", _("Address")),
        ("offline_access", _("All this also when the person is away")),
    ]


def method_name(method: str) -> str:
    """How a service proves who it is, in words."""
    return {
        BASIC: _("A secret, sent as most libraries do"),
        "client_secret_post": _("A secret, in the body of the request"),
        KEYS: _("A key pair of its own: no secret to keep or to lose"),
        PUBLIC: _("Nothing: an application in the browser or on a phone"),
    }.get(method, method)


def profile_name(profile: str) -> str:
    """What a profile is for, in words."""
    return {
        "baseline": _("The usual one, for any library of today"),
        "openid-basic": _("For old software that knows no PKCE"),
        "fapi2": _("For what weighs most: requests pushed first, answers bound to a key"),
        "fapi2-message-signing": _("The same, and each request signed, to be proven afterwards"),
    }[profile]


def _methods(chosen: str) -> list[tuple[str, str]]:
    offered = dict.fromkeys((BASIC, "client_secret_post", KEYS, PUBLIC, *([chosen] if chosen else [])))
    return [(method, method_name(method)) for method in offered]


def _profiles() -> list[tuple[str, str]]:
    return [(name, profile_name(name)) for name in ("baseline", "openid-basic", "fapi2", "fapi2-message-signing")]


def _periods(offered: Sequence[str], chosen: str) -> list[tuple[str, str]]:
    codes = dict.fromkeys((*offered, *([chosen] if period_words(chosen) else [])))
    return [(code, period_words(code)) for code in codes]


def _is_shorter(period: str, other: str) -> bool:
    start = date(2026, 1, 1)
    return Period.parse(period).after(start) < Period.parse(other).after(start)


def _lines(typed: Typed, name: str) -> list[str]:
    return [line.strip() for line in typed.get(name, "").splitlines() if line.strip()]


def _wrong_addresses(typed: Typed, client: Client | None) -> dict[str, str]:
    """Told together with what else is wrong, in the order of the form."""
    errors: dict[str, str] = {}
    native = client is not None and client.application_type == "native"
    for field in ("redirect_uri", "post_logout"):
        for uri in _lines(typed, field):
            try:
                redirect_uris.check(uri, native=native)
            except InvalidRedirectUri as error:
                errors.setdefault(field, _("This can't be registered: %(why)s.", why=error.description))
    return errors


def _wrong_terms(typed: Typed, code: str) -> dict[str, str]:
    errors = {}
    if not typed.getlist(f"types-{code}"):
        errors[f"types-{code}"] = _("Tick at least one paper, or not this purpose.")
    reads = typed.get(f"reads-{code}", "").strip()
    if reads and not (reads.isdecimal() and 1 <= int(reads) <= MOST_READS):
        errors[f"reads-{code}"] = _("Write a number from 1 to 1000.")
    return errors


def _refused(error: InvalidRedirectUri | InvalidClientMetadata) -> dict[str, str]:
    member = error.description.partition(":")[0]
    field = "redirect_uri" if isinstance(error, InvalidRedirectUri) else _FIELD_OF.get(member, "name")
    return {field: _("This can't be registered: %(why)s.", why=error.description)}
