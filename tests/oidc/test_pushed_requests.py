"""Pushed authorization requests (RFC 9126): THREATS §2, "PAR", a row each."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from oidc.client_authentication.private_key import ASSERTION_TYPE
from oidc.clients import Client
from oidc.store.interactions import interactions
from tests.oidc.asking import (
    CONTRACT,
    answer,
    approve,
    ask,
    handle_of,
    open_pushed,
    parameters,
    push,
)
from tests.oidc.provider_house import ISSUER, REDIRECT, ClientKey, House, error_of, json_of


@pytest.fixture
def school(lone: House) -> Client:
    return lone.add(contract=CONTRACT)


def test_a_pushed_request_goes_the_whole_way_once(lone: House, school: Client) -> None:
    pushed = json_of(push(lone), 201)
    assert pushed["expires_in"] == 60
    lone.sign_in.there = lone.signed_in()
    handle = handle_of(open_pushed(lone, pushed["request_uri"]))
    assert handle_of(open_pushed(lone, pushed["request_uri"])) == handle  # a reload by the first browser
    approve(lone, handle)
    assert "code" in answer(lone.http.get(f"/authorize/{handle}"))
    assert open_pushed(lone, pushed["request_uri"]).status_code == 400  # used


def test_a_pushed_request_is_its_clients_its_browsers_and_expires(lone: House, school: Client) -> None:
    lone.add("library")
    uri = json_of(push(lone), 201)["request_uri"]
    assert open_pushed(lone, uri, "library").status_code == 400
    assert open_pushed(lone, uri).status_code == 303
    lone.sign_in.value = "another browser"
    assert open_pushed(lone, uri).status_code == 400
    late = json_of(push(lone), 201)["request_uri"]
    lone.clock.advance(timedelta(seconds=61))
    assert open_pushed(lone, late).status_code == 400


@pytest.mark.parametrize(
    ("changed", "error", "status"),
    [
        ({"secret": "wrong" * 12}, "invalid_client", 401),
        ({"request_uri": "urn:ietf:params:oauth:request_uri:x"}, "invalid_request", 400),
        ({"client_id": "library"}, "invalid_request", 400),
        ({"redirect_uri": "https://evil.example/"}, "invalid_request", 400),
        ({"scope": "openid admin"}, "invalid_scope", 400),
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request", 400),
        ({"authorization_details": "{}"}, "invalid_authorization_details", 400),
    ],
)
def test_what_could_not_be_opened_is_not_pushed(
    lone: House,
    school: Client,
    changed: dict[str, Any],
    error: str,
    status: int,
) -> None:
    response = push(lone, **changed)
    assert (error_of(response), response.status_code) == (error, status)
    assert lone.http.get("/par").status_code == 405
    assert lone.http.post("/par", data=parameters()).status_code == 401


def test_a_client_that_must_push_is_refused_a_plain_request(lone: House) -> None:
    lone.add(require_pushed_authorization_requests=True)
    assert answer(ask(lone))["error"] == "invalid_request"
    lone.sign_in.there = lone.signed_in()
    assert open_pushed(lone, json_of(push(lone), 201)["request_uri"]).status_code == 303


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_only_post_is_taken(lone: House, method: str) -> None:
    assert getattr(lone.http, method)("/par").status_code == 405


def test_of_what_stands_beside_the_request_uri_nothing_counts(lone: House, school: Client) -> None:
    lone.sign_in.there = lone.signed_in()
    uri = json_of(push(lone), 201)["request_uri"]
    beside = {"scope": "openid profile email", "state": "forged", "redirect_uri": f"{REDIRECT}2", "prompt": "none"}
    handle = handle_of(lone.http.get("/authorize", query_string={"client_id": "school", "request_uri": uri, **beside}))
    approve(lone, handle)
    back = answer(lone.http.get(f"/authorize/{handle}"))
    assert back["state"] == "st"
    assert json_of(lone.redeem(school, back["code"]))["scope"] == "openid profile"


def test_a_request_object_beside_the_request_uri_is_an_error_page(lone: House, school: Client) -> None:
    uri = json_of(push(lone), 201)["request_uri"]
    both = {"client_id": "school", "request_uri": uri, "request": "e30.e30."}
    assert lone.http.get("/authorize", query_string=both).status_code == 400
    assert open_pushed(lone, uri).status_code == 303


def test_a_look_by_head_neither_binds_nor_uses_it(lone: House, school: Client) -> None:
    uri = json_of(push(lone), 201)["request_uri"]
    lone.sign_in.value = "a scanner"
    assert lone.http.head("/authorize", query_string={"client_id": "school", "request_uri": uri}).status_code == 405
    lone.sign_in.value = "browser-1"
    assert open_pushed(lone, uri).status_code == 303


def test_neither_handle_nor_browser_is_kept_in_clear(lone: House, school: Client) -> None:
    uri = json_of(push(lone), 201)["request_uri"]
    assert open_pushed(lone, uri).status_code == 303
    with lone.database.engine.connect() as raw:
        dump = "\n".join(raw.connection.driver_connection.iterdump())  # type: ignore[union-attr]
    assert "oidc_interactions" in dump
    assert uri.rpartition(":")[2] not in dump
    assert lone.sign_in.value not in dump


def test_its_handle_opens_no_page_before_the_request_uri_did(lone: House, school: Client) -> None:
    handle = json_of(push(lone), 201)["request_uri"].rpartition(":")[2]
    lone.sign_in.there = lone.signed_in()
    assert lone.http.get(f"/authorize/{handle}").status_code == 400


# DPoP (RFC 9449 §10.1): the key of the proof is the key that must redeem the code


def code_of(house: House, request_uri: str) -> str:
    house.sign_in.there = house.signed_in()
    handle = handle_of(open_pushed(house, request_uri))
    approve(house, handle)
    return answer(house.http.get(f"/authorize/{handle}"))["code"]


def test_a_proof_at_the_push_binds_the_code_to_its_key(house: House) -> None:
    client = house.add(contract=CONTRACT)
    key, other = ClientKey(house.clock), ClientKey(house.clock)
    pushed = json_of(push(house, dpop=key.proof("POST", "/par")), 201)
    code = code_of(house, pushed["request_uri"])
    assert error_of(house.redeem(client, code)) == "invalid_grant"
    assert error_of(house.redeem(client, code, headers={"DPoP": other.proof("POST", "/token")})) == "invalid_grant"
    tokens = json_of(house.redeem(client, code, headers={"DPoP": key.proof("POST", "/token")}))
    assert tokens["token_type"] == "DPoP"


def test_dpop_jkt_and_the_proof_name_one_key(lone: House, school: Client) -> None:
    key, other = ClientKey(lone.clock), ClientKey(lone.clock)
    both = {"dpop": key.proof("POST", "/par"), "dpop_jkt": key.private.thumbprint()}
    assert json_of(push(lone, **both), 201)["request_uri"]
    differing = {"dpop": key.proof("POST", "/par"), "dpop_jkt": other.private.thumbprint()}
    assert error_of(push(lone, **differing)) == "invalid_request"


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        pytest.param({"htu": f"{ISSUER}/token"}, "invalid_dpop_proof", id="RFC 9449 §4.3 made for another endpoint"),
        pytest.param({"htm": "GET"}, "invalid_dpop_proof", id="htm"),
        pytest.param({"jti": None}, "invalid_dpop_proof", id="jti missing"),
        pytest.param({"iat": 0}, "use_dpop_nonce", id="old"),
    ],
)
def test_a_proof_that_does_not_hold_is_refused(
    lone: House, school: Client, changed: dict[str, Any], error: str
) -> None:
    assert error_of(push(lone, dpop=ClientKey(lone.clock).proof("POST", "/par", **changed))) == error


def test_a_proof_is_used_up_by_a_refused_push_too(house: House) -> None:
    house.add(contract=CONTRACT)
    proof = ClientKey(house.clock).proof("POST", "/par")
    assert error_of(push(house, dpop=proof, scope="openid admin")) == "invalid_scope"
    assert error_of(push(house, dpop=proof)) == "invalid_dpop_proof"


def test_an_assertion_is_used_up_by_a_refused_push_too(house: House) -> None:
    key = ClientKey(house.clock)
    house.add(
        contract=CONTRACT,
        token_endpoint_auth_method="private_key_jwt",
        client_secret=None,
        jwks={"keys": [key.public]},
    )
    shown = {"client_assertion": key.assertion("school"), "client_assertion_type": ASSERTION_TYPE}
    refused = house.http.post("/par", data=parameters(**shown, scope="openid admin"))
    assert error_of(refused) == "invalid_scope"
    assert error_of(house.http.post("/par", data=parameters(**shown))) == "invalid_client"
    with house.database.reading() as tx:
        assert tx.execute(select(func.count()).select_from(interactions)).scalar() == 0
    shown["client_assertion"] = key.assertion("school", aud=f"{ISSUER}/par")
    json_of(house.http.post("/par", data=parameters(**shown)), 201)
