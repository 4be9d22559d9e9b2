"""The authorization and PAR endpoints at the door: who is asked what, what comes back, and what never does."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import event

from audit.store.entries import entries as ledger_entries
from oidc.clients import Client
from oidc.errors import UnknownInteraction
from tests.oidc.asking import CONTRACT, DETAIL, answer, approve, ask, grant, handle_of, parameters
from tests.oidc.provider_house import ALICE, ISSUER, REDIRECT, House, error_of, json_of


@pytest.fixture
def school(lone: House) -> Client:
    return lone.add(contract=CONTRACT)


def test_the_whole_way_ends_with_a_code_state_and_iss(lone: House, school: Client) -> None:
    first = ask(lone)
    assert first.location.startswith("/sign-in?continue=")
    handle = handle_of(first)
    lone.sign_in.there = lone.signed_in()
    assert lone.http.get(f"/authorize/{handle}").location == f"/release/{handle}"
    approve(lone, handle)
    back = answer(lone.http.get(f"/authorize/{handle}"))
    assert (back["state"], back["iss"], set(back)) == ("st", ISSUER, {"code", "state", "iss"})
    assert json_of(lone.redeem(school, back["code"]))["token_type"] == "Bearer"


def test_a_second_sign_on_is_silent_and_cheap(lone: House, school: Client) -> None:
    grant(lone)
    statements: list[str] = []
    event.listen(lone.database.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    assert "code" in answer(ask(lone))
    assert [text.split()[0] for text in statements] == ["SELECT", "SELECT", "SELECT", "INSERT"]
    assert "code" in answer(ask(lone, prompt="none"))


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"prompt": "none", "scope": "openid profile email"}, "consent_required"),
        ({"prompt": "none", "claims": '{"userinfo":{"birthdate":null}}'}, "consent_required"),
        ({"prompt": "none", "authorization_details": json.dumps([DETAIL])}, "consent_required"),
        ({"prompt": "none", "max_age": "0"}, "login_required"),
        ({"scope": "openid admin"}, "invalid_scope"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"id_token_hint": "nonsense"}, "invalid_request"),
    ],
)
def test_a_refusal_goes_back_with_state_and_iss(
    lone: House, school: Client, changed: dict[str, str], error: str
) -> None:
    grant(lone)
    back = answer(ask(lone, **changed))
    assert (back["error"], back["state"], back["iss"]) == (error, "st", ISSUER)
    assert "code" not in back


def test_a_refusal_without_state_invents_none(lone: House, school: Client) -> None:
    assert set(answer(ask(lone, state=None, prompt="none"))) == {"error", "iss"}


@pytest.mark.parametrize(
    "changed",
    [
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": REDIRECT + "?x=1"},
        {"redirect_uri": None},
        {"client_id": "nobody"},
        {"client_id": None},
        {"request_uri": "urn:ietf:params:oauth:request_uri:unknown"},
    ],
)
def test_when_client_or_redirect_uri_are_in_doubt_nothing_is_redirected(
    lone: House,
    school: Client,
    changed: dict[str, Any],
) -> None:
    response = ask(lone, **changed)
    assert response.status_code == 400
    assert "Location" not in response.headers
    assert response.get_data(as_text=True).startswith("error page")
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("name", sorted(parameters()))
def test_any_parameter_twice_is_an_error_page(lone: House, school: Client, name: str) -> None:
    pairs = [*parameters().items(), (name, "again")]
    form = "application/x-www-form-urlencoded"
    posted = lone.http.post("/authorize", data=urlencode(pairs), content_type=form)
    for response in (lone.http.get("/authorize?" + urlencode(pairs)), posted):
        assert response.status_code == 400
        assert "Location" not in response.headers


def test_a_post_is_kept_and_answered_by_a_get_of_the_same_browser(lone: House, school: Client) -> None:
    lone.sign_in.there = lone.signed_in()
    kept = lone.http.post("/authorize", data=parameters())
    assert kept.status_code == 303
    assert kept.location.startswith("/authorize/")
    assert lone.http.get(kept.location).location.startswith("/release/")
    lone.sign_in.value = "another browser"
    assert lone.http.get(kept.location).status_code == 400


def test_saying_no_is_access_denied_and_an_entry(lone: House, school: Client) -> None:
    lone.sign_in.there = lone.signed_in()
    handle = handle_of(ask(lone))
    lone.consent.refuse(handle, lone.sign_in.browser(), lone.sign_in.there)
    back = answer(lone.http.get(f"/authorize/{handle}"))
    assert (back["error"], back["state"]) == ("access_denied", "st")
    assert lone.http.get(f"/authorize/{handle}").status_code == 400
    with lone.database.reading() as tx:
        kinds = [row.kind for row in tx.execute(ledger_entries.select())]
    assert "grant_refused" in kinds


def test_form_post_carries_iss_and_is_never_stored(lone: House, school: Client) -> None:
    grant(lone)
    response = ask(lone, response_mode="form_post")
    body = response.get_data(as_text=True)
    assert body.startswith(f"form to {REDIRECT}")
    assert ISSUER in body
    assert response.headers["Cache-Control"] == "no-store"
    refused = ask(lone, response_mode="form_post", scope="openid admin").get_data(as_text=True)
    assert "invalid_scope" in refused
    assert ISSUER in refused


def test_prompt_login_and_max_age_want_a_sign_in_of_this_request(lone: House, school: Client) -> None:
    grant(lone)
    for changed in ({"prompt": "login"}, {"max_age": "0"}, {"prompt": "select_account"}):
        handle = handle_of(ask(lone, **changed))
        assert lone.http.get(f"/authorize/{handle}").location.startswith("/sign-in")
        lone.sign_in.there = lone.signed_in(sign_in=f"again-{handle[:6]}")
        assert "code" in answer(lone.http.get(f"/authorize/{handle}"))
    lone.clock.advance(timedelta(seconds=61))
    assert ask(lone, max_age="60").location.startswith("/sign-in")
    assert "code" in answer(ask(lone, max_age="62"))


def test_prompt_create_leads_to_the_page_that_makes_an_account(lone: House, school: Client) -> None:
    assert ask(lone, prompt="create").location.startswith("/sign-up")


def test_prompt_consent_asks_again_and_makes_a_new_grant(lone: House, school: Client) -> None:
    grant(lone)
    handle = handle_of(ask(lone, prompt="consent"))
    assert lone.http.get(f"/authorize/{handle}").location.startswith("/release/")
    approve(lone, handle)
    assert "code" in answer(lone.http.get(f"/authorize/{handle}"))
    assert len(lone.consent.grants_of(ALICE)) == 2


def test_a_hint_of_another_person_never_gives_this_persons_code(lone: House, school: Client) -> None:
    grant(lone)
    hint = lone.tokens(school)["id_token"]
    assert "code" in answer(ask(lone, id_token_hint=hint, prompt="none"))
    lone.subjects.people["bob"] = {"name": "Bob"}
    lone.sign_in.there = lone.signed_in("bob", "sign-in-bob")
    assert answer(ask(lone, id_token_hint=hint, prompt="none"))["error"] == "login_required"
    lone.add("library")
    assert answer(ask(lone, id_token_hint=hint, client_id="library"))["error"] == "invalid_request"


def test_papers_are_lent_with_the_grant_and_its_taking_back_ends_all_of_it(lone: House, school: Client) -> None:
    details = json.dumps([DETAIL])
    code = answer(grant(lone, authorization_details=details))["code"]
    tokens = json_of(lone.redeem(school, code))
    (view,) = lone.consent.grants_of(ALICE)
    assert view.stands
    assert tokens["authorization_details"][0]["documents"]
    assert "code" in answer(ask(lone, prompt="none", authorization_details=details))
    assert lone.consent.take_back(ALICE, view.id)
    assert not lone.consent.take_back(ALICE, view.id)
    assert set(lone.evidence.lent.values()) == {False}
    assert lone.userinfo(tokens["access_token"]).status_code == 401
    assert error_of(lone.refresh(school, tokens["refresh_token"])) == "invalid_grant"
    assert answer(ask(lone, prompt="none"))["error"] == "consent_required"


def test_a_lending_taken_back_alone_no_longer_covers_a_request(lone: House, school: Client) -> None:
    details = json.dumps([DETAIL])
    grant(lone, authorization_details=details)
    lone.evidence.lent |= dict.fromkeys(lone.evidence.lent, False)
    assert answer(ask(lone, prompt="none", authorization_details=details))["error"] == "consent_required"


def test_nobody_but_the_person_takes_back(lone: House, school: Client) -> None:
    grant(lone)
    (view,) = lone.consent.grants_of(ALICE)
    assert not lone.consent.take_back("bob", view.id)  # type: ignore[arg-type]
    assert lone.consent.grants_of(ALICE)[0].stands


def test_a_decision_is_made_once_by_the_browser_that_asked(lone: House, school: Client) -> None:
    lone.sign_in.there = lone.signed_in()
    handle = handle_of(ask(lone))
    with pytest.raises(UnknownInteraction):
        lone.consent.pending(handle, "another browser")
    approve(lone, handle)
    approve(lone, handle)
    assert len(lone.consent.grants_of(ALICE)) == 1
    lone.clock.advance(timedelta(hours=2))
    with pytest.raises(UnknownInteraction):
        lone.consent.pending(handle, lone.sign_in.browser())


def test_what_another_person_approved_is_not_this_persons(lone: House, school: Client) -> None:
    lone.sign_in.there = lone.signed_in()
    handle = handle_of(ask(lone))
    approve(lone, handle)
    lone.subjects.people["bob"] = {}
    lone.sign_in.there = lone.signed_in("bob", "sign-in-bob")
    assert lone.http.get(f"/authorize/{handle}").status_code == 400
    lone.sign_in.there = lone.signed_in()
    assert "code" in answer(lone.http.get(f"/authorize/{handle}"))
