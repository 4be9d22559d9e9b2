"""The operator's trial of a sign-in: what a request of a service would lead to, in words; nothing leaves the house."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from flask import Blueprint, Response, request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import NotFound

from citizen_account import screen
from citizen_account.pages import refusal_words
from citizen_account.pages.claim_words import claim_name
from citizen_account.pages.client_form import named_client, path_of, scope_names
from citizen_account.pages.release_terms import distinct, terms_of
from citizen_account.screen import gettext as _
from citizen_account.security import OPERATOR, policy, require
from oidc.clients import Client
from oidc.protocols import SubjectId
from oidc.rehearsal import Pairs, Rehearsed, WouldBeRefused

if TYPE_CHECKING:
    from citizen_account.house import House

Typed = MultiDict[str, str]


def blueprint(house: House) -> Blueprint:
    """`/operator/services/one/try?client_id=`."""
    pages = Blueprint("client_trial", __name__)
    trial = _Trial(house)

    @pages.get("/operator/services/one/try")
    @policy(OPERATOR)
    def ask() -> Any:
        return trial.ask(_client(house))

    @pages.post("/operator/services/one/try")
    @policy(OPERATOR, repeats=("scopes", "purposes"))
    def show() -> Any:
        return trial.show(_client(house), MultiDict(request.form))

    return pages


def _client(house: House) -> Client:
    client = named_client(house)
    if not client.redirect_uris:  # nobody's browser comes from there
        raise NotFound
    return client


class _Trial:
    def __init__(self, house: House) -> None:
        self._house = house

    def ask(self, client: Client) -> Response:
        """The form, everything ticked that the service may ask."""
        typed: Typed = MultiDict({"redirect_uri": client.redirect_uris[0]})
        typed.setlist("scopes", sorted(client.scopes))
        typed.setlist("purposes", list(client.contract.get("purposes", {})))
        return self._page(client, typed, {})

    def show(self, client: Client, typed: Typed) -> Response:
        """What would happen; or the form again."""
        pasted = typed.get("address", "").strip()
        if pasted:
            error = self._wrong_address(client, pasted)
            if error:
                return self._page(client, typed, {"address": error})
            pairs: Pairs = parse_qsl(urlsplit(pasted).query, keep_blank_values=True)
            return self._result(client, self._house.rehearsal.rehearse(client, pairs, as_sent=True))
        if not typed.getlist("scopes") and not typed.getlist("purposes") and "openid" not in client.scopes:
            return self._page(client, typed, {"scopes": _("Tick at least one thing to ask.")})
        pairs = self._house.rehearsal.like(
            client,
            redirect_uri=typed.get("redirect_uri", ""),
            scope=" ".join(sorted({"openid"} & client.scopes | set(typed.getlist("scopes")))),
            authorization_details=self._details(client, typed.getlist("purposes")),
        )
        return self._result(client, self._house.rehearsal.rehearse(client, pairs, as_sent=False))

    def _details(self, client: Client, purposes: Sequence[str]) -> str:
        """A question for each paper of the purposes' catalogue, as far as the contract allows it."""
        details = []
        for code in purposes:
            purpose, terms = self._house.purposes.get(code), client.contract.get("purposes", {}).get(code)
            for paper in purpose.papers if purpose and terms else ():
                types = [one for one in paper.any_of if one in terms["document_types"]]
                if types:
                    details.append(
                        {
                            "type": "document",
                            "document_types": types,
                            "actions": ["read"],
                            "purpose": code,
                            "duration": str(terms.get("max_duration", purpose.duration if purpose else "")),
                            "locations": [self._house.settings.vault_url],
                        }
                    )
        return json.dumps(details) if details else ""

    def _wrong_address(self, client: Client, pasted: str) -> str:
        endpoint = f"{self._house.settings.public_url}/authorize"
        try:
            parts = urlsplit(pasted)
            pairs = parse_qsl(parts.query, keep_blank_values=True)
        except ValueError:
            return _("This is no address.")
        if f"{parts.scheme}://{parts.netloc}{parts.path}" != endpoint:
            return _("This address is not where sign-ins begin. It must begin with %(address)s", address=endpoint)
        if [value for name, value in pairs if name == "client_id"] != [client.client_id]:
            return _("This address names another service, or none. Compare client_id.")
        return ""

    def _page(self, client: Client, typed: Typed, errors: Mapping[str, str]) -> Response:
        language = screen.current_language()
        known = dict(scope_names())
        return screen.page(
            "client_trial.html",
            HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
            name=client.name_in(language),
            back_to=path_of(client.client_id),
            action=path_of(client.client_id, "/try"),
            endpoint=f"{self._house.settings.public_url}/authorize",
            values=typed,
            errors=errors,
            redirect_uris=client.redirect_uris,
            scopes=[(scope, known.get(scope, scope)) for scope in sorted(client.scopes - {"openid"})],
            purposes=[
                (code, self._house.purposes.name(code, language)) for code in client.contract.get("purposes", {})
            ],
        )

    def _result(self, client: Client, rehearsed: Rehearsed | WouldBeRefused) -> Response:
        common: dict[str, Any] = {
            "name": client.name_in(screen.current_language()),
            "client_id": client.client_id,
            "back_to": path_of(client.client_id, "/try"),
            "rehearsed": rehearsed,
        }
        if isinstance(rehearsed, WouldBeRefused):
            error = rehearsed.error
            words = refusal_words.of(error.code, error.cause, error.description)
            answered = refusal_words.answer(error.code, error.description)
            return screen.page(
                "client_trial_refused.html", what=_(words.what), do=_(words.do), answer=answered, **common
            )
        return screen.page("client_trial_passed.html", **common, **self._received(client, rehearsed))

    def _received(self, client: Client, rehearsed: Rehearsed) -> dict[str, Any]:
        """What the service would get: names of facts, papers, terms. Of the operator's own facts: if they are known."""
        technical = {
            "email_verified": _("Whether that address is confirmed"),
            "phone_number_verified": _("Whether that number is confirmed"),
            "locale": _("Your language"),
        }
        names = tuple(dict.fromkeys((*rehearsed.userinfo_claims, *rehearsed.id_token_claims)))
        known = self._house.rehearsal.known(SubjectId(require(OPERATOR).account), names)
        asked = [
            self._house.lending.may_ask(client.contract, detail) for detail in rehearsed.request.authorization_details
        ]
        language = screen.current_language()
        retention = str(client.contract.get("retention", ""))
        return {
            "claims": [
                {
                    "claim": claim,
                    "name": technical.get(claim) or claim_name(claim),
                    "known": claim in known,
                }
                for claim in names
            ],
            "papers": [
                [self._house.document_types.name(one, language) for one in each.document_types] for each in asked
            ],
            "terms": [terms_of(self._house, one, retention) for one in distinct(asked)[0]],
        }
