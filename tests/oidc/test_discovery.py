"""Discovery tells the truth: what it announces is taken, and what it doesn't announce is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from joserfc import jwk, jws

from oidc.client_authentication.private_key import ASSERTION_TYPE
from oidc.endpoints import discovery
from oidc.errors import InvalidClientMetadata
from tests.oidc.asking import answer, ask
from tests.oidc.provider_house import ISSUER, REDIRECT, SECRET, House, error_of, json_of, metadata, unverified

TOLD: Mapping[str, Any] = discovery.metadata(ISSUER)
KEYS = {
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "ES512": ("EC", "P-521"),
    "EdDSA": ("OKP", "Ed25519"),
    "Ed25519": ("OKP", "Ed25519"),
    "RS256": ("RSA", 2048),
    "RS384": ("RSA", 2048),
    "RS512": ("RSA", 2048),
    "PS256": ("RSA", 2048),
    "PS512": ("RSA", 2048),
}
"""Every algorithm that a client may think of, with its kind of key."""
_MADE: dict[tuple[str, object], Any] = {}


def key_for(alg: str) -> Any:
    kind = KEYS[alg]
    if kind not in _MADE:
        _MADE[kind] = jwk.generate_key(*kind, {"kid": "k1"}, private=True)  # type: ignore[call-overload]
    return _MADE[kind]


def signed(alg: str, key: Any, header: dict[str, Any], claims: dict[str, Any]) -> str:
    return jws.serialize_compact({"alg": alg, **header}, json.dumps(claims), key, algorithms=[alg])


def times(house: House) -> dict[str, int]:
    now = int(house.clock.now().timestamp())
    return {"iat": now, "exp": now + 60}


def test_it_is_the_same_at_both_addresses(lone: House) -> None:
    one = json_of(lone.http.get("/.well-known/openid-configuration"))
    assert one == json_of(lone.http.get("/.well-known/oauth-authorization-server")) == TOLD


@pytest.mark.parametrize("name", [name for name in TOLD if name.endswith(("_endpoint", "_uri"))])
def test_every_address_answers(lone: House, name: str) -> None:
    path = TOLD[name].removeprefix(ISSUER)
    assert {lone.http.get(path).status_code, lone.http.post(path).status_code} & {200, 303, 400, 401}
    assert 404 not in {lone.http.get(path).status_code, lone.http.post(path).status_code}


@pytest.mark.parametrize("alg", KEYS)
def test_an_assertion_passes_by_the_algorithms_announced_and_by_no_other(lone: House, alg: str) -> None:
    key = key_for(alg)
    public = {"keys": [key.as_dict(private=False)]}
    lone.add("keyed", token_endpoint_auth_method="private_key_jwt", client_secret=None, jwks=public)
    claims = {"iss": "keyed", "sub": "keyed", "aud": ISSUER, "jti": "1", **times(lone)}
    form = {"token": "x", "client_assertion": signed(alg, key, {}, claims), "client_assertion_type": ASSERTION_TYPE}
    announced = alg in TOLD["token_endpoint_auth_signing_alg_values_supported"]
    assert (lone.http.post("/revoke", data=form).status_code == 200) is announced


@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
def test_a_shared_secret_signs_by_the_algorithms_announced_and_by_no_other(lone: House, alg: str) -> None:
    lone.add("hmac", token_endpoint_auth_method="client_secret_jwt", client_secret=SECRET * 2)
    claims = {"iss": "hmac", "sub": "hmac", "aud": ISSUER, "jti": "1", **times(lone)}
    assertion = signed(alg, jwk.OctKey.import_key(SECRET * 2), {}, claims)
    form = {"token": "x", "client_assertion": assertion, "client_assertion_type": ASSERTION_TYPE}
    announced = alg in TOLD["token_endpoint_auth_signing_alg_values_supported"]
    assert (lone.http.post("/revoke", data=form).status_code == 200) is announced


@pytest.mark.parametrize("alg", KEYS)
def test_a_proof_passes_by_the_algorithms_announced_and_by_no_other(lone: House, alg: str) -> None:
    client, key = lone.add("app", token_endpoint_auth_method="none", client_secret=None), key_for(alg)
    claims = {"jti": "1", "htm": "POST", "htu": f"{ISSUER}/token", **times(lone)}
    proof = signed(alg, key, {"typ": "dpop+jwt", "jwk": key.as_dict(private=False)}, claims)
    response = lone.redeem(client, lone.code(client), headers={"DPoP": proof})
    assert (response.status_code == 200) is (alg in TOLD["dpop_signing_alg_values_supported"])


@pytest.mark.parametrize("alg", ["none", "HS256", "ES256", "ES384", "RS256", "RS512", "PS256", "EdDSA"])
@pytest.mark.parametrize("name", ["id_token_signed_response_alg", "userinfo_signed_response_alg"])
def test_our_own_tokens_are_signed_as_announced(lone: House, name: str, alg: str) -> None:
    announced = alg in TOLD[name.replace("signed_response_alg", "signing_alg_values_supported")]
    if not announced or alg == "none":  # userinfo without a signature is the member left out
        with pytest.raises(InvalidClientMetadata):
            lone.add(**{name: alg})
        return
    tokens = lone.tokens(lone.add(**{name: alg}))
    signed_one = tokens["id_token"]
    if name.startswith("userinfo"):
        signed_one = lone.userinfo(tokens["access_token"]).get_data(as_text=True)
    assert unverified(signed_one)[0]["alg"] == alg


@pytest.mark.parametrize(
    ("name", "announced", "others"),
    [
        ("response_type", "response_types_supported", ["token", "id_token", "code token", "none"]),
        ("response_mode", "response_modes_supported", ["fragment", "fragment.jwt", "web_message"]),
        ("code_challenge_method", "code_challenge_methods_supported", ["plain", "S512"]),
        ("prompt", "prompt_values_supported", ["silent", "register"]),
        ("scope", "scopes_supported", ["roles", "groups"]),
    ],
)
def test_what_is_announced_is_taken_and_nothing_else(lone: House, name: str, announced: str, others: list[str]) -> None:
    lone.add(scope=" ".join(TOLD["scopes_supported"]))
    for value in TOLD[announced]:
        taken = ask(lone, **{name: value})
        # Nobody is signed in: silence is answered by that, everything else by a page.
        expected = f"{REDIRECT}?error=login_required" if value == "none" else "/sign-"
        assert taken.location.startswith(expected), value
    for value in others:
        assert "error" in answer(ask(lone, **{name: value}))


def test_every_grant_type_and_authentication_method_is_registrable_and_no_other(lone: House) -> None:
    for grant_type in (*TOLD["grant_types_supported"], "implicit", "password"):
        given = metadata(grant_types=["authorization_code", grant_type])
        if grant_type in TOLD["grant_types_supported"]:
            lone.clients.add(given, actor="tests")
        else:
            with pytest.raises(InvalidClientMetadata):
                lone.clients.add(given, actor="tests")
    form = {"code": "x", "redirect_uri": REDIRECT}
    school = lone.add()
    for grant_type in ("implicit", "password", "urn:ietf:params:oauth:grant-type:jwt-bearer"):
        assert error_of(lone.post("/token", school, {"grant_type": grant_type, **form})) == "unsupported_grant_type"
    for method in ("tls_client_auth", "self_signed_tls_client_auth"):
        assert method not in TOLD["token_endpoint_auth_methods_supported"]
        with pytest.raises(InvalidClientMetadata):
            lone.add(token_endpoint_auth_method=method)


def test_what_is_said_not_to_be_supported_is_refused(lone: House) -> None:
    lone.add()
    assert TOLD["require_request_uri_registration"] is True
    assert "request_uri_not_supported" in ask(lone, request_uri="https://a.example/r").text
    assert answer(ask(lone, prompt="none"))["iss"] == ISSUER  # authorization_response_iss_parameter_supported
