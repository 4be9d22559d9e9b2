"""Revocation (RFC 7009): hints are only hints, another's token is nobody's business."""

from __future__ import annotations

import pytest

from oidc.clients import Client
from tests.oidc.provider_house import ALICE, House, error_of, json_of


def revoke(house: House, client: Client, token: str | None, **form: str) -> int:
    return house.post("/revoke", client, {"token": token, **form}).status_code


@pytest.mark.parametrize("hint", [None, "refresh_token", "access_token", "nonsense"])
def test_a_refresh_token_ends_its_family_whatever_the_hint(house: House, hint: str | None) -> None:
    client = house.add()
    tokens = house.tokens(client)
    form = {"token_type_hint": hint} if hint else {}
    assert revoke(house, client, tokens["refresh_token"], **form) == 200
    assert error_of(house.refresh(client, tokens["refresh_token"])) == "invalid_grant"
    assert house.userinfo(tokens["access_token"]).status_code == 401
    assert house.consent.grants_of(ALICE)[0].stands


@pytest.mark.parametrize("hint", [None, "refresh_token", "access_token", "nonsense"])
def test_an_access_token_ends_alone_whatever_the_hint(house: House, hint: str | None) -> None:
    client = house.add()
    tokens = house.tokens(client)
    form = {"token_type_hint": hint} if hint else {}
    for _ in range(2):
        assert revoke(house, client, tokens["access_token"], **form) == 200
    assert house.userinfo(tokens["access_token"]).status_code == 401
    after = json_of(house.refresh(client, tokens["refresh_token"]))
    assert house.userinfo(after["access_token"]).status_code == 200


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_another_clients_token_stays(house: House, kind: str) -> None:
    school, other = house.add(), house.add("other")
    tokens = house.tokens(school)
    assert revoke(house, other, tokens[kind]) == 200
    assert house.userinfo(tokens["access_token"]).status_code == 200
    json_of(house.refresh(school, tokens["refresh_token"]))


@pytest.mark.parametrize("token", ["x", "é", "a.b.c", "x" * 20_000])
def test_an_unknown_token_is_no_error(lone: House, token: str) -> None:
    assert revoke(lone, lone.add(), token) == 200


def test_the_empty_answer_is_announced_as_nothing(lone: House) -> None:
    """oidc-client-ts takes an empty `text/html` for a refusal."""
    answered = lone.post("/revoke", lone.add(), {"token": "x"})
    assert answered.data == b""
    assert "Content-Type" not in answered.headers


def test_without_a_token_or_a_client_it_is_refused(lone: House) -> None:
    client = lone.add()
    assert error_of(lone.post("/revoke", client, {})) == "invalid_request"
    assert error_of(lone.http.post("/revoke", data={"token": "x"})) == "invalid_client"


def test_an_id_token_and_a_code_are_no_tokens_to_revoke(lone: House) -> None:
    client = lone.add()
    tokens, code = lone.tokens(client), lone.code(client)
    assert revoke(lone, client, tokens["id_token"]) == revoke(lone, client, code) == 200
    assert lone.userinfo(tokens["access_token"]).status_code == 200
    json_of(lone.redeem(client, code))
