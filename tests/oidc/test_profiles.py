"""What each profile demands: a row for each demand, with the client that it is made of and the one that it isn't."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from oidc.client_authentication.private_key import ASSERTION_TYPE
from oidc.clients import Client
from oidc.errors import InvalidClientMetadata
from tests.oidc.asking import answer, approve, ask, handle_of, parameters
from tests.oidc.provider_house import ALICE, ISSUER, REDIRECT, VERIFIER, ClientKey, House, error_of, json_of, metadata


@pytest.fixture
def key(lone: House) -> ClientKey:
    return ClientKey(lone.clock)


def fapi_metadata(key: ClientKey, **changed: Any) -> dict[str, Any]:
    return metadata(
        "school",
        **{
            "profile": "fapi2",
            "client_secret": None,
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks": {"keys": [key.public]},
            **changed,
        },
    )


def shown(key: ClientKey, **changed: Any) -> dict[str, str]:
    """The client's authentication, for a form."""
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": key.assertion("school", **changed)}


def token(house: House, key: ClientKey, form: dict[str, Any], *, proof: bool = True, **changed: Any) -> TestResponse:
    headers = {"DPoP": key.proof("POST", "/token")} if proof else {}
    return house.http.post("/token", data={**form, **shown(key, **changed)}, headers=headers)


def signed_on(house: House, key: ClientKey) -> dict[str, str]:
    """The form of the code's redemption, at the end of a pushed request."""
    house.sign_in.there = house.signed_in()
    pushed = json_of(house.http.post("/par", data={**parameters(), **shown(key)}), 201)
    first = house.http.get("/authorize", query_string={"client_id": "school", "request_uri": pushed["request_uri"]})
    handle = handle_of(first)
    approve(house, handle)
    code = answer(house.http.get(f"/authorize/{handle}"))["code"]
    return {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, "code_verifier": VERIFIER}


def test_a_fapi_client_signs_on_by_a_pushed_request_and_a_bound_token(lone: House, key: ClientKey) -> None:
    lone.clients.add(fapi_metadata(key), actor="tests")
    told = json_of(token(lone, key, signed_on(lone, key)))
    assert told["token_type"] == "DPoP"
    proof = key.proof("GET", "/userinfo", token=told["access_token"])
    answered = lone.http.get("/userinfo", headers={"Authorization": f"DPoP {told['access_token']}", "DPoP": proof})
    assert json_of(answered)["sub"]


def test_its_requests_are_pushed(lone: House, key: ClientKey) -> None:
    lone.clients.add(fapi_metadata(key), actor="tests")
    assert answer(ask(lone))["error"] == "invalid_request"


def test_its_token_requests_carry_a_proof(lone: House, key: ClientKey) -> None:
    lone.clients.add(fapi_metadata(key), actor="tests")
    assert error_of(token(lone, key, signed_on(lone, key), proof=False)) == "invalid_dpop_proof"


@pytest.mark.parametrize(
    "aud",
    [f"{ISSUER}/token", [ISSUER], [ISSUER, f"{ISSUER}/token"], f"{ISSUER}/par", None],
    ids=["token endpoint", "array", "array of two", "another endpoint", "none"],
)
def test_its_assertions_are_for_the_issuer_alone(lone: House, key: ClientKey, aud: object) -> None:
    lone.clients.add(fapi_metadata(key), actor="tests")
    form = signed_on(lone, key)
    assert error_of(token(lone, key, form, aud=aud)) == "invalid_client"
    json_of(token(lone, key, form))


def test_its_refresh_tokens_stay_the_same(lone: House, key: ClientKey) -> None:
    lone.clients.add(fapi_metadata(key), actor="tests")
    first = json_of(token(lone, key, signed_on(lone, key)))
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    for _ in range(2):
        assert "refresh_token" not in json_of(token(lone, key, form))
    stolen = ClientKey(lone.clock)
    assert error_of(lone.http.post("/token", data={**form, **shown(stolen)})) == "invalid_client"


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"token_endpoint_auth_method": "client_secret_basic", "client_secret": "x" * 40}, id="a secret"),
        pytest.param({"token_endpoint_auth_method": "client_secret_jwt", "client_secret": "x" * 40}, id="HMAC"),
        pytest.param({"token_endpoint_auth_method": "none"}, id="no authentication"),
        pytest.param({"require_pkce": False}, id="no PKCE"),
        pytest.param({"require_pushed_authorization_requests": False}, id="no pushed requests"),
        pytest.param({"dpop_bound_access_tokens": False}, id="no bound tokens"),
        pytest.param({"id_token_signed_response_alg": "RS256"}, id="RS256"),
        pytest.param({"token_endpoint_auth_signing_alg": "RS256"}, id="assertions by RS256"),
        pytest.param({"profile": "fapi1"}, id="an unknown profile"),
    ],
)
def test_a_registration_below_its_profile_is_refused(lone: House, key: ClientKey, changed: dict[str, Any]) -> None:
    with pytest.raises(InvalidClientMetadata):
        lone.clients.add(fapi_metadata(key, **changed), actor="tests")
    assert lone.clients.all() == []


def test_a_fapi_client_that_names_no_algorithm_gets_one_of_its_profile(lone: House, key: ClientKey) -> None:
    given = fapi_metadata(key, id_token_signed_response_alg=None)
    assert lone.clients.add(given, actor="tests")[0].id_token_signed_response_alg == "ES256"


def plain(house: House, **client: Any) -> tuple[Client, dict[str, str]]:
    """A sign-on as an old library does it: no PKCE, no nonce."""
    school = house.add(**client)
    house.sign_in.there = house.signed_in()
    back = ask(house, code_challenge=None, code_challenge_method=None, nonce=None)
    if "/release/" not in (back.location or ""):
        return school, answer(back)
    handle = handle_of(back)
    approve(house, handle)
    return school, answer(house.http.get(f"/authorize/{handle}"))


def test_an_old_relying_party_needs_neither_pkce_nor_nonce(lone: House) -> None:
    school, back = plain(lone, profile="openid-basic")
    told = json_of(lone.redeem(school, back["code"], code_verifier=None))
    assert told["id_token"]
    assert json_of(lone.userinfo(told["access_token"]))["sub"]
    assert lone.consent.grants_of(ALICE)[0].stands


def test_a_verifier_without_a_challenge_is_refused_even_there(lone: House) -> None:
    school, back = plain(lone, profile="openid-basic")
    assert error_of(lone.redeem(school, back["code"])) == "invalid_request"  # RFC 9700 §4.8.2


@pytest.mark.parametrize(
    "client",
    [
        pytest.param({}, id="baseline"),
        pytest.param({"require_pkce": False}, id="baseline, excused, without its nonce"),
        pytest.param(
            {"profile": "openid-basic", "token_endpoint_auth_method": "none", "client_secret": None}, id="public"
        ),
    ],
)
def test_elsewhere_a_request_without_pkce_is_refused(lone: House, client: dict[str, Any]) -> None:
    assert plain(lone, **client)[1]["error"] == "invalid_request"
