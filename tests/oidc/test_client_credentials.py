"""Client credentials (RFC 6749 §4.4): a token about the client, which reaches nothing of any person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from oidc.clients import Client
from oidc.errors import InvalidClientMetadata
from tests.oidc.provider_house import ISSUER, SECRET, VAULT, ClientKey, House, error_of, json_of, unverified

GRANT = ["authorization_code", "client_credentials"]


def ask(house: House, client: Client, **changed: Any) -> TestResponse:
    return house.post("/token", client, {"grant_type": "client_credentials"}, **changed)


def add(house: House, **changed: Any) -> Client:
    return house.add(**{"grant_types": GRANT, "scope": "openid profile invoices dates", **changed})


def test_a_client_gets_a_token_about_itself_and_nothing_else(house: House) -> None:
    told = json_of(ask(house, add(house), scope="invoices"))
    assert told.keys() == {"access_token", "token_type", "expires_in", "scope"}
    assert (told["token_type"], told["scope"], told["expires_in"]) == ("Bearer", "invoices", 300)
    header, claims = unverified(told["access_token"])
    assert header["typ"] == "at+jwt"
    assert claims.keys() == {"iss", "sub", "aud", "client_id", "scope", "iat", "exp", "jti"}
    assert (claims["sub"], claims["client_id"], claims["aud"]) == ("school", "school", [ISSUER])


def test_without_a_scope_it_gets_what_is_registered_and_no_persons(lone: House) -> None:
    assert json_of(ask(lone, add(lone)))["scope"] == "dates invoices"


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        pytest.param({"scope": "openid"}, "invalid_scope", id="openid: there is nobody to name"),
        pytest.param({"scope": "invoices profile"}, "invalid_scope", id="data about a person"),
        pytest.param({"scope": "document:identity_card"}, "invalid_scope", id="a paper"),
        pytest.param({"scope": "other"}, "invalid_scope", id="not registered"),
        pytest.param({"scope": "invoices  dates"}, "invalid_scope", id="RFC 6749 §3.3 two spaces"),
        pytest.param({"resource": VAULT}, "invalid_target", id="RFC 8707 the vault, where persons lend"),
        pytest.param({"resource": "https://other.example"}, "invalid_target", id="RFC 8707 not ours"),
        pytest.param({"secret": SECRET[:-1] + "x"}, "invalid_client", id="another secret"),
    ],
)
def test_a_request_that_differs_in_one_thing_is_refused(lone: House, changed: dict[str, Any], error: str) -> None:
    client = add(lone)
    assert error_of(ask(lone, client, **changed)) == error
    json_of(ask(lone, client))


def test_a_client_that_isnt_registered_for_it_is_refused(lone: House) -> None:
    assert error_of(ask(lone, lone.add())) == "unauthorized_client"


def test_a_public_client_cannot_be_registered_for_it(lone: House) -> None:
    with pytest.raises(InvalidClientMetadata):
        add(lone, token_endpoint_auth_method="none", client_secret=None)


def test_the_token_opens_nothing_of_a_person(lone: House) -> None:
    token = json_of(ask(lone, add(lone)))["access_token"]
    refused = lone.userinfo(token)
    assert (refused.status_code, error_of(refused)) == (401, "invalid_token")


def test_it_can_be_introspected_and_revoked_by_its_client_alone(house: House) -> None:
    client, other = add(house), house.add("other")
    token = json_of(ask(house, client, scope="dates"))["access_token"]
    told = json_of(house.post("/introspect", client, {"token": token}))
    assert (told["active"], told["sub"], told["scope"]) == (True, "school", "dates")
    house.post("/revoke", other, {"token": token})
    assert json_of(house.post("/introspect", other, {"token": token})) == {"active": False}
    assert json_of(house.post("/introspect", client, {"token": token}))["active"] is True
    house.post("/revoke", client, {"token": token})
    assert json_of(house.post("/introspect", client, {"token": token})) == {"active": False}


def test_it_ends_after_five_minutes(lone: House) -> None:
    client = add(lone)
    token = json_of(ask(lone, client))["access_token"]
    lone.clock.advance(timedelta(minutes=5))
    assert json_of(lone.post("/introspect", client, {"token": token})) == {"active": False}


def test_it_is_bound_to_the_key_of_the_proof_that_came_with_the_request(lone: House) -> None:
    client, key = add(lone), ClientKey(lone.clock)
    told = json_of(ask(lone, client, headers={"DPoP": key.proof("POST", "/token")}))
    assert told["token_type"] == "DPoP"
    assert unverified(told["access_token"])[1]["cnf"] == {"jkt": key.private.thumbprint()}
    bound = add(lone, dpop_bound_access_tokens=True)
    assert error_of(ask(lone, bound)) == "invalid_dpop_proof"
