"""Introspection (RFC 7662), plain and signed (RFC 9701): a client's own tokens, and nothing about others'."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from joserfc import jwk, jwt
from werkzeug.test import TestResponse

from oidc.clients import Client
from tests.oidc.provider_house import ISSUER, REDIRECT, House, error_of, json_of

INACTIVE = {"active": False}


def ask(house: House, client: Client, token: Any, **form: Any) -> TestResponse:
    return house.post("/introspect", client, {"token": token, **form})


@pytest.mark.parametrize("hint", [None, "refresh_token", "access_token", "nonsense"])
def test_a_client_learns_what_its_tokens_are_whatever_the_hint(house: House, hint: str | None) -> None:
    client = house.add()
    tokens = house.tokens(client)
    form = {"token_type_hint": hint} if hint else {}
    access = json_of(ask(house, client, tokens["access_token"], **form))
    assert access["active"] is True
    assert (access["iss"], access["client_id"], access["token_type"]) == (ISSUER, "school", "Bearer")
    assert access["scope"].split() == ["openid", "profile"]
    assert access["exp"] - access["iat"] == tokens["expires_in"]
    refresh = json_of(ask(house, client, tokens["refresh_token"], **form))
    assert refresh["active"] is True
    assert refresh["sub"] == access["sub"] == json_of(house.userinfo(tokens["access_token"]))["sub"]
    assert "fam" not in access


def test_what_no_longer_stands_is_inactive(house: House) -> None:
    client = house.add()
    tokens = house.tokens(client)
    house.post("/revoke", client, {"token": tokens["access_token"]})
    assert json_of(ask(house, client, tokens["access_token"])) == INACTIVE
    again = json_of(house.refresh(client, tokens["refresh_token"]))
    assert json_of(ask(house, client, tokens["refresh_token"])) == INACTIVE  # used
    house.post("/revoke", client, {"token": again["refresh_token"]})
    assert json_of(ask(house, client, again["refresh_token"])) == INACTIVE
    assert json_of(ask(house, client, again["access_token"])) == INACTIVE  # of the same family
    late = house.tokens(client)
    house.clock.advance(timedelta(minutes=6))
    assert json_of(ask(house, client, late["access_token"])) == INACTIVE


@pytest.mark.parametrize("kind", ["access_token", "refresh_token", "id_token"])
def test_another_clients_token_and_no_token_are_the_same(lone: House, kind: str) -> None:
    school, other = lone.add(), lone.add("other")
    told = ask(lone, other, lone.tokens(school)[kind])
    assert json_of(told) == INACTIVE
    assert told.data == ask(lone, other, "nonsense").data
    assert told.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("path", "told"), [("/introspect", True), ("/revoke", False)])
def test_it_may_be_the_first_request_that_a_node_ever_sees(lone: House, path: str, *, told: bool) -> None:
    client = lone.add()
    token = lone.tokens(client)["access_token"]
    lone.signing_keys._kept._value = None  # as after a start: no key is open yet
    assert lone.post(path, client, {"token": token}).status_code == 200
    assert json_of(ask(lone, client, token))["active"] is told


def test_an_id_token_or_a_code_is_no_token(lone: House) -> None:
    client = lone.add()
    assert json_of(ask(lone, client, lone.tokens(client)["id_token"])) == INACTIVE
    assert json_of(ask(lone, client, lone.code(client))) == INACTIVE


def test_without_a_token_or_as_a_client_without_secret_it_is_refused(lone: House) -> None:
    client = lone.add()
    assert error_of(ask(lone, client, None)) == "invalid_request"
    assert error_of(lone.http.post("/introspect", data={"token": "x"})) == "invalid_client"
    public = lone.add("app", token_endpoint_auth_method="none", client_secret=None, redirect_uris=[REDIRECT])
    assert error_of(ask(lone, public, "x")) == "invalid_request"
    assert lone.http.get("/introspect").status_code == 405


@pytest.mark.parametrize("alg", ["RS256", "ES256"])
def test_a_signed_answer_says_for_whom_it_is(lone: House, alg: str) -> None:
    client = lone.add(introspection_signed_response_alg=alg)
    tokens = lone.tokens(client)
    for token, active in ((tokens["access_token"], True), ("nonsense", False)):
        accept = {"Accept": "application/token-introspection+jwt"}
        answer = lone.post("/introspect", client, {"token": token}, headers=accept)
        assert answer.mimetype == "application/token-introspection+jwt"
        keys = jwk.KeySet.import_key_set(json.loads(lone.http.get("/jwks").data))
        decoded = jwt.decode(answer.text, keys, algorithms=[alg])
        assert decoded.header["typ"] == "token-introspection+jwt"
        assert decoded.claims.keys() == {"iss", "aud", "iat", "token_introspection"}
        assert (decoded.claims["iss"], decoded.claims["aud"]) == (ISSUER, "school")
        assert decoded.claims["token_introspection"]["active"] is active


def test_a_signed_answer_is_no_access_token(lone: House) -> None:
    client = lone.add()
    accept = {"Accept": "application/token-introspection+jwt"}
    answer = lone.post("/introspect", client, {"token": lone.tokens(client)["access_token"]}, headers=accept)
    assert lone.userinfo(answer.text).status_code == 401
