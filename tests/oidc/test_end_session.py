"""RP-Initiated Logout: a hint of ours, an exact address, else the person is asked and stays here."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from oidc import jwts
from tests.oidc.provider_house import House, error_of

BYE = "https://school.example/bye"


def begin(house: House, **asked: Any) -> TestResponse:
    return house.http.get("/end-session", query_string={k: v for k, v in asked.items() if v is not None})


def hint_of(house: House, sign_in: str = "sign-in-1") -> str:
    house.sign_in.there = house.signed_in()
    return str(house.tokens(house.add(), sign_in=sign_in)["id_token"])


@pytest.mark.parametrize("age", [timedelta(0), timedelta(days=20)])
def test_a_hint_ends_the_sign_in_even_when_it_has_expired(house: House, age: timedelta) -> None:
    hint = hint_of(house)
    house.clock.advance(age)
    answer = begin(house, id_token_hint=hint, post_logout_redirect_uri=BYE, state="a b&c")
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"{BYE}?state=a+b%26c"
    assert house.sign_in.ended == ["sign-in-1"]


def test_the_browser_forgets_what_it_kept_of_a_sign_in_that_ended(lone: House) -> None:
    hint = hint_of(lone)
    ended = begin(lone, id_token_hint=hint, post_logout_redirect_uri=BYE)
    assert (ended.location, ended.headers["Clear-Site-Data"]) == (BYE, '"cache", "storage"')
    asked = begin(lone)
    confirmed = lone.http.post(f"/end-session/{asked.get_data(as_text=True).split()[-1]}")
    assert confirmed.headers["Clear-Site-Data"] == '"cache", "storage"'
    lone.sign_in.there = None  # whoever sends a stranger here takes nothing from them
    assert "Clear-Site-Data" not in asked.headers
    assert "Clear-Site-Data" not in begin(lone, id_token_hint=hint, post_logout_redirect_uri=BYE).headers


def test_signing_out_ends_the_tokens_of_that_sign_in(house: House) -> None:
    house.sign_in.there = house.signed_in()
    client = house.add()
    tokens = house.tokens(client)
    begin(house, id_token_hint=tokens["id_token"])
    assert house.userinfo(tokens["access_token"]).status_code == 401
    assert error_of(house.refresh(client, tokens["refresh_token"])) == "invalid_grant"


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"post_logout_redirect_uri": "https://evil.example/"}, id="unregistered"),
        pytest.param({"post_logout_redirect_uri": f"{BYE}/"}, id="with a slash"),
        pytest.param({"post_logout_redirect_uri": f"{BYE}?a=b"}, id="with a query"),
        pytest.param({"post_logout_redirect_uri": "https://school.example/callback"}, id="a redirect_uri"),
        pytest.param({"client_id": "other"}, id="client_id differs from aud"),
        pytest.param({"client_id": "nobody"}, id="client_id unknown"),
        pytest.param({"id_token_hint": "x"}, id="hint nonsense"),
        pytest.param({"id_token_hint": "cut"}, id="hint modified"),
        pytest.param({"id_token_hint": "access"}, id="hint an access token"),
    ],
)
def test_what_does_not_fit_is_refused_without_redirect_or_effect(lone: House, changed: dict[str, str]) -> None:
    lone.sign_in.there = lone.signed_in()
    lone.add("other")
    tokens = lone.tokens(lone.add())
    named = {"cut": tokens["id_token"][:-6] + "AAAAAA", "access": tokens["access_token"]}
    asked = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": BYE, "client_id": "school"}
    asked |= {name: named.get(value, value) for name, value in changed.items()}
    answer = begin(lone, **asked)
    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert lone.sign_in.ended == []


@pytest.mark.parametrize("client_id", [None, "school"])
def test_without_a_hint_the_person_is_asked_and_nobody_is_redirected(lone: House, client_id: str | None) -> None:
    lone.add()
    lone.sign_in.there = lone.signed_in()
    asked = begin(lone, client_id=client_id, post_logout_redirect_uri=BYE)
    assert asked.get_data(as_text=True).startswith("sign out? ")
    assert lone.sign_in.ended == []
    answer = lone.http.post(f"/end-session/{asked.get_data(as_text=True).split()[-1]}")
    assert (answer.status_code, answer.get_data(as_text=True)) == (200, "signed out")
    assert lone.sign_in.ended == ["sign-in-1"]


def test_another_sign_in_at_this_browser_is_asked_about_first(lone: House) -> None:
    hint = hint_of(lone, "sign-in-of-before")
    asked = begin(lone, id_token_hint=hint, post_logout_redirect_uri=BYE)
    assert lone.sign_in.ended == []
    answer = lone.http.post(f"/end-session/{asked.get_data(as_text=True).split()[-1]}")
    assert answer.headers["Location"] == BYE


def test_the_button_works_in_its_own_browser_and_in_time_only(lone: House) -> None:
    lone.sign_in.there = lone.signed_in()
    handle = begin(lone).get_data(as_text=True).split()[-1]
    lone.sign_in.value = "browser-of-an-attacker"
    assert lone.http.post(f"/end-session/{handle}").status_code == 400
    lone.sign_in.value = "browser-1"
    assert lone.http.post(f"/end-session/{handle}x").status_code == 400
    assert lone.http.post("/end-session/x").status_code == 400
    lone.clock.advance(timedelta(minutes=20))
    assert lone.http.post(f"/end-session/{handle}").status_code == 400
    assert lone.sign_in.ended == []


def test_a_kept_post_is_no_confirmation(lone: House) -> None:
    lone.sign_in.there = lone.signed_in()
    kept = lone.http.post("/end-session", data={})
    assert kept.status_code == 303
    assert lone.http.post(kept.headers["Location"]).status_code == 400
    assert lone.sign_in.ended == []


def test_a_post_goes_on_by_a_get(lone: House) -> None:
    hint = hint_of(lone)
    kept = lone.http.post("/end-session", data={"id_token_hint": hint, "post_logout_redirect_uri": BYE})
    assert lone.sign_in.ended == []
    assert lone.http.get(kept.headers["Location"]).headers["Location"] == BYE
    assert lone.sign_in.ended == ["sign-in-1"]


def test_a_parameter_twice_is_refused(lone: House) -> None:
    assert lone.http.get("/end-session?state=a&state=b").status_code == 400


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"state": "a\0b"}, id="a NUL"),
        pytest.param({"state": "a\x1bb"}, id="a control character"),
        pytest.param({"client_id": "a\0b"}, id="a NUL in client_id"),
        pytest.param({"state": "s" * 33_000}, id="over 32 KiB"),
        pytest.param({f"p{number}": "x" for number in range(65)}, id="65 parameters"),
    ],
)
def test_what_no_parameter_is_like_is_refused_by_get_and_by_post(house: House, changed: dict[str, str]) -> None:
    hint = hint_of(house)
    for answer in (
        begin(house, id_token_hint=hint, **changed),
        house.http.post("/end-session", data={"id_token_hint": hint, **changed}),
    ):
        assert (answer.status_code, answer.get_data(as_text=True)) == (400, "error page: invalid_request")
    assert house.sign_in.ended == []


def test_a_body_that_is_no_form_says_nothing(lone: House) -> None:
    hint = hint_of(lone)
    body = f'{{"id_token_hint": "{hint}"}}'
    kept = lone.http.post("/end-session", data=body, content_type="application/json")
    assert lone.http.get(kept.headers["Location"]).get_data(as_text=True).startswith("sign out? ")
    assert lone.http.post("/end-session", data={"state": "s" * 70_000}).status_code == 413


def test_a_hint_of_a_client_that_was_removed_is_refused(lone: House) -> None:
    hint = hint_of(lone)
    lone.clients.remove("school", actor="tests")
    assert begin(lone, id_token_hint=hint).status_code == 400
    assert lone.sign_in.ended == []


def test_an_address_keeps_its_own_query_and_gets_the_state_encoded(lone: House) -> None:
    lone.sign_in.there = lone.signed_in()
    hint = lone.tokens(lone.add(post_logout_redirect_uris=[f"{BYE}?a=1"]))["id_token"]
    asked = {"id_token_hint": hint, "post_logout_redirect_uri": f"{BYE}?a=1", "state": "x&y=z#é"}
    assert begin(lone, **asked).location == f"{BYE}?a=1&state=x%26y%3Dz%23%C3%A9"


OUT = "https://school.example/out?from=city"


def visited(house: House) -> tuple[str, str]:
    """A hint of a client that wants its frame, and the frame."""
    house.sign_in.there = house.signed_in()
    hint = str(house.tokens(house.add(frontchannel_logout_uri=OUT))["id_token"])
    sid = jwts.parse_without_verifying(hint).claims["sid"]
    return hint, f"{OUT}&iss=https%3A%2F%2Faccount.example&sid={sid}"


def test_frames_are_opened_before_the_redirect(house: House) -> None:
    hint, frame = visited(house)
    answer = begin(house, id_token_hint=hint, post_logout_redirect_uri=BYE, state="s")
    assert (answer.status_code, answer.text) == (200, f"signed out {frame} then {BYE}?state=s")


def test_frames_are_opened_when_nobody_is_redirected(house: House) -> None:
    hint, frame = visited(house)
    assert begin(house, id_token_hint=hint).text == f"signed out {frame}"


def test_frames_are_opened_after_the_person_was_asked(house: House) -> None:
    _, frame = visited(house)
    handle = begin(house).text.split()[-1]
    assert house.http.post(f"/end-session/{handle}").text == f"signed out {frame}"


def test_every_client_that_was_visited_has_its_frame_and_no_other(lone: House) -> None:
    _, frame = visited(lone)
    other = lone.add("library", redirect_uris=["https://library.example/cb"])
    wanted = lone.add(
        "museum", redirect_uris=["https://museum.example/cb"], frontchannel_logout_uri="https://museum.example/out"
    )
    lone.tokens(other)
    hint = str(lone.tokens(wanted)["id_token"])
    lone.tokens(lone.add("pool", frontchannel_logout_uri=OUT), sign_in="another sign-in")
    first, second = sorted(begin(lone, id_token_hint=hint).text.removeprefix("signed out ").split(), reverse=True)
    assert first == frame
    assert second.startswith("https://museum.example/out?iss=https%3A%2F%2Faccount.example&sid=")


def test_a_client_removed_meanwhile_has_no_frame(lone: House) -> None:
    visited(lone)
    lone.clients.remove("school", actor="tests")
    assert lone.http.post(f"/end-session/{begin(lone).text.split()[-1]}").text == "signed out"
