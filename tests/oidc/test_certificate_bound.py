"""Tokens bound to the client's certificate (RFC 8705 §3, §4): THREATS §2, "Sender constraint"."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from config.database import Database
from oidc.clients import Client
from oidc.errors import InvalidClientMetadata
from tests.clocks import FixedClock
from tests.oidc.certified import SUBJECT, Certified
from tests.oidc.provider_house import VAULT, ClientKey, House, error_of, json_of, unverified

BOUND: dict[str, Any] = {"tls_client_certificate_bound_access_tokens": True}
TLS: dict[str, Any] = {
    "token_endpoint_auth_method": "tls_client_auth",
    "client_secret": None,
    "tls_client_auth_subject_dn": SUBJECT,
}
PUBLIC: dict[str, Any] = {"token_endpoint_auth_method": "none", "client_secret": None}
OURS, OTHER = Certified(), Certified()
"""Two certificates of one name: the second, too, authenticates the client of `TLS`."""


@pytest.fixture
def house(database: Database, tmp_path: Path, clock: FixedClock) -> House:
    """A provider behind a proxy that passes certificates on, once on each kind of database."""
    return House(database, tmp_path / "keys", clock, certificates=True)


@pytest.fixture
def lone(sqlite: Database, tmp_path: Path, clock: FixedClock) -> House:
    """The same, for what does not depend on the kind of database."""
    return House(sqlite, tmp_path / "keys", clock, certificates=True)


def bound(house: House, client: Client, shown: Certified = OURS, **how: Any) -> dict[str, Any]:
    return json_of(house.redeem(client, house.code(client, **how), headers=shown.headers()))


def userinfo(house: House, token: str, shown: Certified | None = OURS, scheme: str = "Bearer") -> TestResponse:
    headers = {"Authorization": f"{scheme} {token}"} | (shown.headers() if shown else {})
    return house.http.get("/userinfo", headers=headers)


@pytest.mark.parametrize("client", [TLS, PUBLIC, {}], ids=["tls_client_auth", "public", "a secret"])
def test_a_token_says_which_certificate_it_is_bound_to(house: House, client: dict[str, Any]) -> None:
    told = bound(house, house.add(**client, **BOUND))
    assert told["token_type"] == "Bearer"
    assert unverified(told["access_token"])[1]["cnf"] == {"x5t#S256": OURS.thumbprint}
    assert json_of(userinfo(house, told["access_token"]))["sub"]


@pytest.mark.parametrize(
    ("shown", "scheme"),
    [
        pytest.param(None, "Bearer", id="RFC 8705 §3 certificate missing"),
        pytest.param(OTHER, "Bearer", id="RFC 8705 §3 another certificate of the same name"),
        pytest.param(Certified(key=OURS.key), "Bearer", id="RFC 8705 §3.1 another certificate of the same key"),
        pytest.param(OURS, "DPoP", id="as if bound to a key"),
    ],
)
def test_it_is_shown_with_that_certificate_and_no_other(lone: House, shown: Certified | None, scheme: str) -> None:
    token = bound(lone, lone.add(**TLS, **BOUND))["access_token"]
    refused = userinfo(lone, token, shown, scheme)
    assert (refused.status_code, error_of(refused)) == (401, "invalid_token")
    assert 'error="invalid_token"' in refused.headers["WWW-Authenticate"]
    assert json_of(userinfo(lone, token))["sub"]


def test_past_the_trusted_proxy_the_right_certificate_is_none(lone: House) -> None:
    token = bound(lone, lone.add(**PUBLIC, **BOUND))["access_token"]
    lone.trust(proxies=0)
    assert error_of(userinfo(lone, token)) == "invalid_token"


def test_the_vault_asks_for_it_too(lone: House) -> None:
    token = bound(lone, lone.add(**TLS, **BOUND), lendings=("l1",))["access_token"]

    def show(shown: Certified | None) -> object:
        der = shown.der if shown else None
        asked = {"audience": VAULT, "client_certificate": der}
        return lone.verified("GET", f"{VAULT}/documents", [f"Bearer {token}"], [], **asked)  # type: ignore[arg-type]

    assert getattr(show(OURS), "lendings", None) == ("l1",)
    assert getattr(show(None), "code", None) == getattr(show(OTHER), "code", None) == "invalid_token"


@pytest.mark.parametrize("client", [PUBLIC, {}], ids=["public", "a secret"])
def test_a_client_that_registered_so_shows_one_at_each_token_request(lone: House, client: dict[str, Any]) -> None:
    registered = lone.add(**client, **BOUND)
    code = lone.code(registered)
    assert error_of(lone.redeem(registered, code)) == "invalid_request"
    told = json_of(lone.redeem(registered, code, headers=OURS.headers()))
    assert error_of(lone.refresh(registered, told["refresh_token"])) == "invalid_request"


def test_a_client_that_did_not_register_so_gets_tokens_for_any_bearer(lone: House) -> None:
    told = bound(lone, lone.add(**TLS))
    assert "cnf" not in unverified(told["access_token"])[1]
    assert json_of(userinfo(lone, told["access_token"], None))["sub"]


def test_a_public_clients_refresh_token_is_bound_to_its_certificate(house: House) -> None:
    client = house.add(**PUBLIC, **BOUND)
    token = bound(house, client)["refresh_token"]
    assert error_of(house.refresh(client, token, headers=OTHER.headers())) == "invalid_grant"
    again = json_of(house.refresh(client, token, headers=OURS.headers()))
    assert unverified(again["access_token"])[1]["cnf"] == {"x5t#S256": OURS.thumbprint}
    house.add(**PUBLIC)  # no longer registered so: the token stays what it was
    assert error_of(house.refresh(client, again["refresh_token"])) == "invalid_grant"
    json_of(house.refresh(client, again["refresh_token"], headers=OURS.headers()))


def test_a_client_that_authenticates_may_renew_its_certificate(lone: House) -> None:
    client = lone.add(**TLS, **BOUND)
    token = bound(lone, client)["refresh_token"]
    renewed = json_of(lone.refresh(client, token, headers=OTHER.headers()))  # RFC 8705 §4, §7.1
    assert unverified(renewed["access_token"])[1]["cnf"] == {"x5t#S256": OTHER.thumbprint}
    assert error_of(userinfo(lone, renewed["access_token"], OURS)) == "invalid_token"


def test_key_and_certificate_both_bind(lone: House) -> None:
    client, key = lone.add(**PUBLIC, **BOUND), ClientKey(lone.clock)
    sent = {**OURS.headers(), "DPoP": key.proof("POST", "/token")}
    told = json_of(lone.redeem(client, lone.code(client), headers=sent))
    cnf = {"jkt": key.private.thumbprint(), "x5t#S256": OURS.thumbprint}
    assert unverified(told["access_token"])[1]["cnf"] == cnf

    def show(shown: Certified) -> int:
        proof = key.proof("GET", "/userinfo", token=told["access_token"])
        headers = {"Authorization": f"DPoP {told['access_token']}", "DPoP": proof, **shown.headers()}
        return lone.http.get("/userinfo", headers=headers).status_code

    assert (show(OURS), show(OTHER)) == (200, 401)
    assert userinfo(lone, told["access_token"]).status_code == 401, "the certificate alone"
    refresh = told["refresh_token"]
    assert error_of(lone.refresh(client, refresh, headers=OURS.headers())) == "invalid_grant"
    proof = {"DPoP": key.proof("POST", "/token")}
    assert error_of(lone.refresh(client, refresh, headers={**OTHER.headers(), **proof})) == "invalid_grant"
    json_of(lone.refresh(client, refresh, headers={**OURS.headers(), "DPoP": key.proof("POST", "/token")}))


def test_introspection_tells_the_certificate(lone: House) -> None:
    client = lone.add(**TLS, **BOUND)
    token = bound(lone, client)["access_token"]
    told = json_of(lone.post("/introspect", client, {"token": token}, headers=OURS.headers()))
    assert (told["active"], told["token_type"], told["cnf"]) == (True, "Bearer", {"x5t#S256": OURS.thumbprint})


def test_discovery_says_so(lone: House) -> None:
    told = json_of(lone.http.get("/.well-known/openid-configuration"))
    assert told["tls_client_certificate_bound_access_tokens"] is True
    assert lone.add(**TLS, **BOUND).tls_client_certificate_bound_access_tokens


@pytest.mark.parametrize("client", [PUBLIC, {}])
def test_where_no_proxy_passes_certificates_on_it_is_refused(shared: House, client: dict[str, Any]) -> None:
    with pytest.raises(InvalidClientMetadata, match="no proxy"):
        shared.add(**client, **BOUND)
    told = json_of(shared.http.get("/.well-known/openid-configuration"))
    assert "tls_client_certificate_bound_access_tokens" not in told


@pytest.mark.parametrize("value", ["true", 1, None])
def test_the_flag_is_true_or_false(lone: House, value: object) -> None:
    given: dict[str, Any] = {"tls_client_certificate_bound_access_tokens": value}
    if value is None:
        assert not lone.add(**TLS, **given).tls_client_certificate_bound_access_tokens
        return
    with pytest.raises(InvalidClientMetadata):
        lone.add(**TLS, **given)


@pytest.mark.parametrize(
    ("changed", "dpop"),
    [
        pytest.param({**BOUND}, False, id="by certificate"),
        pytest.param({**BOUND, "dpop_bound_access_tokens": False}, False, id="by certificate, not by key"),
        pytest.param({**BOUND, "dpop_bound_access_tokens": True}, True, id="by both"),
        pytest.param({}, True, id="by key"),
        pytest.param({"dpop_bound_access_tokens": False}, None, id="by neither: refused"),
    ],
)
def test_a_fapi_client_is_bound_by_certificate_or_by_key(
    lone: House, changed: dict[str, Any], dpop: bool | None
) -> None:
    given = {**TLS, "profile": "fapi2", **changed}
    if dpop is None:
        with pytest.raises(InvalidClientMetadata):
            lone.add(**given)
        return
    assert lone.add(**given).dpop_bound_access_tokens is dpop


def test_a_token_of_no_person_is_bound_as_well(lone: House) -> None:
    client = lone.add(**TLS, **BOUND, grant_types=["client_credentials"], redirect_uris=[], scope="reports")
    asked = {"grant_type": "client_credentials"}
    assert error_of(lone.post("/token", client, asked)) == "invalid_client"
    token = json_of(lone.post("/token", client, asked, headers=OURS.headers()))["access_token"]
    assert unverified(token)[1]["cnf"] == {"x5t#S256": OURS.thumbprint}
