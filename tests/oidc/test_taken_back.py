"""An approval taken back: the service that held it is told so at its next fetch and refresh. Nobody else is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from oidc.clients import Client
from oidc.tokens.access_token import TokenChallenge, VerifiedAccessToken
from tests.oidc.provider_house import ALICE, ISSUER, ClientKey, House, error_of

VAULT = f"{ISSUER}/vault"
SAID = "The person took this approval back on 2026-11-02 at 09:00:00 UTC"


def take_back(house: House) -> None:
    assert house.consent.take_back(ALICE, house.consent.grants_of(ALICE)[0].id)


def shown(house: House, token: str, *, audience: str = VAULT, scheme: str = "Bearer") -> TokenChallenge:
    """What a resource answers a service that shows this token."""
    url = f"{audience}/documents/l1"
    answer = house.verified("GET", url, [f"{scheme} {token}"], [], audience=audience)
    assert not isinstance(answer, VerifiedAccessToken)
    return answer


def test_the_next_fetch_is_a_401_that_says_why_and_since_when(house: House) -> None:
    token = house.tokens(house.add(), lendings=("l1",))["access_token"]
    take_back(house)
    answer = shown(house, token)
    assert (answer.status, answer.code) == (401, "invalid_token")  # RFC 6750 §3.1
    assert f'error="invalid_token", error_description="{SAID}"' in answer.www_authenticate
    assert answer.taken_back_at == house.clock.now()
    assert SAID in house.userinfo(token).headers["WWW-Authenticate"]


def _cut(house: House, client: Client, tokens: dict[str, Any]) -> TokenChallenge:
    return shown(house, tokens["access_token"][:-4])


def _elsewhere(house: House, client: Client, tokens: dict[str, Any]) -> TokenChallenge:
    return shown(house, tokens["access_token"], audience="https://elsewhere.example")


def _expired(house: House, client: Client, tokens: dict[str, Any]) -> TokenChallenge:
    house.clock.advance(timedelta(minutes=5))
    return shown(house, tokens["access_token"])


def _other_scheme(house: House, client: Client, tokens: dict[str, Any]) -> TokenChallenge:
    return shown(house, tokens["access_token"], scheme="DPoP")


NOT_ITS_HOLDER = [
    pytest.param(_cut, id="a token that isn't whole"),
    pytest.param(_elsewhere, id="at a resource that it isn't for"),
    pytest.param(_expired, id="a token whose time is over"),
    pytest.param(_other_scheme, id="with another scheme"),
]


@pytest.mark.parametrize("show", NOT_ITS_HOLDER)
def test_nothing_is_told_of_a_token_that_is_not_rightly_shown(
    lone: House, show: Callable[[House, Client, dict[str, Any]], TokenChallenge]
) -> None:
    client = lone.add()
    tokens = lone.tokens(client, lendings=("l1",))
    take_back(lone)
    answer = show(lone, client, tokens)
    assert answer.status == 401
    assert answer.taken_back_at is None
    assert "took this approval back" not in answer.www_authenticate


def test_a_bound_token_is_told_only_with_its_key(lone: House) -> None:
    client = lone.add("app", token_endpoint_auth_method="none", client_secret=None)
    key, other = ClientKey(lone.clock), ClientKey(lone.clock)
    code = lone.code(client, lendings=("l1",))
    answer = lone.redeem(client, code, headers={"DPoP": key.proof("POST", "/token")}).get_json()
    take_back(lone)
    url = f"{VAULT}/documents/l1"
    told = {}
    for name, holder in (("its key", key), ("another key", other)):
        made = holder.proof("GET", "/vault/documents/l1", token=answer["access_token"])
        found = lone.verified("GET", url, [f"DPoP {answer['access_token']}"], [made], audience=VAULT)
        assert isinstance(found, TokenChallenge)
        told[name] = "took this approval back" in found.www_authenticate
    assert told == {"its key": True, "another key": False}
    headers = {"DPoP": other.proof("POST", "/token")}
    assert "approval" not in lone.refresh(client, answer["refresh_token"], headers=headers).text
    headers = {"DPoP": key.proof("POST", "/token")}
    assert SAID in lone.refresh(client, answer["refresh_token"], headers=headers).text


def test_a_token_that_its_client_revoked_before_tells_nothing_more(lone: House) -> None:
    client = lone.add()
    token = lone.tokens(client, lendings=("l1",))["access_token"]
    lone.post("/revoke", client, {"token": token, "token_type_hint": "access_token"})
    take_back(lone)
    assert shown(lone, token).taken_back_at is None


def test_a_family_that_ended_for_another_reason_tells_that_it_was_revoked(lone: House) -> None:
    client = lone.add()
    code = lone.code(client, lendings=("l1",))
    token = lone.redeem(client, code).get_json()["access_token"]
    lone.redeem(client, code)  # replayed: ends what it gave, not the approval
    take_back(lone)
    answer = shown(lone, token)
    assert 'error_description="revoked"' in answer.www_authenticate
    assert answer.taken_back_at is None


def test_the_next_refresh_is_an_invalid_grant_that_says_why(house: House) -> None:
    client = house.add()
    token = house.tokens(client, lendings=("l1",))["refresh_token"]
    take_back(house)
    answer = house.refresh(client, token)
    assert error_of(answer) == "invalid_grant"
    assert answer.get_json()["error_description"] == SAID


def _used(house: House, client: Client, token: str) -> tuple[Client, str]:
    house.refresh(client, token)
    return client, token


def _another_clients(house: House, client: Client, token: str) -> tuple[Client, str]:
    return house.add("library"), token


@pytest.mark.parametrize(
    "before", [pytest.param(_used, id="used up before"), pytest.param(_another_clients, id="shown by another client")]
)
def test_a_refresh_token_tells_its_own_client_once(
    lone: House, before: Callable[[House, Client, str], tuple[Client, str]]
) -> None:
    client = lone.add()
    showing, token = before(lone, client, lone.tokens(client, lendings=("l1",))["refresh_token"])
    take_back(lone)
    answer = lone.refresh(showing, token)
    assert error_of(answer) == "invalid_grant"
    assert "approval" not in answer.get_json().get("error_description", "")
