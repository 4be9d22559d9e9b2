"""THREATS §2, "Authorization request": each row of the table at each door, on each kind of database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from config.database import Database, metadata
from oidc.store.authorizations import authorizations
from oidc.store.interactions import interactions
from tests.clocks import FixedClock
from tests.oidc.asking import answer, parameters, push
from tests.oidc.provider_house import ISSUER, VAULT, ClientKey, House, error_of
from tests.oidc.request_rows import CLIENT, ROWS, VALID


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def each(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One provider on each kind of database, for rows that leave nothing behind."""
    folder = tmp_path_factory.mktemp("each")
    on_postgresql = request.param == "postgresql"
    address = request.getfixturevalue("postgresql").fresh_database() if on_postgresql else f"sqlite:///{folder}/test.db"
    database = Database(address)
    metadata.create_all(database.engine)
    house = House(database, folder / "keys", FixedClock())
    house.add(contract=CLIENT.contract)
    yield house
    database.close()


def by_get(house: House, sent: dict[str, str]) -> TestResponse:
    return house.http.get("/authorize", query_string=sent)


def by_post(house: House, sent: dict[str, str]) -> TestResponse:
    return house.http.post("/authorize", data=sent)


def kept(house: House) -> int:
    with house.database.reading() as tx:
        return sum(
            tx.execute(select(func.count()).select_from(t)).scalar() or 0 for t in (interactions, authorizations)
        )


def assert_a_page_of_ours(response: TestResponse) -> None:
    assert response.status_code == 400
    assert "Location" not in response.headers
    assert response.get_data(as_text=True) == "error page: invalid_request"


@pytest.mark.parametrize("door", [by_get, by_post])
@pytest.mark.parametrize(("changed", "error"), ROWS)
def test_a_request_that_differs_in_one_thing_is_refused_with_state_and_iss(
    each: House, door: Any, changed: dict[str, Any], error: str
) -> None:
    before = kept(each)
    sent = {name: value for name, value in {**VALID, **changed}.items() if value is not None}
    response = door(each, sent)
    if not error:
        assert_a_page_of_ours(response)
    else:
        back = answer(response)
        assert (back["error"], back["state"], back["iss"]) == (error, "st", ISSUER)
        assert "code" not in back
    assert kept(each) == before


@pytest.mark.parametrize(("changed", "error"), ROWS)
def test_none_of_it_is_pushed_either(each: House, changed: dict[str, Any], error: str) -> None:
    before = kept(each)
    response = push(each, **{**VALID, **changed})
    assert error_of(response) == (error or "invalid_request")
    assert response.status_code == 400
    assert kept(each) == before


@pytest.mark.parametrize("resource", ["vault", f"{VAULT}#x", f"{VAULT}/", "https://other.example", f"{VAULT}\n"])
def test_a_resource_that_is_none_of_ours_is_an_invalid_target(each: House, resource: str) -> None:
    for door in (by_get, by_post):
        assert answer(door(each, parameters(resource=resource)))["error"] == "invalid_target"
    assert error_of(push(each, resource=resource)) == "invalid_target"


@pytest.mark.parametrize("character", ["\0", "\x01", "\x0b", "\x1b", "\x7f"])
@pytest.mark.parametrize("name", [*sorted(VALID), "prompt", "claims", "login_hint", "unknown"])
def test_a_control_character_anywhere_is_an_error_page(each: House, name: str, character: str) -> None:
    sent = {**VALID, name: f"{VALID.get(name, 'x')}{character}"}
    assert_a_page_of_ours(by_get(each, sent))
    assert_a_page_of_ours(by_post(each, sent))
    assert error_of(push(each, **sent)) in {"invalid_request", "invalid_client"}


@pytest.mark.parametrize("name", ["grant_type", "code", "refresh_token", "redirect_uri", "token", "client_id", "x"])
@pytest.mark.parametrize("path", ["/token", "/revoke", "/introspect", "/par"])
def test_every_endpoint_of_clients_refuses_control_characters(each: House, path: str, name: str) -> None:
    school = each.clients.get("school")
    assert school
    assert error_of(each.post(path, school, {name: "a\0b"})) == "invalid_request"


def test_a_client_id_that_no_client_can_have_is_nobodys(each: House) -> None:
    key = ClientKey(each.clock)
    typed = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    for client_id in ("a\0b", "a b", "é", "x" * 10_000):
        shown = {"client_assertion": key.assertion(client_id), "client_assertion_type": typed, "token": "x"}
        assert error_of(each.http.post("/revoke", data=shown)) == "invalid_client"
    basic = {"Authorization": "Basic YSUwMGI6c2VjcmV0"}  # a%00b:secret
    assert error_of(each.http.post("/revoke", data={"token": "x"}, headers=basic)) == "invalid_client"
    assert_a_page_of_ours(by_get(each, {**VALID, "client_id": "a b"}))


def test_signed_userinfo_is_no_hint(each: House) -> None:
    client = each.add("signed", userinfo_signed_response_alg="ES256")
    tokens = each.tokens(client)
    signed = each.userinfo(tokens["access_token"]).get_data(as_text=True)
    for hint in (signed, tokens["access_token"]):
        sent = parameters(client_id="signed", id_token_hint=hint, prompt="none")
        assert answer(by_get(each, sent))["error"] == "invalid_request"
    good = parameters(client_id="signed", id_token_hint=tokens["id_token"], prompt="none")
    assert answer(by_get(each, good))["error"] == "login_required"


def test_a_client_without_the_code_grant_is_refused_here(each: House) -> None:
    each.add("machine", grant_types=["refresh_token"])
    assert answer(by_get(each, parameters(client_id="machine")))["error"] == "unauthorized_client"


def test_a_body_that_is_no_form_or_too_large_is_refused(each: House) -> None:
    text = json.dumps(VALID)
    assert_a_page_of_ours(each.http.post("/authorize", data=text, content_type="application/json"))
    assert each.http.post("/authorize", data={**VALID, "padding": "x" * 70_000}).status_code == 413


@pytest.mark.parametrize("path", ["/authorize", "/authorize/x"])
def test_head_and_other_methods_are_not_taken(each: House, path: str) -> None:
    assert each.http.head(path, query_string=VALID).status_code == 405
    for method in ("put", "delete", "patch"):
        assert getattr(each.http, method)(path).status_code == 405
