"""The operator's pages of services: registering, changing, a new secret, removal, refusals in words, a trial."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import authlib
import pytest
from sqlalchemy import func, select

import oidc
from audit.entries import PersonId
from citizen_account.pages import refusal_words
from config.database import metadata
from config.seaweedfs import EmbeddedStore
from oidc.clients import Client
from tests.citizen_account.town import Citizen, Town
from tests.house.conftest import town_at

ADD = "/operator/services/add"
ONE = "/operator/services/one"
LIBRARY: dict[str, Any] = {
    "name": "Library",
    "name_fr": "Bibliothèque",
    "redirect_uri": "https://library.example/callback\r\nhttps://library.example/other",
    "post_logout": "https://library.example/bye",
    "client_uri": "https://library.example/",
    "contact": "desk@library.example",
    "method": "client_secret_basic",
    "profile": "baseline",
    "scopes": ["profile", "email"],
    "purposes": ["canteen"],
    "types-canteen": ["family_quotient"],
    "duration-canteen": "P3M",
    "reads-canteen": "3",
    "retention": "P1Y",
}


@pytest.fixture
def oscar(lone_town: Town) -> Citizen:
    return lone_town.citizen("operator", given_name="Oscar")


@pytest.fixture(scope="module")
def olga(seaweed: EmbeddedStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Citizen]:
    """An operator of a town that the rows of a table share: none of them changes it."""
    town = town_at(tmp_path_factory.mktemp("olga"), seaweed)
    yield town.citizen("operator", given_name="Olga")
    town.house.database.close()


@pytest.fixture(scope="module")
def library(olga: Citizen) -> Client:
    return registered(olga)[0]


def registered(oscar: Citizen, **changed: Any) -> tuple[Client, str]:
    """A service that Oscar registers, and its secret."""
    answer = oscar.post(ADD, LIBRARY | changed, page=ADD)
    assert answer.status_code == HTTPStatus.OK, answer.text
    client_id, secret = re.findall(r'<dd class="hash">([^<]+)</dd>', answer.text)[:2]
    client = oscar.town.house.clients.get(client_id)
    assert client
    return client, secret


def at(client_id: str, step: str = "") -> str:
    return f"{ONE}{step}?{urlencode({'client_id': client_id})}"


def entries(oscar: Citizen) -> list[str]:
    """What Oscar's own ledger says that he did to services, the newest first."""
    found = oscar.town.house.search.of_person(PersonId(oscar.account)).entries
    return [row.values["change"] for row in found if "change" in row.values]


def test_a_service_is_registered_with_its_contract_and_its_secret_shown_once(lone_town: Town, oscar: Citizen) -> None:
    client, secret = registered(oscar)
    assert lone_town.house.clients.check_secret(client, secret)
    assert client.id_token_signed_response_alg == "ES256"
    assert client.redirect_uris == ("https://library.example/callback", "https://library.example/other")
    assert client.scopes == {"openid", "profile", "email"}
    assert client.contract == {
        "purposes": {"canteen": {"document_types": ["family_quotient"], "max_duration": "P3M", "max_reads": 3}},
        "retention": "P1Y",
        "contact": "desk@library.example",
    }
    page = oscar.get(at(client.client_id))
    assert secret not in page
    for shown in ("Library", "https://library.example/bye", "Family quotient", "3 months", "R531-52", "1 year"):
        assert shown in page, shown
    assert entries(oscar) == ["imported"]


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        pytest.param({"name": ""}, "name", id="no name"),
        pytest.param({"redirect_uri": " \n"}, "redirect_uri", id="no address"),
        pytest.param({"redirect_uri": "javascript:alert(1)"}, "redirect_uri", id="script"),
        pytest.param({"redirect_uri": "http://library.example/cb"}, "redirect_uri", id="plain http"),
        pytest.param({"post_logout": "library"}, "post_logout", id="no address after signing out"),
        pytest.param({"client_uri": "library"}, "client_uri", id="no address of its own"),
        pytest.param({"method": "private_key_jwt"}, "jwks_uri", id="a key pair without its address"),
        pytest.param({"method": "private_key_jwt", "jwks_uri": "http://x.example/jwks"}, "jwks_uri", id="keys by http"),
        pytest.param({"profile": "fapi2"}, "method", id="a secret in a profile of keys"),
        pytest.param({"profile": "odd"}, "method", id="no such profile"),
        pytest.param({"types-canteen": []}, "types-canteen", id="no paper"),
        pytest.param({"reads-canteen": "0"}, "reads-canteen", id="no reads"),
        pytest.param({"duration-canteen": "long"}, "name", id="no duration"),
        pytest.param({"retention": ""}, "retention", id="no retention"),
        pytest.param({"contact": ""}, "contact", id="no contact"),
    ],
)
def test_a_bad_registration_says_where(olga: Citizen, changed: dict[str, Any], where: str) -> None:
    before = olga.town.house.clients.all()
    answer = olga.post(ADD, LIBRARY | changed, page=ADD)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert f'href="#{where}"' in answer.text
    assert f'id="{where}"' in answer.text
    assert olga.town.house.clients.all() == before


def test_all_that_is_wrong_is_said_at_once_in_the_order_of_the_form(olga: Citizen) -> None:
    wrong = {"name": "", "contact": "", "redirect_uri": "http://x.example/", "profile": "fapi2", "retention": ""}
    answer = olga.post(ADD, LIBRARY | wrong, page=ADD)
    summary = answer.text.partition("govuk-error-summary__list")[2].partition("</ul>")[0]
    assert re.findall(r'href="#(\w+)"', summary) == ["name", "contact", "redirect_uri", "method", "retention"]


def test_a_change_keeps_what_the_form_does_not_show(lone_town: Town, oscar: Citizen) -> None:
    before = lone_town.house.clients.get("school-enrolment")
    assert before
    page = oscar.get(at("school-enrolment", "/change"))
    typed = dict(re.findall(r'<input[^>]* name="(\w+)"[^>]* type="\w+" value="([^"]*)"', page))
    fields: dict[str, Any] = {name: html.unescape(value) for name, value in typed.items() if name != "csrf_token"} | {
        "name": "Schools",
        "name_fr": "Écoles",
        "redirect_uri": "\n".join(before.redirect_uris),
        "post_logout": "\n".join(before.post_logout_redirect_uris),
        "contact": before.contract["contact"],
        "method": before.token_endpoint_auth_method,
        "profile": before.profile,
        "scopes": sorted(before.scopes),
        "purposes": list(before.contract["purposes"]),
        "retention": before.contract.get("retention", "P1Y"),
    }
    for code, terms in before.contract["purposes"].items():
        fields[f"types-{code}"] = terms["document_types"]
        fields[f"duration-{code}"] = terms.get("max_duration", "P1Y")
        fields[f"reads-{code}"] = str(terms.get("max_reads", ""))
    answer = oscar.post(at("school-enrolment", "/change"), fields, page=at("school-enrolment", "/change"))
    assert answer.status_code == HTTPStatus.SEE_OTHER, answer.text
    assert "The change counts from now on." in oscar.get(answer.location)
    after = lone_town.house.clients.get("school-enrolment")
    assert after
    assert (after.name, after.names["fr"]) == ("Schools", "Écoles")
    for kept in ("sector", "grant_types", "redirect_uris", "scopes", "id_token_signed_response_alg", "require_pkce"):
        assert getattr(after, kept) == getattr(before, kept), kept
    assert after.contract["purposes"] == before.contract["purposes"]
    assert entries(oscar)[0] == "changed"


def test_a_new_secret_ends_the_old_one_and_is_shown_once(lone_town: Town, oscar: Citizen) -> None:
    client, old = registered(oscar)
    path = at(client.client_id, "/secret")
    answer = oscar.post(path, {}, page=path)
    new = re.findall(r'<dd class="hash">([^<]+)</dd>', answer.text)[1]
    assert lone_town.house.clients.check_secret(client, new)
    assert not lone_town.house.clients.check_secret(client, old)
    assert entries(oscar)[0] == "changed"


def test_a_service_is_removed_after_a_question(lone_town: Town, oscar: Citizen) -> None:
    client, _ = registered(oscar)
    path = at(client.client_id, "/remove")
    assert "Remove Library?" in oscar.get(path)
    assert lone_town.house.clients.get(client.client_id)
    for _again in range(2):  # the second operator finds it gone: nothing happens twice
        answer = oscar.post(path, {}, page="/operator/services")
        assert answer.location == "/operator/services?done=removed"
    assert lone_town.house.clients.get(client.client_id) is None
    oscar.get(at(client.client_id), HTTPStatus.NOT_FOUND)
    assert entries(oscar) == ["removed", "imported"]


def test_the_page_says_in_words_why_requests_were_refused(lone_town: Town, oscar: Citizen) -> None:
    client, secret = registered(oscar)
    assert "None was refused lately." in oscar.get(at(client.client_id))
    stranger = lone_town.stranger()
    stranger.client.post("/token", data={"client_id": client.client_id, "client_secret": secret, "grant_type": "x"})
    refused = stranger.client.get(f"/authorize?client_id={client.client_id}&redirect_uri=https://elsewhere.example/")
    stranger.client.get("/authorize?client_id=nobody")
    page = html.unescape(oscar.get(at(client.client_id)))
    assert "It proved who it is by another method than the one registered." in page
    assert "/token · invalid_client: client authentication failed" in page
    assert "The address to which people should return is not registered." in page
    assert refused.headers["X-Correlation-Id"] in page
    assert "elsewhere.example" not in page
    listed = html.unescape(oscar.get("/operator/services"))
    assert "The request names a service that is not registered here." in listed
    french = html.unescape(oscar.get(at(client.client_id) + "&lang=fr"))
    assert "L'adresse à laquelle les personnes doivent revenir n'est pas enregistrée." in french


def test_what_a_fetch_is_refused_for_is_told_too(lone_town: Town, oscar: Citizen) -> None:
    alice = lone_town.citizen()
    token = alice.lend(alice.paper())
    location = token["authorization_details"][0]["documents"][0]["location"]
    answer = lone_town.app.test_client().get(
        location, headers={"Authorization": f"DPoP {token['access_token']}"}, base_url="http://localhost:8000"
    )
    assert answer.status_code == HTTPStatus.UNAUTHORIZED
    assert "/vault/documents · " in html.unescape(oscar.get(at("school-enrolment")))


def test_the_words_are_for_what_we_really_say() -> None:
    """Each sentence that has words of its own stands in the code that refuses, or in Authlib's."""
    sources = "\n".join(
        page.read_text()
        for root in (Path(oidc.__file__).parent, Path(authlib.__file__).parent / "oauth2")
        for page in root.rglob("*.py")
    )
    for sentence in refusal_words._BY_DESCRIPTION:
        begins = sentence.removesuffix("application/x-www-form-urlencoded")
        assert begins in sources, sentence
    assert set(refusal_words.ENDPOINTS) >= {"authorization", "token", "vault_documents"}


def rows(town: Town) -> dict[str, int]:
    with town.house.database.reading() as tx:
        return {t.name: tx.execute(select(func.count()).select_from(t)).scalar_one() for t in metadata.sorted_tables}


def test_a_trial_shows_what_the_service_would_receive_and_leaves_nothing(lone_town: Town, oscar: Citizen) -> None:
    client, _ = registered(oscar)
    path = at(client.client_id, "/try")
    page = oscar.get(path)
    assert "the service gets nothing" in page
    token = oscar.token(path)
    before = rows(lone_town)
    fields = {
        "csrf_token": token,
        "redirect_uri": client.redirect_uris[0],
        "scopes": ["profile", "email"],
        "purposes": ["canteen"],
    }
    answer = oscar.client.post(path, data=fields, base_url="http://localhost:8000")
    text = html.unescape(answer.text)
    assert "This request would pass" in text
    for shown in ("<code>sub</code>", "<code>email</code>", "Family quotient", "R531-52", client.redirect_uris[0]):
        assert shown in text, shown
    assert oscar.address not in text  # names of facts, not facts
    assert "Location" not in answer.headers
    changed = {name for name, count in rows(lone_town).items() if count != before[name]}
    assert changed <= {"account_sign_ins", "job_rate_limits"}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        pytest.param({}, "This request would pass", id="as it is"),
        pytest.param(
            {"code_challenge": "", "code_challenge_method": ""}, "The request came without PKCE", id="without PKCE"
        ),
        pytest.param({"scope": "openid phone"}, "It asked to know more than is registered.", id="another scope"),
        pytest.param(
            {"redirect_uri": "https://elsewhere.example/"}, "The person would see our error page", id="address"
        ),
        pytest.param({"client_id": "school-enrolment"}, "This address names another service", id="another service"),
    ],
)
def test_an_address_that_a_service_opened_is_checked(
    olga: Citizen, library: Client, changed: dict[str, str], said: str
) -> None:
    query = {
        "client_id": library.client_id,
        "response_type": "code",
        "redirect_uri": library.redirect_uris[0],
        "scope": "openid profile",
        "state": "s",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
        **changed,
    }
    path = at(library.client_id, "/try")
    for begins, expected in (("http://localhost:8000/authorize", said), ("https://x.example/a", "not where sign-ins")):
        answer = olga.post(path, {"address": f"{begins}?{urlencode(query)}"}, page=path)
        assert expected in html.unescape(answer.text)
    assert olga.town.house.diagnosis.of(library.client_id) == []


def test_a_pushed_request_is_not_used_up_by_a_trial(olga: Citizen, library: Client) -> None:
    path = at(library.client_id, "/try")
    query = {"client_id": library.client_id, "request_uri": "urn:ietf:params:oauth:request_uri:x"}
    answer = olga.post(path, {"address": f"http://localhost:8000/authorize?{urlencode(query)}"}, page=path)
    assert "a pushed request is opened once" in html.unescape(answer.text)


def test_a_trial_of_a_strict_service_asks_as_it_must_and_says_what_its_address_lacks(olga: Citizen) -> None:
    strict = {
        "method": "private_key_jwt",
        "profile": "fapi2-message-signing",
        "jwks_uri": "https://library.example/jwks",
    }
    client, _secret = registered(olga, **strict)
    path = at(client.client_id, "/try")
    ticked = {"redirect_uri": client.redirect_uris[0], "scopes": ["profile"]}
    assert "This request would pass" in olga.post(path, ticked, page=path).text
    query = {"client_id": client.client_id, "redirect_uri": client.redirect_uris[0], "response_type": "code"}
    answer = olga.post(path, {"address": f"http://localhost:8000/authorize?{urlencode(query)}"}, page=path)
    assert "The profile of this service wants signed requests." in answer.text
    assert "New secret" not in olga.get(at(client.client_id))
    assert olga.post(at(client.client_id, "/secret"), {}, page=path).status_code == HTTPStatus.SEE_OTHER
