"""Clients that register themselves (RFC 7591) and look after their registration (RFC 7592)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from audit.store.entries import entries
from config.database import Database
from oidc.registration import Policy
from oidc.store.clients import clients
from tests.clocks import FixedClock
from tests.oidc.asking import answer, ask
from tests.oidc.provider_house import ISSUER, REDIRECT, House, error_of, json_of

INITIAL = "an initial access token of 48 characters, 0123456"


@pytest.fixture
def opened(sqlite: Database, tmp_path: Path, clock: FixedClock) -> House:
    return House(sqlite, tmp_path / "keys", clock, policy=Policy(mode="open", profile="openid-basic"))


@pytest.fixture
def guarded(sqlite: Database, tmp_path: Path, clock: FixedClock) -> House:
    policy = Policy(mode="token", initial_access_token=INITIAL, profile="baseline")
    return House(sqlite, tmp_path / "keys", clock, policy=policy)


def call(house: House, method: str, path: str, body: object = None, token: str | None = None) -> TestResponse:
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    sent = {"json": body} if body is not None else {}
    return getattr(house.http, method)(path, headers=headers, **sent)  # type: ignore[no-any-return]


def wish(**changed: Any) -> dict[str, Any]:
    wished = {"redirect_uris": [REDIRECT], "client_name": "Little club", **changed}
    return {name: value for name, value in wished.items() if value is not None}


def registered(house: House, **changed: Any) -> dict[str, Any]:
    return json_of(call(house, "post", "/register", wish(**changed)), 201)


def test_a_client_registers_and_signs_on(opened: House) -> None:
    told = registered(opened)
    assert told["client_secret_expires_at"] == 0
    assert told["registration_client_uri"] == f"{ISSUER}/register/{told['client_id']}"
    assert (told["redirect_uris"], told["id_token_signed_response_alg"]) == ([REDIRECT], "RS256")
    client = opened.clients.get(told["client_id"])
    assert client
    assert client.profile == "openid-basic"
    assert client.contract == {}
    code = opened.code(client, scope=("openid",))
    assert json_of(opened.redeem(client, code, secret=told["client_secret"]))["id_token"]


def test_what_the_operator_decides_cannot_be_wished(opened: House) -> None:
    wished = {
        "client_id": "chosen",
        "client_secret": "x" * 40,
        "contract": {"purposes": {"school_enrolment": {"document_types": ["identity_card"]}}},
        "profile": "baseline",
        "require_pkce": False,
        "registration_access_token": "x",
    }
    told = registered(opened, **wished)
    client = opened.clients.get(told["client_id"])
    assert client
    assert told["client_id"] != "chosen"
    assert told["client_secret"] != "x" * 40
    assert (client.contract, client.profile) == ({}, "openid-basic")
    assert "contract" not in told


@pytest.mark.parametrize(
    ("body", "error"),
    [
        pytest.param(wish(redirect_uris=None), "invalid_redirect_uri", id="no redirect_uri"),
        pytest.param(wish(redirect_uris=["http://club.example/"]), "invalid_redirect_uri", id="http"),
        pytest.param(wish(redirect_uris=["https://club.example/#x"]), "invalid_redirect_uri", id="a fragment"),
        pytest.param(wish(grant_types=["password"]), "invalid_client_metadata", id="password grant"),
        pytest.param(wish(response_types=["token"]), "invalid_client_metadata", id="implicit"),
        pytest.param(wish(jwks={"keys": [{"kty": "oct", "k": "AA"}]}), "invalid_client_metadata", id="symmetric key"),
        pytest.param(wish(jwks_uri="http://127.0.0.1/"), "invalid_client_metadata", id="jwks_uri inside"),
        pytest.param(wish(software_statement="e30.e30.x"), "unapproved_software_statement", id="software statement"),
        pytest.param([], "invalid_client_metadata", id="no object"),
        pytest.param("x", "invalid_client_metadata", id="a text"),
    ],
)
def test_a_wish_that_cannot_be_granted_is_refused(opened: House, body: object, error: str) -> None:
    assert error_of(call(opened, "post", "/register", body)) == error
    assert opened.clients.all() == []


@pytest.mark.parametrize(
    ("data", "mimetype"),
    [
        (b"{", "application/json"),
        (b"{}", "text/plain"),
        (b'{"a":1,"a":2}', "application/json"),
        (b"\xff", "application/json"),
    ],
)
def test_a_body_that_is_no_json_is_refused(opened: House, data: bytes, mimetype: str) -> None:
    assert error_of(opened.http.post("/register", data=data, content_type=mimetype)) == "invalid_client_metadata"


def test_its_own_token_reads_changes_and_removes_it(opened: House) -> None:
    told = registered(opened)
    path, token = f"/register/{told['client_id']}", told["registration_access_token"]
    assert json_of(call(opened, "get", path, token=token))["client_name"] == "Little club"
    changed = {
        **wish(client_name="Larger club"),
        "client_id": told["client_id"],
        "client_secret": told["client_secret"],
    }
    assert json_of(call(opened, "put", path, changed, token))["client_name"] == "Larger club"
    client = opened.clients.get(told["client_id"])
    assert client
    assert opened.clients.check_secret(client, told["client_secret"])
    tokens = json_of(opened.redeem(client, opened.code(client, scope=("openid",)), secret=told["client_secret"]))
    assert call(opened, "delete", path, token=token).status_code == 204
    opened.clock.advance(timedelta(seconds=6))
    assert call(opened, "get", path, token=token).status_code == 401
    assert opened.userinfo(tokens["access_token"]).status_code == 401


def test_a_change_leaves_what_the_operator_decided_since(opened: House) -> None:
    told = registered(opened)
    decided = {"profile": "baseline", "require_pkce": False, "contract": {"contact": "club@city.example"}}
    opened.clients.add({**wish(), "client_id": told["client_id"], **decided}, actor="operator")
    body = {**wish(client_name="Larger club"), "client_id": told["client_id"], "require_pkce": True, "contract": {}}
    path, token = f"/register/{told['client_id']}", told["registration_access_token"]
    assert json_of(call(opened, "put", path, body, token))["client_name"] == "Larger club"
    client = opened.clients.get(told["client_id"])
    assert client
    assert {name: getattr(client, name) for name in decided} == decided
    assert json_of(call(opened, "put", path, {**body, "token_endpoint_auth_method": "none"}, token))
    public = opened.clients.get(told["client_id"])
    assert public
    assert public.require_pkce


@pytest.mark.parametrize(
    "changed",
    [{"client_id": None}, {"client_id": "other"}, {"client_secret": "y" * 43}, {"client_secret": 1}],
    ids=["no client_id", "another client_id", "another secret", "secret no text"],
)
def test_a_change_that_is_not_about_itself_is_refused(opened: House, changed: dict[str, Any]) -> None:
    told = registered(opened)
    body = {**wish(client_name="New"), "client_id": told["client_id"], **changed}
    body = {name: value for name, value in body.items() if value is not None}
    path, token = f"/register/{told['client_id']}", told["registration_access_token"]
    assert error_of(call(opened, "put", path, body, token)) == "invalid_client_metadata"
    assert json_of(call(opened, "get", path, token=token))["client_name"] == "Little club"


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_nobody_elses_token_opens_it(opened: House, method: str) -> None:
    mine, other = registered(opened), registered(opened)
    opened.add()
    body = {**wish(client_name="Taken"), "client_id": mine["client_id"]} if method == "put" else None
    path = f"/register/{mine['client_id']}"
    for token in (None, "", "x", other["registration_access_token"], mine["client_secret"], INITIAL):
        assert call(opened, method, path, body, token).status_code == 401, token
    assert call(opened, method, "/register/unknown", body, mine["registration_access_token"]).status_code == 401
    assert call(opened, method, "/register/school", body, "").status_code == 401  # imported: nobody's own
    assert json_of(call(opened, "get", path, token=mine["registration_access_token"]))["client_name"] == "Little club"


def test_with_an_initial_token_only_who_has_it_registers(guarded: House) -> None:
    for token in (None, "", "x", INITIAL[:-1], INITIAL + "x"):
        refused = call(guarded, "post", "/register", wish(), token)
        assert refused.status_code == 401
        assert refused.headers["WWW-Authenticate"].startswith("Bearer")
    assert guarded.clients.all() == []
    assert json_of(call(guarded, "post", "/register", wish(), INITIAL), 201)["client_id"]


def test_where_registration_is_off_there_is_no_such_address(lone: House) -> None:
    assert call(lone, "post", "/register", wish()).status_code == 404
    assert "registration_endpoint" not in json_of(lone.http.get("/.well-known/openid-configuration"))


def test_where_it_is_on_discovery_says_so(opened: House) -> None:
    told = json_of(opened.http.get("/.well-known/openid-configuration"))
    assert told["registration_endpoint"] == f"{ISSUER}/register"


def test_only_hashes_of_its_tokens_are_kept_and_the_ledger_knows(opened: House) -> None:
    told = registered(opened)
    with opened.database.reading() as tx:
        kept = [repr(tuple(row)) for row in tx.execute(clients.select())]
        changes = [row for row in tx.execute(entries.select()) if row.kind == "client_changed"]
    assert told["registration_access_token"] not in "".join(kept)
    assert told["client_secret"] not in "".join(kept)
    assert len(changes) == 1


def test_it_can_ask_for_no_paper(opened: House) -> None:
    told = registered(opened)
    refused = ask(opened, client_id=told["client_id"], scope="openid document:identity_card")
    assert answer(refused)["error"] == "invalid_scope"
