"""Why a client's last requests were refused: kept for the operator, in words of ours only, and bounded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, text
from werkzeug.test import TestResponse

from oidc.diagnosis import EACH, MOST, UNREGISTERED, RefusalRow
from oidc.errors import AccessDenied, AskedTooOften, AuthorizationPending, InvalidRequest, OAuthError, UseDpopNonce
from oidc.store.refusals import refusals
from tests.oidc.asking import ask, grant, parameters, push
from tests.oidc.provider_house import ALICE, REDIRECT, SECRET, House, basic

SECRET_OF_NOBODY = "canary-0123456789-0123456789-0123456789"


def token(house: House, authorization: str = "", **form: str) -> TestResponse:
    headers = {"Authorization": authorization} if authorization else {}
    return house.http.post("/token", data={"grant_type": "client_credentials", **form}, headers=headers)


REFUSED: list[Any] = [
    pytest.param(lambda h: token(h, basic("school", SECRET_OF_NOBODY)), "token", "invalid_client", "wrong_secret",
                 id="a wrong secret"),
    pytest.param(lambda h: token(h, client_id="school", client_secret=SECRET), "token", "invalid_client",
                 "other_method", id="another method than registered"),
    pytest.param(lambda h: token(h, client_id="school"), "token", "invalid_client", "not_proven", id="no proof"),
    pytest.param(lambda h: token(h, basic("school", SECRET)), "token", "unauthorized_client", "",
                 id="a grant type of others"),
    pytest.param(lambda h: h.http.post("/token", json={"grant_type": "x"}, headers={"Authorization":
                 basic("school", SECRET)}), "token", "invalid_request", "", id="JSON instead of a form"),
    pytest.param(lambda h: h.http.post("/token?client_id=school"), "token", "invalid_request", "",
                 id="parameters in the URL"),
    pytest.param(lambda h: ask(h, redirect_uri="https://elsewhere.example/"), "authorization", "invalid_request", "",
                 id="an unregistered address, which is told by no redirect"),
    pytest.param(lambda h: ask(h, scope="openid canary"), "authorization", "invalid_scope", "",
                 id="a scope of nobody, which is told by redirect"),
    pytest.param(lambda h: ask(h, prompt="none"), "authorization", "login_required", "", id="nobody signed in"),
    pytest.param(lambda h: push(h, code_challenge_method="plain"), "pushed_authorization", "invalid_request", "",
                 id="a pushed request"),
    pytest.param(lambda h: h.http.post("/introspect", data={}, headers={"Authorization": basic("school", SECRET)}),
                 "introspection", "invalid_request", "", id="introspection"),
]  # fmt: skip


@pytest.mark.parametrize(("request_", "endpoint", "error", "cause"), REFUSED)
def test_what_was_refused_is_kept_with_the_number_that_the_client_got(
    shared: House, request_: Callable[[House], TestResponse], endpoint: str, error: str, cause: str
) -> None:
    shared.add()
    number = request_(shared).headers["X-Correlation-Id"]
    [row] = [row for row in shared.diagnosis.of("school") if row.correlation == number]
    assert (row.endpoint, row.error, row.cause, row.times) == (endpoint, error, cause, 1)
    assert row.last_at == shared.clock.now().replace(microsecond=0)


def test_a_token_that_is_over_tells_whose_it_was(lone: House) -> None:
    tokens = lone.tokens(lone.add())
    lone.clock.advance(timedelta(minutes=6))
    assert lone.userinfo(tokens["access_token"]).status_code == 401
    [row] = lone.diagnosis.of("school")
    assert (row.endpoint, row.error, row.description) == ("userinfo", "invalid_token", "expired")


def test_nothing_of_a_request_is_kept(lone: House) -> None:
    """Every parameter holds a canary that a refusal could repeat."""
    lone.add()
    canary = "canaryxyz"
    for name in parameters():
        if name != "client_id":
            ask(lone, **{name: canary})
    for name in ("authorization_details", "claims", "prompt", "max_age", "id_token_hint", "request", "resource"):
        ask(lone, **{name: canary})
        ask(lone, **{name: f'[{{"type": "document", "{canary}": "{canary}"}}]'})
        ask(lone, **{name: f'{{"{canary}": "{canary}"}}'})
    for name in ("code", "code_verifier", "redirect_uri", "refresh_token", "scope", "client_assertion", "resource"):
        for kind in ("authorization_code", "refresh_token", canary):
            token(lone, basic("school", SECRET), **{"grant_type": kind, name: canary})
    token(lone, basic("school", canary))
    lone.userinfo(canary)
    with lone.database.reading() as tx:
        kept = [repr(row) for row in tx.execute(select(refusals))]
    assert len(kept) > 10
    assert not [row for row in kept if canary in row]


def test_those_who_name_no_client_of_ours_are_counted_together(lone: House) -> None:
    for number in range(40):
        ask(lone, client_id=f"nobody-{number}")
        token(lone, basic(f"nobody-{number}", SECRET))
    token(lone)  # names nobody at all
    with lone.database.reading() as tx:
        assert {row.client_id for row in tx.execute(select(refusals))} == {UNREGISTERED}
    rows = lone.diagnosis.of(UNREGISTERED)
    assert {(row.endpoint, row.cause) for row in rows} == {("authorization", "unregistered"), ("token", "unregistered")}


@pytest.mark.parametrize("error", [AuthorizationPending(), UseDpopNonce("again", nonce="n"), AccessDenied()])
def test_a_step_of_a_protocol_and_what_a_person_decided_are_no_refusals(lone: House, error: OAuthError) -> None:
    lone.add()
    lone.diagnosis.note("token", error, client_id="school", correlation="c")
    assert lone.diagnosis.of("school") == []
    lone.diagnosis.note("token", AskedTooOften("too often"), client_id="school", correlation="c")
    assert len(lone.diagnosis.of("school")) == 1


def test_what_was_taken_back_is_told_without_when(lone: House) -> None:
    client = lone.add()
    tokens = lone.tokens(client)
    assert lone.consent.take_back(ALICE, lone.consent.grants_of(ALICE)[0].id)
    lone.refresh(client, tokens["refresh_token"])
    lone.userinfo(tokens["access_token"])
    assert {(row.endpoint, row.cause, row.description) for row in lone.diagnosis.of("school")} == {
        ("token", "taken_back", ""),
        ("userinfo", "taken_back", ""),
    }


def test_a_flood_writes_little_and_is_counted(house: House) -> None:
    house.add()
    written = 0

    def count(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        nonlocal written
        written += "oidc_refusals" in statement and statement.lstrip().startswith("INSERT")

    event.listen(house.database.engine, "before_cursor_execute", count)
    for _ in range(1_000):
        house.diagnosis.note("token", InvalidRequest("the same"), client_id="school", correlation="c")
    event.remove(house.database.engine, "before_cursor_execute", count)
    assert EACH < written <= EACH + 10
    assert [row.times for row in house.diagnosis.of("school")] == [512]
    house.clock.advance(timedelta(minutes=1))
    house.diagnosis.note("token", InvalidRequest("the same"), client_id="school", correlation="c")
    assert [row.times for row in house.diagnosis.of("school")] == [1_001]


def test_a_client_has_twenty_kinds_at_most_the_newest(house: House) -> None:
    house.add()
    for number in range(MOST + 5):
        house.clock.advance(timedelta(seconds=1))
        house.diagnosis.note("token", InvalidRequest(f"kind {number}"), client_id="school", correlation="c")
    kept: list[RefusalRow] = list(house.diagnosis.of("school"))
    assert [row.description for row in kept] == [f"kind {number}" for number in range(MOST + 4, 4, -1)]


def test_what_was_not_seen_for_a_fortnight_is_forgotten(lone: House) -> None:
    lone.add()
    ask(lone, scope="openid canary")
    lone.clock.advance(timedelta(days=13))
    ask(lone, redirect_uri="https://elsewhere.example/")
    lone.clock.advance(timedelta(days=2))
    lone.diagnosis.sweep()
    assert [row.error for row in lone.diagnosis.of("school")] == ["invalid_request"]


def test_a_refusal_stays_one_when_it_cant_be_kept(lone: House) -> None:
    lone.add()
    with lone.database.transaction() as tx:
        tx.execute(text("DROP TABLE oidc_refusals"))
    answer = ask(lone, scope="openid canary")
    assert answer.location.startswith(REDIRECT)
    assert "error=invalid_scope" in answer.location


def test_what_is_granted_leaves_nothing(lone: House) -> None:
    lone.add()
    answer = grant(lone)
    assert "code=" in answer.location
    assert "X-Correlation-Id" not in answer.headers
    assert lone.diagnosis.of("school") == []
