"""What services learn of a person: facts that an account can hold, and nothing by which two of them could compare."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from werkzeug.test import Client, TestResponse

from citizen_account import values
from citizen_account.adapters.subjects import AccountSubjects
from oidc.claims import DATA
from oidc.protocols import SubjectId
from tests.citizen_account.town import SCHOOL, VERIFIER, Citizen, Town, pdf

ORIGIN = "http://localhost:8000"
SERVICES = ("library", "museum", "swimming-pool")
IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{16,}|[0-9a-f]{12,}")
"""What could stand for a person, a paper, a key or a moment of use; our ids have 26 characters, secrets 43."""


def members(name: str) -> dict[str, Any]:
    """A service like the school, under another name and address."""
    return {**SCHOOL, "client_id": name, "redirect_uris": [f"https://{name}.example/callback"],
            "scope": "openid profile email offline_access"}  # fmt: skip


@dataclass
class Service:
    """A service that keeps every text it ever got: bodies, headers, addresses, and what its tokens say inside."""

    town: Town
    name: str
    seen: list[str] = field(default_factory=list)

    def learns(self, answer: TestResponse) -> TestResponse:
        is_text = answer.mimetype in {"application/json", "application/problem+json", "application/jwt"}
        self.seen += [str(answer.headers), answer.get_data(as_text=True) if is_text else ""]
        return answer

    def asks(self, citizen: Citizen, document: str, scope: str) -> dict[str, Any]:
        """The whole way: request, release page, code, tokens."""
        detail = {"type": "document", "document_types": ["proof_of_address"], "actions": ["read"],
                  "purpose": "school_enrolment", "locations": [f"{ORIGIN}/vault"]}  # fmt: skip
        query = {"client_id": self.name, "response_type": "code", "redirect_uri": f"https://{self.name}.example/callback",
                 "scope": scope, "state": "s", "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
                 "code_challenge_method": "S256", "authorization_details": json.dumps([detail])}  # fmt: skip
        handle = urlsplit(citizen.open(f"/authorize?{urlencode(query)}").location).path.rpartition("/")[2]
        sent = citizen.post(f"/release/{handle}", {"paper-0": document, "decision": "send"})
        assert sent.status_code == HTTPStatus.SEE_OTHER, sent.text[:2000]
        address = citizen.open(f"/authorize/{handle}").location
        self.seen.append(address)
        code = parse_qs(urlsplit(address).query)["code"][0]
        return self.tokens({"grant_type": "authorization_code", "code": code, "code_verifier": VERIFIER,
                            "redirect_uri": query["redirect_uri"]})  # fmt: skip

    def tokens(self, form: dict[str, str]) -> dict[str, Any]:
        answer = self.learns(self.post("/token", form))
        assert answer.status_code == HTTPStatus.OK, answer.text
        told: dict[str, Any] = answer.get_json()
        for name in ("access_token", "id_token"):
            self.seen += [base64.urlsafe_b64decode(part + "==").decode() for part in told[name].split(".")[:2]]
        return told

    def post(self, path: str, form: dict[str, str]) -> TestResponse:
        return Client(self.town.app).post(path, data=form, auth=(self.name, SCHOOL["client_secret"]), base_url=ORIGIN)

    def get(self, path: str, token: str, method: str = "GET", **headers: str) -> TestResponse:
        shown = {"Authorization": f"Bearer {token}", "Acting-Agent": "system", **headers}
        answer = Client(self.town.app).open(path, method=method, headers=shown, base_url=ORIGIN)
        return self.learns(answer)

    def reads_everything(self, told: dict[str, Any]) -> None:
        """Every way that there is to a paper and a person, and the refusals too."""
        path = urlsplit(told["authorization_details"][0]["documents"][0]["location"]).path
        token = told["access_token"]
        read = self.get(path, token)
        assert read.status_code == HTTPStatus.OK, read.text
        for how in (
            {"method": "HEAD"},
            {"Range": "bytes=0-9"},
            {"If-None-Match": read.headers["ETag"]},
            {"If-Match": '"other"'},
        ):
            self.get(path, token, **how)
        for other in ("?rendition=page-1", "?rendition=page-999", "?rendition=nonsense", "x"):
            self.get(path + other, token)
        self.get("/vault/documents", token)
        assert self.get("/userinfo", token).status_code == HTTPStatus.OK
        again = self.tokens({"grant_type": "refresh_token", "refresh_token": told["refresh_token"]})
        self.get(path, again["access_token"])
        self.learns(self.post("/token", {"grant_type": "refresh_token", "refresh_token": "x"}))
        self.learns(self.post("/revoke", {"token": again["refresh_token"]}))
        self.get(path, again["access_token"])

    def identifiers(self) -> set[str]:
        return set(IDENTIFIER.findall(" ".join(self.seen)))


@pytest.fixture
def services(town: Town) -> tuple[Service, ...]:
    for name in SERVICES:
        town.house.clients.add(members(name), actor="tests")
    return tuple(Service(town, name) for name in SERVICES)


@pytest.mark.parametrize("scope", ["openid", "openid profile email offline_access"])
def test_two_services_with_one_persons_one_paper_hold_no_common_identifier(
    town: Town, services: tuple[Service, ...], scope: str
) -> None:
    alice, bob = town.citizen(), town.citizen(given_name="Bob")
    papers = {alice.account: alice.paper(pdf("one paper")), bob.account: bob.paper(pdf("another paper"))}
    for service, citizen in zip(services, (alice, alice, bob), strict=True):
        service.reads_everything(service.asks(citizen, papers[citizen.account], scope))
    library, museum, stranger = (service.identifiers() for service in services)
    # What a service shares with one that knows neither person nor paper is the house's: words, addresses, key ids.
    words = museum & stranger
    assert len(library - words) > 20
    assert (library & museum) - words == set()
    inside = {alice.account, papers[alice.account], town.house.accounts.owner_of(alice.account)}
    inside |= {name.rpartition("/")[2] for name in town.stored_objects()}
    assert inside & (library | museum) == set()


def test_the_claims_that_discovery_announces_are_those_that_an_account_can_hold(town: Town) -> None:
    alice = town.citizen()
    known = AccountSubjects(town.house.database, town.house.accounts)
    told = {"birthdate": "1990-05-17", "phone_number": "+33612345678"}
    whole = {name: values.checked(name, told.get(name, "Somewhere")) for name in values.FIELDS}
    town.house.accounts.set_attributes(alice.account, whole)
    assert set(known.claims(SubjectId(alice.account))) == set(DATA)
