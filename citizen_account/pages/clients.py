"""The operator's page of services: each with its contract, and a form that registers one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request
from werkzeug.datastructures import MultiDict

from citizen_account import screen
from citizen_account.pages.periods import period_words
from citizen_account.screen import gettext as _
from citizen_account.security import OPERATOR, policy, require
from oidc.clients import Client
from oidc.errors import InvalidClientMetadata, InvalidRedirectUri

if TYPE_CHECKING:
    from citizen_account.house import House

MOST_READS = 1_000


def blueprint(house: House) -> Blueprint:
    """The list and the form."""
    pages = Blueprint("clients", __name__)

    @pages.get("/operator/services")
    @policy(OPERATOR)
    def services() -> Any:
        return screen.page("clients.html", services=[_service(house, client) for client in house.clients.all()])

    @pages.get("/operator/services/add")
    @policy(OPERATOR)
    def ask() -> Any:
        return _form(house, MultiDict(), {})

    @pages.post("/operator/services/add")
    @policy(OPERATOR, repeats=("scopes", "purposes"))
    def add() -> Any:
        typed: MultiDict[str, str] = MultiDict(request.form)
        errors = _errors(typed)
        if errors:
            return _form(house, typed, errors)
        try:
            client, secret = house.clients.add(
                _metadata(house, typed), actor=require(OPERATOR).account, default_alg="ES256"
            )
        except InvalidRedirectUri as error:
            return _form(house, typed, {"redirect_uri": _refused(error.description)})
        except InvalidClientMetadata as error:
            return _form(house, typed, {"name": _refused(error.description)})
        discovery = f"{house.settings.public_url}/.well-known/openid-configuration"
        return screen.page("client_added.html", client=client, secret=secret, discovery=discovery)

    return pages


def _form(house: House, values: MultiDict[str, str], errors: Mapping[str, str]) -> Response:
    language = screen.current_language()
    return screen.page(
        "client_add.html",
        HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        values=values,
        errors=errors,
        scopes=_scopes(),
        purposes=[(purpose.code, purpose.name.text(language)) for purpose in house.purposes.all()],
    )


def _scopes() -> Sequence[tuple[str, str]]:
    return [
        ("profile", _("Name, date of birth")),
        ("email", _("E-mail address")),
        ("phone", _("Phone number")),
        ("address", _("Address")),
        ("offline_access", _("All this also when the person is away")),
    ]


def _errors(typed: MultiDict[str, str]) -> dict[str, str]:
    errors = {}
    if not typed.get("name", "").strip():
        errors["name"] = _("Write the name that people know the service by.")
    if not typed.get("redirect_uri", "").strip():
        errors["redirect_uri"] = _("Write the address to which people return.")
    reads = typed.get("max_reads", "")
    if not reads.isdigit() or not 1 <= int(reads) <= MOST_READS:
        errors["max_reads"] = _("Write a number from 1 to 1000.")
    if typed.getlist("purposes") and not typed.get("contact", "").strip():
        errors["contact"] = _("A service that asks for papers needs an address for questions.")
    return errors


def _metadata(house: House, typed: MultiDict[str, str]) -> dict[str, Any]:
    """The form as RFC 7591 metadata, with the contract that the catalogue of purposes gives."""
    known = [found for code in typed.getlist("purposes") if (found := house.purposes.get(code))]
    scopes = [code for code, _text in _scopes() if code in typed.getlist("scopes")]
    name, contact = typed.get("name", "").strip(), typed.get("contact", "").strip()
    metadata: dict[str, Any] = {
        "client_name": name,
        "client_name#fr": typed.get("name_fr", "").strip() or name,
        "redirect_uris": [typed.get("redirect_uri", "").strip()],
        "token_endpoint_auth_method": "client_secret_basic",
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "scope": " ".join(["openid", *scopes]),
        "contract": {
            "purposes": {
                purpose.code: {
                    "document_types": list(purpose.document_types),
                    "max_duration": str(purpose.duration),
                    "max_reads": int(typed["max_reads"]),
                }
                for purpose in known
            },
            "contact": contact,
        },
    }
    if contact:
        metadata["contacts"] = [contact]
    if typed.get("client_uri", "").strip():
        metadata["client_uri"] = typed["client_uri"].strip()
    return metadata


def _refused(description: str) -> str:
    return _("This can't be registered: %(why)s.", why=description)


def _service(house: House, client: Client) -> dict[str, Any]:
    language = screen.current_language()
    return {
        "name": client.name_in(language),
        "client_id": client.client_id,
        "redirect_uris": client.redirect_uris,
        "scopes": sorted(client.scopes),
        "contacts": client.contacts,
        "purposes": [
            {
                "reason": house.purposes.reason(code, language) or code,
                "papers": [house.document_types.name(one, language) for one in terms.get("document_types", ())],
                "duration": period_words(str(terms.get("max_duration", ""))),
            }
            for code, terms in client.contract.get("purposes", {}).items()
        ],
    }
