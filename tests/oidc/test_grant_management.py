"""Grant Management for OAuth 2.0: a client names an approval, looks at it and gives it back; nobody else's."""

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
from oidc.clients.metadata import DEVICE_CODE
from oidc.request.grant_management import QUERY_SCOPE, REVOKE_SCOPE
from tests.oidc.asking import CONTRACT, DETAIL, answer, ask, grant, push
from tests.oidc.devices import allow, begun, poll
from tests.oidc.provider_house import ALICE, ClientKey, House, error_of, json_of

CREATE = {"grant_management_action": "create"}


def manager(house: House, client_id: str = "school") -> Client:
    return house.add(
        client_id,
        grant_types=["authorization_code", "refresh_token", "client_credentials", DEVICE_CODE],
        scope=f"openid profile email {QUERY_SCOPE} {REVOKE_SCOPE}",
        contract=CONTRACT,
    )


def own_token(house: House, client: Client, scope: str, **headers: str) -> str:
    form = {"grant_type": "client_credentials", "scope": scope}
    return str(json_of(house.post("/token", client, form, headers=headers))["access_token"])


def created(house: House, client: Client, **changed: Any) -> dict[str, Any]:
    """The token response after a person approved a request that makes an approval of its own."""
    return json_of(house.redeem(client, answer(grant(house, **CREATE, **changed))["code"]))


def at_grant(house: House, method: str, grant_id: str, token: str, **headers: str) -> TestResponse:
    return house.http.open(
        f"/grants/{grant_id}", method=method, headers={"Authorization": f"Bearer {token}", **headers}
    )


def test_create_asks_however_much_stands_and_every_token_response_names_the_new_approval(lone: House) -> None:
    client = manager(lone)
    first, second = created(lone, client), created(lone, client)
    assert first["grant_id"] != second["grant_id"]
    assert {first["grant_id"], second["grant_id"]} == {view.id for view in lone.consent.grants_of(ALICE)}
    assert json_of(lone.refresh(client, first["refresh_token"]))["grant_id"] == first["grant_id"]
    assert answer(ask(lone, **CREATE, prompt="none"))["error"] == "consent_required"
    silent = json_of(lone.redeem(client, answer(ask(lone, prompt="none"))["code"]))
    assert "grant_id" not in silent


def test_a_device_may_ask_for_one_too(lone: House) -> None:
    client = manager(lone)
    device = begun(lone, client, **CREATE)
    allow(lone, device["user_code"])
    told = json_of(poll(lone, client, device["device_code"]))
    assert told["grant_id"] == lone.consent.grants_of(ALICE)[0].id


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"grant_management_action": "merge"}, id="an action that isn't offered: merge"),
        pytest.param({"grant_management_action": "replace"}, id="replace"),
        pytest.param({"grant_management_action": "query"}, id="an action of the endpoint"),
        pytest.param({**CREATE, "grant_id": "g"}, id="create with a grant_id"),
        pytest.param({"grant_id": "g"}, id="a grant_id alone"),
    ],
)
def test_a_request_that_would_change_an_approval_is_refused(lone: House, changed: dict[str, str]) -> None:
    manager(lone)
    lone.sign_in.there = lone.signed_in()
    assert answer(ask(lone, **changed))["error"] == "invalid_request"
    assert error_of(push(lone, **changed)) == "invalid_request"
    assert ask(lone, **CREATE).location.startswith("/release/")


def test_a_public_client_which_could_never_manage_it_is_refused(lone: House) -> None:
    lone.add(token_endpoint_auth_method="none", client_secret=None)
    assert answer(ask(lone, **CREATE))["error"] == "invalid_request"


def test_the_client_sees_what_still_stands(lone: House) -> None:
    client = manager(lone)
    grant_id = created(lone, client, authorization_details=json.dumps([DETAIL]))["grant_id"]
    token = own_token(lone, client, QUERY_SCOPE)
    told = json_of(at_grant(lone, "GET", grant_id, token))
    assert told["scopes"] == [{"scope": "openid profile"}]
    assert told["claims"] == ["name", "family_name", "given_name", "birthdate", "locale"]
    (detail,) = told["authorization_details"]
    assert (detail["type"], detail["document_types"]) == ("document", ["proof_of_address"])
    lone.evidence.lent[detail["documents"][0]["lending"]] = False
    assert json_of(at_grant(lone, "GET", grant_id, token))["authorization_details"] == []


def test_given_back_it_is_over_with_its_tokens_and_lendings_and_the_person_can_read_who_did_it(house: House) -> None:
    client = manager(house)
    tokens = created(house, client, authorization_details=json.dumps([DETAIL]))
    other = created(house, client)
    token = own_token(house, client, f"{QUERY_SCOPE} {REVOKE_SCOPE}")
    given_back = at_grant(house, "DELETE", tokens["grant_id"], token)
    assert (given_back.status_code, given_back.data) == (204, b"")
    refused = house.refresh(client, tokens["refresh_token"])
    assert error_of(refused) == "invalid_grant"
    assert "person took this approval back" not in refused.text
    assert house.userinfo(tokens["access_token"]).status_code == 401
    assert list(house.evidence.lent.values()) == [False]
    ended = {view.id: view.returned for view in house.consent.grants_of(ALICE) if not view.stands}
    assert ended == {tokens["grant_id"]: True}
    with house.database.reading() as tx:
        told = tx.execute(select(entries.c.readable).where(entries.c.kind == "grant_taken_back")).scalar_one()
    assert json.loads(told)["actor_kind"][0] == "service"
    for method in ("GET", "DELETE"):
        assert error_of(at_grant(house, method, tokens["grant_id"], token)) == "invalid_grant_id"
    assert json_of(at_grant(house, "GET", other["grant_id"], token))["authorization_details"] == []


def _nobodys(house: House, client: Client, grant_id: str) -> str:
    return "g"


def _another_clients(house: House, client: Client, grant_id: str) -> str:
    library = manager(house, "library")
    redirect = {"client_id": "library"}
    return str(json_of(house.redeem(library, answer(grant(house, **CREATE, **redirect))["code"]))["grant_id"])


def _taken_back(house: House, client: Client, grant_id: str) -> str:
    assert house.consent.take_back(ALICE, house.consent.grants_of(ALICE)[0].id)
    return grant_id


@pytest.mark.parametrize("other", [_nobodys, _another_clients, _taken_back])
def test_what_isnt_there_and_what_is_another_clients_are_answered_alike(
    lone: House, other: Callable[[House, Client, str], str]
) -> None:
    client = manager(lone)
    grant_id = other(lone, client, created(lone, client)["grant_id"])
    before = [view.stands for view in lone.consent.grants_of(ALICE)]
    token = own_token(lone, client, f"{QUERY_SCOPE} {REVOKE_SCOPE}")
    for method in ("GET", "DELETE"):
        refused = at_grant(lone, method, grant_id, token)
        assert (refused.status_code, refused.get_json()) == (404, {"error": "invalid_grant_id"})
    assert [view.stands for view in lone.consent.grants_of(ALICE)] == before


def _expired(house: House, client: Client) -> str:
    token = own_token(house, client, f"{QUERY_SCOPE} {REVOKE_SCOPE}")
    house.clock.advance(timedelta(minutes=5))
    return token


def _revoked(house: House, client: Client) -> str:
    token = own_token(house, client, f"{QUERY_SCOPE} {REVOKE_SCOPE}")
    house.post("/revoke", client, {"token": token})
    return token


def _of_a_person(house: House, client: Client) -> str:
    return str(house.tokens(client)["access_token"])


def _bound(house: House, client: Client) -> str:
    key = ClientKey(house.clock)
    return own_token(house, client, f"{QUERY_SCOPE} {REVOKE_SCOPE}", DPoP=key.proof("POST", "/token"))


def _of_a_client_that_is_gone(house: House, client: Client) -> str:
    gone = manager(house, "gone")
    token = own_token(house, gone, f"{QUERY_SCOPE} {REVOKE_SCOPE}")
    house.clients.remove("gone", actor="tests")
    return token


@pytest.mark.parametrize(
    "show",
    [
        pytest.param(lambda *_: "x", id="no token of ours"),
        pytest.param(_expired, id="expired"),
        pytest.param(_revoked, id="revoked"),
        pytest.param(_of_a_person, id="one that stands for a person"),
        pytest.param(_bound, id="a bound one without its proof"),
        pytest.param(_of_a_client_that_is_gone, id="of a client that was removed"),
    ],
)
def test_a_token_that_isnt_enough_reaches_nothing(lone: House, show: Callable[[House, Client], str]) -> None:
    client = manager(lone)
    grant_id, token = created(lone, client)["grant_id"], show(lone, client)
    for method in ("GET", "DELETE"):
        refused = at_grant(lone, method, grant_id, token)
        assert (refused.status_code, error_of(refused)) == (401, "invalid_token")
        assert 'error="invalid_token"' in refused.headers["WWW-Authenticate"]
    assert json_of(at_grant(lone, "GET", grant_id, own_token(lone, client, QUERY_SCOPE)))


@pytest.mark.parametrize(("method", "scope"), [("GET", REVOKE_SCOPE), ("DELETE", QUERY_SCOPE)])
def test_each_scope_is_good_for_its_own_method_alone(lone: House, method: str, scope: str) -> None:
    client = manager(lone)
    grant_id = created(lone, client)["grant_id"]
    refused = at_grant(lone, method, grant_id, own_token(lone, client, scope))
    assert (refused.status_code, error_of(refused)) == (403, "insufficient_scope")
    assert lone.consent.grants_of(ALICE)[0].stands


def test_without_a_token_and_without_an_approval_there_is_nothing_to_see(lone: House) -> None:
    nothing = lone.http.get("/grants/g")
    assert (nothing.status_code, nothing.get_json()) == (401, {})
    token = own_token(lone, manager(lone), QUERY_SCOPE)
    assert lone.http.get("/grants", headers={"Authorization": f"Bearer {token}"}).status_code == 404


def test_a_bound_token_passes_with_a_proof_that_is_good_once(house: House) -> None:
    client, key = manager(house), ClientKey(house.clock)
    grant_id = created(house, client)["grant_id"]
    token = own_token(house, client, QUERY_SCOPE, DPoP=key.proof("POST", "/token"))
    headers = {"Authorization": f"DPoP {token}", "DPoP": key.proof("GET", f"/grants/{grant_id}", token=token)}
    assert house.http.get(f"/grants/{grant_id}", headers=headers).status_code == 200
    assert house.http.get(f"/grants/{grant_id}", headers=headers).status_code == 401
