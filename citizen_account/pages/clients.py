"""The operator's pages of services: the list, one with its contract and its last refusals, a new secret, removal."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint, redirect, request

from citizen_account import screen
from citizen_account.pages import refusal_words
from citizen_account.pages.client_form import (
    method_name,
    named_client,
    path_of,
    profile_name,
    scope_names,
    shown_once,
)
from citizen_account.pages.periods import period_words
from citizen_account.screen import gettext as _
from citizen_account.security import OPERATOR, policy, require
from oidc.clients import Client
from oidc.diagnosis import UNREGISTERED, RefusalRow

if TYPE_CHECKING:
    from citizen_account.house import House


def blueprint(house: House) -> Blueprint:
    """`/operator/services` and what hangs below it; the form is `client_form`."""
    pages = Blueprint("clients", __name__)

    @pages.get("/operator/services")
    @policy(OPERATOR)
    def services() -> Any:
        return screen.page(
            "clients.html",
            services=[_service(house, client) for client in house.clients.all()],
            refusals=_refusals(house, UNREGISTERED),
            done=request.args.get("done", ""),
        )

    @pages.get("/operator/services/one")
    @policy(OPERATOR)
    def show() -> Any:
        client = named_client(house)
        return screen.page(
            "client.html",
            service=_service(house, client),
            refusals=_refusals(house, client.client_id),
            discovery=f"{house.settings.public_url}/.well-known/openid-configuration",
            done=request.args.get("done", ""),
        )

    @pages.get("/operator/services/one/secret")
    @policy(OPERATOR)
    def ask_secret() -> Any:
        return screen.page("client_secret.html", service=_service(house, named_client(house)))

    @pages.post("/operator/services/one/secret")
    @policy(OPERATOR)
    def renew_secret() -> Any:
        client = named_client(house)
        secret = house.clients.renew_secret(client.client_id, actor=require(OPERATOR).account)
        if secret is None:
            return redirect(path_of(client.client_id), HTTPStatus.SEE_OTHER)
        return shown_once(house, client, secret, is_new=False)

    @pages.get("/operator/services/one/remove")
    @policy(OPERATOR)
    def ask_remove() -> Any:
        return screen.page("client_remove.html", service=_service(house, named_client(house)))

    @pages.post("/operator/services/one/remove")
    @policy(OPERATOR)
    def remove() -> Any:
        # One that is gone was removed by somebody else: for the operator the outcome is the same.
        house.clients.remove(request.args.get("client_id", ""), actor=require(OPERATOR).account)
        return redirect("/operator/services?done=removed", HTTPStatus.SEE_OTHER)

    return pages


def _service(house: House, client: Client) -> dict[str, Any]:
    language = screen.current_language()
    known = dict(scope_names())
    return {
        "name": client.name_in(language),
        "client_id": client.client_id,
        "page": path_of(client.client_id),
        "steps": {step: path_of(client.client_id, f"/{step}") for step in ("change", "secret", "remove", "try")},
        "redirect_uris": client.redirect_uris,
        "post_logout_redirect_uris": client.post_logout_redirect_uris,
        "client_uri": client.client_uri,
        "method": method_name(client.token_endpoint_auth_method),
        "has_secret": client.has_secret,
        "can_try": bool(client.redirect_uris),
        "profile": f"{client.profile}: {profile_name(client.profile)}",
        "scopes": [known.get(scope, scope) for scope in sorted(client.scopes - {"openid"})],
        "contact": client.contract.get("contact", "") or ", ".join(client.contacts),
        "retention": period_words(str(client.contract.get("retention", ""))),
        "acts_for": client.contract.get("acts_for", ()),
        "purposes": [
            {
                "name": house.purposes.name(code, language),
                "reason": house.purposes.reason(code, language) or code,
                "law": purpose.legal_basis.reference if (purpose := house.purposes.get(code)) else "",
                "papers": [house.document_types.name(one, language) for one in terms.get("document_types", ())],
                "duration": period_words(str(terms.get("max_duration", ""))),
                "reads": terms.get("max_reads"),
            }
            for code, terms in client.contract.get("purposes", {}).items()
        ],
    }


def _refusals(house: House, client_id: str) -> list[dict[str, Any]]:
    return [_refusal(row) for row in house.diagnosis.of(client_id)]


def _refusal(row: RefusalRow) -> dict[str, Any]:
    words = refusal_words.explained(row)
    return {
        "what": _(words.what),
        "do": _(words.do),
        "answer": refusal_words.answer(row.error, row.description),
        "place": refusal_words.place(row),
        "row": row,
    }
