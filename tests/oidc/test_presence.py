"""Who may answer a request: prompt, max_age, hints and acr against the sign-in at the browser, by GET, POST and PAR.

OpenID Connect Core §3.1.2.1, §3.1.2.6, §5.5.1: a sign-in from before the request isn't one that the request asked for,
and one that was made for it is asked for once.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from oidc.clients import Client
from oidc.errors import InvalidAuthorizationDetails
from oidc.protocols import Choice
from tests.oidc.asking import CONTRACT, DETAIL, answer, approve, ask, grant, handle_of, open_pushed, parameters, push
from tests.oidc.provider_house import ALICE, ISSUER, House, error_of, json_of, unverified

Door = Callable[..., TestResponse]


@pytest.fixture
def school(lone: House) -> Client:
    lone.subjects.people["bob"] = {"name": "Bob"}
    return lone.add(contract=CONTRACT)


def by_post(house: House, **changed: Any) -> TestResponse:
    """A cross-site form brings no cookie: somebody else's browser, as far as the provider can see."""
    there, browser = house.sign_in.there, house.sign_in.value
    house.sign_in.there, house.sign_in.value = None, "no cookie came"
    kept = house.http.post("/authorize", data=parameters(**changed))
    house.sign_in.there, house.sign_in.value = there, browser
    assert kept.status_code == 303, kept.get_data(as_text=True)
    return house.http.get(kept.location)


def by_push(house: House, **changed: Any) -> TestResponse:
    return open_pushed(house, json_of(push(house, **changed), 201)["request_uri"])


DOORS = pytest.mark.parametrize("door", [ask, by_post, by_push])


def resume(house: House, response: TestResponse) -> TestResponse:
    return house.http.get(f"/authorize/{handle_of(response)}")


@DOORS
@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"prompt": "login"}, id="prompt=login"),
        pytest.param({"prompt": "select_account"}, id="prompt=select_account"),
        pytest.param({"prompt": "login consent"}, id="prompt=login consent"),
        pytest.param({"max_age": "0"}, id="max_age=0 means prompt=login"),
        pytest.param({"max_age": "59"}, id="max_age exceeded"),
    ],
)
def test_a_sign_in_from_before_is_not_enough_and_a_new_one_is_asked_once(
    lone: House, school: Client, door: Door, changed: dict[str, str]
) -> None:
    grant(lone)
    lone.clock.advance(timedelta(seconds=60))
    first = door(lone, **changed)
    assert first.location.startswith("/sign-in?")
    assert resume(lone, first).location.startswith("/sign-in?")  # looking again is no sign-in
    lone.sign_in.there = lone.signed_in(sign_in="sign-in-2")
    lone.clock.advance(timedelta(minutes=5))  # whoever reads the release page slowly isn't asked to sign in again
    after = resume(lone, first)
    if "consent" in changed.get("prompt", ""):
        assert after.location == f"/release/{handle_of(first)}"
        approve(lone, handle_of(first))
        after = resume(lone, first)
    code = answer(after)["code"]
    told = unverified(json_of(lone.redeem(school, code))["id_token"])[1]
    assert told["auth_time"] == int(lone.clock.now().timestamp()) - 300


@DOORS
@pytest.mark.parametrize("max_age", ["60", "61", "999999999"])
def test_a_sign_in_that_is_young_enough_is_enough(lone: House, school: Client, door: Door, max_age: str) -> None:
    grant(lone)
    lone.clock.advance(timedelta(seconds=60))
    assert "code" in answer(door(lone, max_age=max_age))


@DOORS
@pytest.mark.parametrize(
    ("who", "changed", "error"),
    [
        pytest.param(None, {}, "login_required", id="nobody there"),
        pytest.param("alice", {"max_age": "0"}, "login_required", id="max_age exceeded"),
        pytest.param("bob", {}, "consent_required", id="nothing granted by this person"),
        pytest.param("alice", {"scope": "openid email"}, "consent_required", id="a wider scope"),
        pytest.param("alice", {"authorization_details": json.dumps([DETAIL])}, "consent_required", id="a paper"),
    ],
)
def test_prompt_none_with_anything_to_ask_says_which(
    lone: House, school: Client, door: Door, who: str | None, changed: dict[str, str], error: str
) -> None:
    grant(lone)
    lone.sign_in.there = lone.signed_in(who, f"sign-in-{who}") if who else None
    back = answer(door(lone, prompt="none", **changed))
    assert (back["error"], back["state"], back["iss"]) == (error, "st", ISSUER)


def test_a_request_uri_that_was_answered_by_an_error_is_used(lone: House, school: Client) -> None:
    """RFC 9126 §4: one use; the client pushes again."""
    uri = json_of(push(lone, prompt="none"), 201)["request_uri"]
    assert answer(open_pushed(lone, uri))["error"] == "login_required"
    lone.sign_in.there = lone.signed_in()
    response = open_pushed(lone, uri)
    assert (response.status_code, "Location" in response.headers) == (400, False)


@DOORS
def test_a_hint_asks_for_that_person_and_another_who_signs_in_is_no_answer(
    lone: House, school: Client, door: Door
) -> None:
    grant(lone)
    hint = lone.tokens(school)["id_token"]
    lone.clock.advance(timedelta(days=2))  # an expired hint is a hint
    lone.sign_in.there = lone.signed_in("bob", "sign-in-bob")
    first = door(lone, id_token_hint=hint)
    assert first.location.startswith("/sign-in?")
    lone.sign_in.there = lone.signed_in("bob", "sign-in-bob-2")
    assert answer(resume(lone, first))["error"] == "login_required"
    assert resume(lone, first).status_code == 400  # that was the answer
    second = door(lone, id_token_hint=hint)
    lone.sign_in.there = lone.signed_in(ALICE, "sign-in-2")
    assert "code" in answer(resume(lone, second))


def test_a_sub_asked_by_claims_is_as_strict(lone: House, school: Client) -> None:
    grant(lone)
    sub = unverified(lone.tokens(school)["id_token"])[1]["sub"]
    claims = json.dumps({"id_token": {"sub": {"value": sub}}})
    assert "code" in answer(ask(lone, claims=claims, prompt="none"))
    lone.sign_in.there = lone.signed_in("bob", "sign-in-bob")
    assert answer(ask(lone, claims=claims, prompt="none"))["error"] == "login_required"
    unknown = json.dumps({"id_token": {"sub": {"value": "nobody-at-all"}}})
    assert answer(ask(lone, claims=unknown))["error"] == "login_required"


def test_a_hint_and_claims_that_name_two_persons_are_refused(lone: House, school: Client) -> None:
    hint = lone.tokens(school)["id_token"]
    claims = json.dumps({"userinfo": {"sub": {"value": "another"}}})
    assert answer(ask(lone, id_token_hint=hint, claims=claims))["error"] == "invalid_request"


@pytest.mark.parametrize("kept", ["aud", "iss", "signature", "typ"])
def test_a_hint_that_is_not_ours_for_this_client_is_refused(lone: House, school: Client, kept: str) -> None:
    grant(lone)
    tokens = lone.tokens(school)
    claims = unverified(tokens["id_token"])[1]
    other = {"aud": {**claims, "aud": "library"}, "iss": {**claims, "iss": "https://other.example"}}
    hint = {
        "signature": tokens["id_token"][:-8] + "AAAAAAAA",
        "typ": tokens["access_token"],
    }.get(kept) or lone.signing_keys.sign(other[kept], alg="ES256", typ="JWT")
    assert answer(ask(lone, id_token_hint=hint, prompt="none"))["error"] == "invalid_request"


def test_an_essential_acr_is_reached_or_the_request_is_refused(lone: House, school: Client) -> None:
    grant(lone)

    def essential(*values: str) -> str:
        return json.dumps({"id_token": {"acr": {"essential": True, "values": values}}})

    assert "code" in answer(ask(lone, claims=essential("eidas3", "eidas1"), prompt="none"))
    assert "code" in answer(ask(lone, acr_values="eidas3", prompt="none"))  # a wish
    assert answer(ask(lone, claims=essential("eidas3")))["error"] == "unmet_authentication_requirements"


def _essential(*values: str) -> dict[str, str]:
    return {"claims": json.dumps({"id_token": {"acr": {"essential": True, "values": values}}})}


@pytest.mark.parametrize("asked", [_essential("eidas2"), {"acr_values": "eidas2"}, {"acr_values": "eidas3 eidas2"}])
def test_more_than_there_is_asks_for_another_sign_in_when_that_can_give_it(
    lone: House, school: Client, asked: dict[str, str]
) -> None:
    grant(lone)
    lone.sign_in.reachable = "eidas2"
    assert answer(ask(lone, prompt="none", **asked))["error"] == "login_required"
    page = ask(lone, **asked).location
    assert page.startswith("/sign-in?continue=")
    handle = page.partition("=")[2]
    assert lone.http.get(f"/authorize/{handle}").location == page  # the old sign-in is no answer
    lone.sign_in.there = replace(lone.signed_in(sign_in="stronger"), acr="eidas2")
    told = answer(lone.http.get(f"/authorize/{handle}"))
    tokens = json_of(lone.redeem(school, told["code"]))
    assert unverified(tokens["id_token"])[1]["acr"] == "eidas2"


def test_a_wish_that_the_new_sign_in_does_not_meet_is_let_go_and_a_demand_is_refused(
    lone: House, school: Client
) -> None:
    grant(lone)
    lone.sign_in.reachable = "eidas2"
    for asked, expected in (({"acr_values": "eidas2"}, "code"), (_essential("eidas2"), "error")):
        lone.sign_in.there = lone.signed_in()
        handle = ask(lone, **asked).location.partition("=")[2]
        lone.sign_in.there = lone.signed_in(sign_in=f"again {expected}")
        assert expected in answer(lone.http.get(f"/authorize/{handle}"))


def test_nobody_is_asked_to_sign_in_again_for_what_they_can_not_reach(lone: House, school: Client) -> None:
    grant(lone)
    assert "code" in answer(ask(lone, prompt="none", acr_values="eidas2"))
    assert answer(ask(lone, **_essential("eidas2")))["error"] == "unmet_authentication_requirements"


def test_who_reached_more_answers_a_demand_for_less_in_its_own_words(lone: House, school: Client) -> None:
    grant(lone)
    lone.sign_in.there = replace(lone.signed_in(), acr="eidas2")
    for asked, stated in ((_essential("eidas1"), "eidas1"), (_essential("eidas1", "eidas2"), "eidas2"), ({}, "eidas2")):
        tokens = json_of(lone.redeem(school, answer(ask(lone, prompt="none", **asked))["code"]))
        assert unverified(tokens["id_token"])[1]["acr"] == stated


def test_what_was_kept_by_a_post_belongs_to_the_first_browser_that_opens_it(lone: House, school: Client) -> None:
    grant(lone)
    kept = lone.http.post("/authorize", data=parameters(scope="openid profile email")).location
    first = lone.http.get(kept)
    assert first.location.startswith("/release/")
    lone.sign_in.value = "another browser"
    assert lone.http.get(kept).status_code == 400
    lone.clock.advance(timedelta(seconds=61))
    late = lone.http.post("/authorize", data=parameters()).location
    lone.clock.advance(timedelta(seconds=61))
    assert lone.http.get(late).status_code == 400


def test_a_grant_ends_on_the_day_that_its_papers_do(house: House) -> None:
    """`Evidence.until`: the page named 30 days; after them neither silence nor refreshing goes on."""
    client = house.add(contract=CONTRACT)
    details = json.dumps([DETAIL])
    tokens = json_of(house.redeem(client, answer(grant(house, authorization_details=details))["code"]))
    house.clock.advance(timedelta(days=29))
    house.sign_in.there = house.signed_in()
    assert "code" in answer(ask(house, prompt="none", authorization_details=details))
    assert "code" in answer(ask(house, prompt="none"))
    tokens = json_of(house.refresh(client, tokens["refresh_token"]))
    house.clock.advance(timedelta(days=1))
    for changed in ({"authorization_details": details}, {}):
        assert answer(ask(house, prompt="none", **changed))["error"] == "consent_required"
    assert error_of(house.refresh(client, tokens["refresh_token"])) == "invalid_grant"
    (view,) = house.consent.grants_of(ALICE)
    assert not view.stands


def test_a_sign_in_that_asks_for_no_papers_reaches_none(house: House) -> None:
    client = house.add(contract=CONTRACT)
    grant(house, authorization_details=json.dumps([DETAIL]))
    tokens = json_of(house.redeem(client, answer(ask(house, prompt="none"))["code"]))
    assert "authorization_details" not in tokens
    assert unverified(tokens["access_token"])[1]["aud"] == [ISSUER]


def test_a_grant_of_one_paper_answers_no_request_for_another(lone: House, school: Client) -> None:
    grant(lone, authorization_details=json.dumps([DETAIL]))
    other = {**DETAIL, "document_types": ["identity_card"]}
    for details in ([other], [DETAIL, other], [{**DETAIL, "duration": "P31D"}]):
        asked = {"authorization_details": json.dumps(details), "prompt": "none"}
        assert answer(ask(lone, **asked))["error"] == "consent_required"
    again = json.dumps([{**DETAIL, "document_types": ["proof_of_address"], "locations": DETAIL["locations"]}] * 2)
    assert "code" in answer(ask(lone, authorization_details=again, prompt="none"))


def test_an_approval_of_more_than_was_asked_is_refused(lone: House, school: Client) -> None:
    lone.sign_in.there = lone.signed_in()
    handle = handle_of(ask(lone, authorization_details=json.dumps([DETAIL])))
    for choices in ([Choice(detail=1, documents=("bill",))], [Choice(detail=0, documents=("bill",))] * 2):
        with pytest.raises(InvalidAuthorizationDetails):
            lone.consent.approve(handle, lone.sign_in.browser(), lone.sign_in.there, choices)
    assert not lone.consent.grants_of(ALICE)


def test_taken_back_between_approval_and_answer_is_a_denial(lone: House, school: Client) -> None:
    lone.sign_in.there = lone.signed_in()
    first = ask(lone)
    approve(lone, handle_of(first))
    (view,) = lone.consent.grants_of(ALICE)
    assert lone.consent.take_back(ALICE, view.id)
    back = answer(resume(lone, first))
    assert (back["error"], back["state"], back["iss"]) == ("access_denied", "st", ISSUER)
    assert resume(lone, first).status_code == 400


def test_a_client_that_is_removed_meanwhile_gets_no_answer(lone: House, school: Client) -> None:
    lone.sign_in.there = lone.signed_in()
    first = ask(lone)
    approve(lone, handle_of(first))
    lone.clients.remove("school", actor="tests")
    response = resume(lone, first)
    assert (response.status_code, "Location" in response.headers) == (400, False)
