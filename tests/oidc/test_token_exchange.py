"""Token exchange (RFC 8693): narrower, never longer, by those who may, written down, and over with its origin."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from audit.store.entries import entries
from oidc.clients import Client
from oidc.clients.metadata import TOKEN_EXCHANGE
from oidc.errors import InvalidClientMetadata
from oidc.grants.token_exchange import ACCESS_TOKEN
from oidc.store.authorizations import TAKEN_BACK, authorizations
from oidc.tokens.access_token import TokenChallenge, VerifiedAccessToken
from tests.oidc.provider_house import ISSUER, VAULT, ClientKey, House, error_of, json_of, unverified

GRANTS = ["authorization_code", "refresh_token", TOKEN_EXCHANGE]


def school(house: House) -> Client:
    return house.add(grant_types=GRANTS)


def archive(house: House, **changed: Any) -> Client:
    """A back end of the school."""
    return house.add("archive", **{"grant_types": GRANTS, "contract": {"acts_for": ["school"]}, **changed})


def subject(house: House, client: Client) -> dict[str, Any]:
    return house.tokens(client, scope=("openid", "profile"), lendings=("l1", "l2"))


def exchange(house: House, client: Client, token: str, **changed: Any) -> TestResponse:
    form = {"grant_type": TOKEN_EXCHANGE, "subject_token": token, "subject_token_type": ACCESS_TOKEN}
    return house.post("/token", client, form, **changed)


def at_vault(house: House, token: str) -> VerifiedAccessToken | TokenChallenge:
    return house.verified("GET", f"{VAULT}/documents/l1", [f"Bearer {token}"], [], audience=VAULT)


def some(*lendings: str, **more: Any) -> str:
    return json.dumps([{"type": "document", "documents": [{"lending": one} for one in lendings], **more}])


def test_a_back_end_gets_a_narrower_token_in_the_services_name(house: House) -> None:
    client, back_end = school(house), archive(house)
    original = subject(house, client)["access_token"]
    asked = {"scope": "profile", "resource": VAULT, "authorization_details": some("l2")}
    told = json_of(exchange(house, back_end, original, **asked))
    assert told.keys() == {
        *("access_token", "issued_token_type", "token_type", "expires_in", "scope", "authorization_details")
    }
    assert (told["issued_token_type"], told["token_type"], told["scope"]) == (ACCESS_TOKEN, "Bearer", "profile")
    before, after = unverified(original)[1], unverified(told["access_token"])[1]
    assert (after["client_id"], after["act"], after["aud"]) == ("archive", {"sub": "archive"}, [VAULT])
    assert {name: after[name] for name in ("sub", "acr", "auth_time", "fam")} == {
        name: before[name] for name in ("sub", "acr", "auth_time", "fam")
    }
    assert after["jti"] != before["jti"]
    reached = at_vault(house, told["access_token"])
    assert isinstance(reached, VerifiedAccessToken)
    assert (reached.lendings, reached.client_id) == (("l2",), "school")
    assert house.userinfo(told["access_token"]).status_code == 401  # for another audience


def test_it_is_written_down_for_the_person(house: House) -> None:
    told = json_of(exchange(house, archive(house), subject(house, school(house))["access_token"]))
    with house.database.reading() as tx:
        [row] = tx.execute(select(entries).where(entries.c.kind == "access_handed_on"))
    readable = json.loads(row.readable)
    assert (row.client, readable["receiver"][0], readable["scope"][0]) == ("school", "archive", told["scope"])
    assert len(readable["token"]) == 1  # sealed


def test_it_lives_no_longer_than_its_origin(lone: House) -> None:
    client = school(lone)
    original = subject(lone, client)["access_token"]
    lone.clock.advance(timedelta(minutes=4))
    told = json_of(exchange(lone, client, original))
    assert told["expires_in"] == 60
    assert unverified(told["access_token"])[1]["exp"] == unverified(original)[1]["exp"]


def take_back(house: House, client: Client, tokens: dict[str, Any]) -> None:
    with house.database.transaction() as tx:
        tx.execute(authorizations.update().values(ended_at=house.clock.now(), ended_reason=TAKEN_BACK))


def end_family(house: House, client: Client, tokens: dict[str, Any]) -> None:
    house.post("/revoke", client, {"token": tokens["refresh_token"]})


def end_origin(house: House, client: Client, tokens: dict[str, Any]) -> None:
    house.post("/revoke", client, {"token": tokens["access_token"]})


@pytest.mark.parametrize("end", [take_back, end_family, end_origin])
def test_it_ends_with_its_origin(house: House, end: Callable[[House, Client, dict[str, Any]], None]) -> None:
    client, back_end = school(house), archive(house)
    tokens = subject(house, client)
    handed_on = json_of(exchange(house, back_end, tokens["access_token"]))["access_token"]
    asked = house.post("/introspect", back_end, {"token": handed_on})
    assert (json_of(asked)["active"], json_of(asked)["act"]) == (True, {"sub": "archive"})
    end(house, client, tokens)
    assert isinstance(at_vault(house, handed_on), TokenChallenge)
    assert house.userinfo(handed_on).status_code == 401
    assert json_of(house.post("/introspect", back_end, {"token": handed_on})) == {"active": False}
    assert error_of(exchange(house, back_end, tokens["access_token"])) == "invalid_request"


def test_it_ends_with_the_client_that_holds_it(house: House) -> None:
    client, back_end = school(house), archive(house)
    original = subject(house, client)["access_token"]
    handed_on = json_of(exchange(house, back_end, original))["access_token"]
    assert house.clients.remove("archive", actor="tests")
    assert isinstance(at_vault(house, handed_on), TokenChallenge)
    assert house.userinfo(handed_on).status_code == 401
    assert isinstance(at_vault(house, original), VerifiedAccessToken)


def test_the_back_end_can_revoke_its_own_alone(house: House) -> None:
    client, back_end = school(house), archive(house)
    original = subject(house, client)["access_token"]
    handed_on = json_of(exchange(house, back_end, original))["access_token"]
    house.post("/revoke", client, {"token": handed_on})
    assert isinstance(at_vault(house, handed_on), VerifiedAccessToken)
    house.post("/revoke", back_end, {"token": handed_on})
    assert isinstance(at_vault(house, handed_on), TokenChallenge)
    assert isinstance(at_vault(house, original), VerifiedAccessToken)


JWT = "urn:ietf:params:oauth:token-type:jwt"
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        pytest.param({"subject_token": None}, "invalid_request", id="§2.1 no subject token"),
        pytest.param({"subject_token": "x"}, "invalid_request", id="§2.2.2 no token of ours"),
        pytest.param({"subject_token_type": None}, "invalid_request", id="§2.1 no type"),
        pytest.param({"subject_token_type": JWT}, "invalid_request", id="§3 another type"),
        pytest.param({"subject_token_type": ID_TOKEN}, "invalid_request", id="§3 an ID token's type"),
        pytest.param({"requested_token_type": ID_TOKEN}, "invalid_request", id="§2.1 an ID token wished"),
        pytest.param({"actor_token": "x"}, "invalid_request", id="§2.1 an actor token"),
        pytest.param({"actor_token_type": ACCESS_TOKEN}, "invalid_request", id="§2.1 an actor token's type alone"),
        pytest.param({"audience": "archive"}, "invalid_target", id="§2.1 audience"),
        pytest.param({"resource": "https://other.example"}, "invalid_target", id="RFC 8707 not ours"),
        pytest.param({"scope": "openid email"}, "invalid_scope", id="a wider scope"),
        pytest.param({"scope": "openid  profile"}, "invalid_scope", id="RFC 6749 §3.3 two spaces"),
        pytest.param({"authorization_details": some("l3")}, "invalid_authorization_details", id="another paper"),
        pytest.param({"authorization_details": some()}, "invalid_authorization_details", id="no paper"),
        pytest.param(
            {"authorization_details": some("l1", actions=["write"])}, "invalid_authorization_details", id="more actions"
        ),
        pytest.param(
            {"authorization_details": some("l1", duration="P9Y")}, "invalid_authorization_details", id="another member"
        ),
        pytest.param({"authorization_details": "[{}]"}, "invalid_authorization_details", id="RFC 9396 §2 no type"),
        pytest.param({"authorization_details": "{}"}, "invalid_authorization_details", id="no array"),
        pytest.param({"authorization_details": "["}, "invalid_authorization_details", id="no JSON"),
    ],
)
def test_a_request_that_differs_in_one_thing_is_refused(lone: House, changed: dict[str, Any], error: str) -> None:
    client = school(lone)
    token = subject(lone, client)["access_token"]
    assert error_of(exchange(lone, client, token, **changed)) == error
    json_of(exchange(lone, client, token))


def test_fewer_types_go_with_the_papers_meant_or_not_at_all(lone: House) -> None:
    """The token names papers without their types: of fewer types alone, every paper would be handed on."""
    lone.evidence.types["l2"] = "identity_card"
    client = school(lone)
    token = subject(lone, client)["access_token"]
    alone = json.dumps([{"type": "document", "document_types": ["identity_card"]}])
    assert error_of(exchange(lone, client, token, authorization_details=alone)) == "invalid_authorization_details"
    named = some("l2", document_types=["identity_card"])
    [told] = json_of(exchange(lone, client, token, authorization_details=named))["authorization_details"]
    assert (told["document_types"], told["documents"]) == (["identity_card"], [{"lending": "l2"}])


@pytest.mark.parametrize("kind", ["refresh_token", "id_token"])
def test_other_tokens_called_access_tokens_are_refused(lone: House, kind: str) -> None:
    client = school(lone)
    assert error_of(exchange(lone, client, subject(lone, client)[kind])) == "invalid_request"


def test_a_token_is_handed_on_once(lone: House) -> None:
    client, back_end = school(lone), archive(lone)
    handed_on = json_of(exchange(lone, back_end, subject(lone, client)["access_token"]))["access_token"]
    assert error_of(exchange(lone, back_end, handed_on)) == "invalid_request"
    assert error_of(exchange(lone, client, handed_on)) == "invalid_request"


def test_a_token_about_a_client_is_no_persons(lone: House) -> None:
    client = lone.add(grant_types=[*GRANTS, "client_credentials"])
    own = json_of(lone.post("/token", client, {"grant_type": "client_credentials"}))["access_token"]
    assert error_of(exchange(lone, client, own)) == "invalid_request"


def test_a_client_whose_contract_doesnt_say_so_gets_nothing(lone: House) -> None:
    token = subject(lone, school(lone))["access_token"]
    assert error_of(exchange(lone, archive(lone, contract={}), token)) == "invalid_request"
    assert error_of(exchange(lone, archive(lone, contract={"acts_for": ["other"]}), token)) == "invalid_request"
    assert error_of(exchange(lone, archive(lone, grant_types=["refresh_token"]), token)) == "unauthorized_client"


def test_what_is_bound_stays_bound_to_the_key_of_whoever_asks(house: House) -> None:
    client, back_end = school(house), archive(house)
    mine, theirs = ClientKey(house.clock), ClientKey(house.clock)
    bound = json_of(house.redeem(client, house.code(client), headers={"DPoP": mine.proof("POST", "/token")}))
    assert error_of(exchange(house, back_end, bound["access_token"])) == "invalid_request"
    told = json_of(exchange(house, back_end, bound["access_token"], headers={"DPoP": theirs.proof("POST", "/token")}))
    assert told["token_type"] == "DPoP"
    assert unverified(told["access_token"])[1]["cnf"] == {"jkt": theirs.private.thumbprint()}
    for key, status in ((mine, 401), (theirs, 200)):
        token = told["access_token"]
        headers = {"Authorization": f"DPoP {token}", "DPoP": key.proof("GET", "/userinfo", token=token)}
        assert house.http.get("/userinfo", headers=headers).status_code == status


@pytest.mark.parametrize("acts_for", ["school", [1], [""], {"school": True}])
def test_acts_for_is_a_list_of_clients(lone: House, acts_for: Any) -> None:
    with pytest.raises(InvalidClientMetadata):
        archive(lone, contract={"acts_for": acts_for})


def test_userinfo_by_the_back_end_is_the_services(lone: House) -> None:
    client, back_end = school(lone), archive(lone)
    original = subject(lone, client)["access_token"]
    handed_on = json_of(exchange(lone, back_end, original, resource=ISSUER))
    assert "authorization_details" not in handed_on
    assert json_of(lone.userinfo(handed_on["access_token"])) == json_of(lone.userinfo(original))
