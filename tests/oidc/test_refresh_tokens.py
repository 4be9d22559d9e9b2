"""Refresh tokens: rotation, the grace for a lost response, reuse, narrowing, ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.oidc.provider_house import ALICE, House, error_of, json_of, unverified


def test_each_refresh_gives_a_successor_and_an_id_token_without_nonce(house: House) -> None:
    client = house.add()
    first = house.tokens(client)
    house.clock.advance(timedelta(minutes=10))
    second = json_of(house.refresh(client, first["refresh_token"]))
    assert second["refresh_token"] != first["refresh_token"]
    before, after = unverified(first["id_token"])[1], unverified(second["id_token"])[1]
    assert "nonce" not in after
    for same in ("sub", "auth_time", "sid", "acr", "amr", "iss", "aud"):
        assert after[same] == before[same]
    house.clock.advance(timedelta(minutes=10))
    json_of(house.refresh(client, second["refresh_token"]))


@pytest.mark.parametrize("seconds", [0, 1, 10])
def test_a_lost_response_may_be_retried(house: House, seconds: int) -> None:
    client = house.add()
    token = house.tokens(client)["refresh_token"]
    lost = json_of(house.refresh(client, token))
    house.clock.advance(timedelta(seconds=seconds))
    again = json_of(house.refresh(client, token))
    assert again["refresh_token"] == lost["refresh_token"]
    assert again["access_token"] != lost["access_token"]
    json_of(house.refresh(client, again["refresh_token"]))


def test_after_the_grace_reuse_revokes_the_family(house: House) -> None:
    client = house.add()
    tokens = house.tokens(client)
    after = json_of(house.refresh(client, tokens["refresh_token"]))
    house.clock.advance(timedelta(seconds=11))
    assert error_of(house.refresh(client, tokens["refresh_token"])) == "invalid_grant"
    assert error_of(house.refresh(client, after["refresh_token"])) == "invalid_grant"
    assert house.userinfo(after["access_token"]).status_code == 401
    assert house.consent.grants_of(ALICE)[0].stands


def test_within_the_grace_but_after_the_successor_was_used_it_is_reuse(house: House) -> None:
    client = house.add()
    first = house.tokens(client)["refresh_token"]
    second = json_of(house.refresh(client, first))["refresh_token"]
    third = json_of(house.refresh(client, second))["refresh_token"]
    assert error_of(house.refresh(client, first)) == "invalid_grant"
    assert error_of(house.refresh(client, third)) == "invalid_grant"


def test_another_client_cannot_use_it_and_does_not_end_it(house: House) -> None:
    school, other = house.add(), house.add("other")
    token = house.tokens(school)["refresh_token"]
    assert error_of(house.refresh(other, token)) == "invalid_grant"
    after = json_of(house.refresh(school, token))
    house.clock.advance(timedelta(minutes=1))
    assert error_of(house.refresh(other, token)) == "invalid_grant"
    json_of(house.refresh(school, after["refresh_token"]))


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        pytest.param({"refresh_token": None}, "invalid_request", id="missing"),
        pytest.param({"refresh_token": "x" * 43}, "invalid_grant", id="unknown"),
        pytest.param({"refresh_token": "é"}, "invalid_grant", id="not ASCII"),
        pytest.param({"refresh_token": "x" * 10_000}, "invalid_grant", id="too long"),
        pytest.param({"scope": "openid profile email"}, "invalid_scope", id="RFC 6749 §6 widened"),
        pytest.param({"scope": "document:passport"}, "invalid_scope", id="foreign"),
        pytest.param({"resource": "https://other.example"}, "invalid_target", id="RFC 8707 foreign resource"),
    ],
)
def test_a_refresh_that_differs_in_one_thing_is_refused(lone: House, changed: dict[str, Any], error: str) -> None:
    client = lone.add()
    token = lone.tokens(client)["refresh_token"]
    assert error_of(lone.refresh(client, token, **changed)) == error
    json_of(lone.refresh(client, token))


def test_a_narrower_scope_is_for_that_access_token_only(lone: House) -> None:
    client = lone.add()
    token = lone.tokens(client)["refresh_token"]
    narrow = json_of(lone.refresh(client, token, scope="openid"))
    assert narrow["scope"] == "openid"
    assert json_of(lone.userinfo(narrow["access_token"])).keys() == {"sub"}
    assert json_of(lone.refresh(client, narrow["refresh_token"]))["scope"] == "openid profile"


def test_it_ends_with_the_grants_date(lone: House) -> None:
    client = lone.add()
    token = lone.tokens(client, until=timedelta(days=30))["refresh_token"]
    lone.clock.advance(timedelta(days=29))
    token = json_of(lone.refresh(client, token))["refresh_token"]
    lone.clock.advance(timedelta(days=1))
    assert error_of(lone.refresh(client, token)) == "invalid_grant"


def test_it_ends_when_the_citizen_takes_the_grant_back(house: House) -> None:
    client = house.add()
    tokens = house.tokens(client, lendings=("l1",))
    grant = house.consent.grants_of(ALICE)[0].id
    assert house.consent.take_back(ALICE, grant)
    assert error_of(house.refresh(client, tokens["refresh_token"])) == "invalid_grant"
    assert house.userinfo(tokens["access_token"]).status_code == 401


def test_it_outlives_the_sign_in_only_for_papers_and_offline_access(house: House) -> None:
    client = house.add()
    plain = house.tokens(client)
    papers = house.tokens(client, lendings=("l1",))
    offline = house.tokens(client, scope=("openid", "offline_access"))
    with house.database.transaction() as tx:
        assert house.issuing.end_for_sign_in(tx, "sign-in-1") == 1
    assert error_of(house.refresh(client, plain["refresh_token"])) == "invalid_grant"
    json_of(house.refresh(client, papers["refresh_token"]))
    json_of(house.refresh(client, offline["refresh_token"]))


def test_an_account_that_closes_ends_everything_and_unlinks(house: House) -> None:
    client = house.add()
    tokens = house.tokens(client, scope=("openid", "offline_access"))
    with house.database.transaction() as tx:
        house.issuing.end_for_subject(tx, ALICE)
        house.issuing.forget_subject(tx, ALICE)
    assert error_of(house.refresh(client, tokens["refresh_token"])) == "invalid_grant"
    assert house.userinfo(tokens["access_token"]).status_code == 401
    sub = unverified(tokens["id_token"])[1]["sub"]
    with house.database.reading() as tx:
        assert house.pairwise.subject_of(tx, client, sub) is None


def test_the_sweep_keeps_what_can_still_be_used(lone: House) -> None:
    client = lone.add()
    kept, over = lone.tokens(client, until=timedelta(days=30)), lone.tokens(client, until=timedelta(minutes=6))
    lone.clock.advance(timedelta(minutes=7))
    lone.issuing.forget_expired()
    json_of(lone.refresh(client, kept["refresh_token"]))
    assert error_of(lone.refresh(client, over["refresh_token"])) == "invalid_grant"


def test_a_new_secret_key_changes_nothing_for_those_under_way(lone: House) -> None:
    client = lone.add()
    token = lone.tokens(client)["refresh_token"]
    lost = json_of(lone.refresh(client, token))
    lone.secret_keys.rotate()
    lone.secret_keys.rewrap_all()
    assert json_of(lone.refresh(client, token))["refresh_token"] == lost["refresh_token"]
    json_of(lone.refresh(client, lost["refresh_token"]))
