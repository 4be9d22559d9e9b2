"""DPoP (RFC 9449): THREATS §2, "Sender constraint", a row each."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import pytest

from oidc.clients import Client
from tests.oidc.provider_house import ISSUER, ClientKey, House, error_of, json_of, unverified

PUBLIC = {"token_endpoint_auth_method": "none", "client_secret": None}


@pytest.fixture(scope="module")
def app(shared: House) -> Client:
    return shared.add("app", **PUBLIC)


@pytest.fixture
def key(shared: House) -> ClientKey:
    return ClientKey(shared.clock)


def moved(house: House, changed: dict[str, Any]) -> dict[str, Any]:
    now = int(house.clock.now().timestamp())
    return {name: v + now if name == "iat" and type(v) is int else v for name, v in changed.items()}


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({}, id="plain"),
        pytest.param({"extra": "claim"}, id="extra claims"),
        pytest.param({"htu": "https://ACCOUNT.example/token"}, id="upper-case host"),
        pytest.param({"htu": "https://account.example:443/token"}, id="default port"),
        pytest.param({"htu": f"{ISSUER}/token?a=b#c"}, id="RFC 9449 §4.3 query and fragment are ignored"),
        pytest.param({"iat": 10}, id="iat 10 s ahead"),
        pytest.param({"iat": -10}, id="iat 10 s ago"),
    ],
)
def test_a_proof_passes(shared: House, app: Client, key: ClientKey, changed: dict[str, Any]) -> None:
    proof = key.proof("POST", "/token", **moved(shared, changed))
    tokens = json_of(shared.redeem(app, shared.code(app), headers={"DPoP": proof}))
    assert tokens["token_type"] == "DPoP"
    assert unverified(tokens["access_token"])[1]["cnf"] == {"jkt": key.private.thumbprint()}


@pytest.mark.parametrize(
    ("header", "changed", "error"),
    [
        pytest.param({"typ": None}, {}, "invalid_dpop_proof", id="RFC 9449 §4.3 typ missing"),
        pytest.param({"typ": "JWT"}, {}, "invalid_dpop_proof", id="typ other"),
        pytest.param({"jwk": None}, {}, "invalid_dpop_proof", id="jwk missing"),
        pytest.param({"jwk": {"kty": "oct", "k": "AAAA"}}, {}, "invalid_dpop_proof", id="jwk symmetric"),
        pytest.param({"jwk": "private"}, {}, "invalid_dpop_proof", id="private key in jwk"),
        pytest.param({"jwk": "foreign"}, {}, "invalid_dpop_proof", id="jwk of another key"),
        pytest.param({}, {"htm": "GET"}, "invalid_dpop_proof", id="htm wrong"),
        pytest.param({}, {"htm": None}, "invalid_dpop_proof", id="htm missing"),
        pytest.param({}, {"htu": f"{ISSUER}/userinfo"}, "invalid_dpop_proof", id="htu wrong"),
        pytest.param({}, {"htu": "https://evil.example/token"}, "invalid_dpop_proof", id="htu another host"),
        pytest.param({}, {"htu": None}, "invalid_dpop_proof", id="htu missing"),
        pytest.param({}, {"jti": None}, "invalid_dpop_proof", id="jti missing"),
        pytest.param({}, {"iat": None}, "invalid_dpop_proof", id="iat missing"),
        pytest.param({}, {"iat": "now"}, "invalid_dpop_proof", id="iat no number"),
        pytest.param({}, {"iat": -61}, "use_dpop_nonce", id="iat too old"),
        pytest.param({}, {"iat": 60}, "use_dpop_nonce", id="iat ahead"),
        pytest.param({}, {"nonce": "mine"}, "use_dpop_nonce", id="nonce invented"),
    ],
)
def test_a_proof_that_differs_in_one_thing_is_refused(
    shared: House, app: Client, key: ClientKey, header: dict[str, Any], changed: dict[str, Any], error: str
) -> None:
    named = {
        "private": dict(key.private.as_dict(private=True)),
        "foreign": ClientKey(shared.clock).public,
    }
    told = header.get("jwk")
    head = {**header, "jwk": named[told]} if isinstance(told, str) else header
    code = shared.code(app)
    proof = key.proof("POST", "/token", header=head, **moved(shared, changed))
    answer = shared.redeem(app, code, headers={"DPoP": proof})
    assert error_of(answer) == error
    assert ("DPoP-Nonce" in answer.headers) is (error == "use_dpop_nonce")
    json_of(shared.redeem(app, code, headers={"DPoP": key.proof("POST", "/token")}))


@pytest.mark.parametrize("alg", ["none", "HS256"])
def test_a_proof_of_a_weak_algorithm_is_refused(shared: House, app: Client, key: ClientKey, alg: str) -> None:
    head, claims, signature = key.proof("POST", "/token").split(".")
    from_header = unverified(f"{head}.{claims}.{signature}")[0] | {"alg": alg}
    packed = base64.urlsafe_b64encode(json.dumps(from_header).encode()).decode().rstrip("=")
    answer = shared.redeem(app, shared.code(app), headers={"DPoP": f"{packed}.{claims}.{signature}"})
    assert error_of(answer) == "invalid_dpop_proof"


def test_a_proof_is_used_once(house: House) -> None:
    key, client = ClientKey(house.clock), house.add("app", **PUBLIC)
    proof = key.proof("POST", "/token")
    json_of(house.redeem(client, house.code(client), headers={"DPoP": proof}))
    assert error_of(house.redeem(client, house.code(client), headers={"DPoP": proof})) == "invalid_dpop_proof"


def test_two_proofs_are_refused(lone: House) -> None:
    key, client = ClientKey(lone.clock), lone.add("app", **PUBLIC)
    two = f"{key.proof('POST', '/token')}, {key.proof('POST', '/token')}"
    assert error_of(lone.redeem(client, lone.code(client), headers={"DPoP": two})) == "invalid_dpop_proof"


def test_a_client_whose_clock_is_wrong_goes_on_with_our_nonce(lone: House) -> None:
    key, client = ClientKey(lone.clock), lone.add("app", **PUBLIC)
    code, wrong = lone.code(client), int(lone.clock.now().timestamp()) + 86_400
    answer = lone.redeem(client, code, headers={"DPoP": key.proof("POST", "/token", iat=wrong)})
    nonce = answer.headers["DPoP-Nonce"]
    dated = key.proof("POST", "/token", iat=wrong, nonce=nonce)
    json_of(lone.redeem(client, code, headers={"DPoP": dated}))
    lone.clock.advance(timedelta(minutes=4))
    late = key.proof("POST", "/token", nonce=nonce)
    assert error_of(lone.redeem(client, lone.code(client), headers={"DPoP": late})) == "use_dpop_nonce"


def test_a_bound_client_needs_a_proof(lone: House) -> None:
    client = lone.add(dpop_bound_access_tokens=True)
    assert error_of(lone.redeem(client, lone.code(client))) == "invalid_dpop_proof"


def test_a_code_bound_to_a_key_needs_that_key(lone: House) -> None:
    key, other, client = ClientKey(lone.clock), ClientKey(lone.clock), lone.add()
    code = lone.code(client, dpop_jkt=key.private.thumbprint())
    assert error_of(lone.redeem(client, code)) == "invalid_grant"
    assert error_of(lone.redeem(client, code, headers={"DPoP": other.proof("POST", "/token")})) == "invalid_grant"
    json_of(lone.redeem(client, code, headers={"DPoP": key.proof("POST", "/token")}))


def test_a_public_clients_refresh_token_is_bound_to_its_key(house: House) -> None:
    key, other, client = ClientKey(house.clock), ClientKey(house.clock), house.add("app", **PUBLIC)
    tokens = json_of(house.redeem(client, house.code(client), headers={"DPoP": key.proof("POST", "/token")}))
    token = tokens["refresh_token"]
    assert error_of(house.refresh(client, token)) == "invalid_grant"
    assert error_of(house.refresh(client, token, headers={"DPoP": other.proof("POST", "/token")})) == "invalid_grant"
    json_of(house.refresh(client, token, headers={"DPoP": key.proof("POST", "/token")}))


def test_a_bound_token_is_shown_with_its_key_and_nothing_else(house: House) -> None:
    key, other, client = ClientKey(house.clock), ClientKey(house.clock), house.add("app", **PUBLIC)
    token = json_of(house.redeem(client, house.code(client), headers={"DPoP": key.proof("POST", "/token")}))[
        "access_token"
    ]

    def show(proof: str | None, scheme: str = "DPoP") -> int:
        headers = {"Authorization": f"{scheme} {token}"} | ({"DPoP": proof} if proof else {})
        return house.http.get("/userinfo", headers=headers).status_code

    good = key.proof("GET", "/userinfo", token=token)
    assert show(good) == 200
    assert show(good) == 401, "jti again"
    assert show(None) == 401, "no proof"
    assert show(None, "Bearer") == 401, "RFC 9449 §7.2 Bearer with a bound token"
    assert show(key.proof("GET", "/userinfo", token=token), "Bearer") == 401
    assert show(key.proof("GET", "/userinfo")) == 401, "ath missing"
    assert show(key.proof("GET", "/userinfo", token="x")) == 401, "ath wrong"
    assert show(key.proof("POST", "/userinfo", token=token)) == 401, "htm wrong"
    assert show(other.proof("GET", "/userinfo", token=token)) == 401, "other key"


def test_the_host_header_cannot_move_a_proof(lone: House) -> None:
    key, client = ClientKey(lone.clock), lone.add("app", **PUBLIC)
    proof = key.proof("POST", "/token", htu="https://evil.example/token")
    headers = {"DPoP": proof, "Host": "evil.example"}
    assert error_of(lone.redeem(client, lone.code(client), headers=headers)) == "invalid_dpop_proof"
