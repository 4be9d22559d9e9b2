"""Request objects (RFC 9101) and signed answers (JARM): THREATS §2, a row each, one thing changed."""

from __future__ import annotations

import base64
import hmac
import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from joserfc import jwk, jws, jwt
from werkzeug.test import TestResponse

from oidc.client_authentication.private_key import ASSERTION_TYPE
from tests.oidc.asking import answer, ask, grant, open_pushed, parameters, push
from tests.oidc.provider_house import ISSUER, REDIRECT, SECRET, ClientKey, House, error_of, json_of, metadata


@pytest.fixture(scope="module")
def key(shared: House) -> ClientKey:
    made = ClientKey(shared.clock)
    shared.add(jwks={"keys": [made.public]})
    shared.add("other")
    shared.sign_in.there = None
    return made


def signed(key: ClientKey, *, header: dict[str, Any] | None = None, **changed: Any) -> str:
    """A valid request in an object; None leaves a claim out."""
    now = int(key.clock.now().timestamp())
    claims = {"iss": "school", "aud": ISSUER, "exp": now + 60, "nbf": now, **parameters(), **changed}
    return key.sign({"alg": "ES256", "kid": "k1", "typ": "oauth-authz-req+jwt", **(header or {})}, claims)


def send(house: House, unverified: str | None, **outside: Any) -> TestResponse:
    query = {"client_id": "school", "request": unverified, **outside}
    return house.http.get("/authorize", query_string={name: v for name, v in query.items() if v is not None})


def asks_to_sign_in(response: TestResponse) -> bool:
    return response.status_code == 303 and response.location.startswith("/sign-in")


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({}, id="the valid one"),
        pytest.param({"aud": [ISSUER, "https://other.example"]}, id="an array with us in it"),
        pytest.param({"nbf": 8}, id="8 s in the future"),
        pytest.param({"nbf": None, "exp": None}, id="without times"),
        pytest.param({"max_age": 100}, id="a number"),
        pytest.param({"claims": {"userinfo": {"email": None}}}, id="claims as an object"),
        pytest.param({"resource": [ISSUER]}, id="resources"),
        pytest.param({"header": {"typ": "JWT"}}, id="typ JWT"),
        pytest.param({"header": {"typ": None, "kid": None}}, id="no typ, no kid"),
    ],
)
def test_a_valid_object_is_the_request(shared: House, key: ClientKey, changed: dict[str, Any]) -> None:
    if "nbf" in changed and changed["nbf"] is not None:
        changed = {**changed, "nbf": int(key.clock.now().timestamp()) + changed["nbf"]}
    assert asks_to_sign_in(send(shared, signed(key, **changed)))


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        pytest.param({"exp": 0}, "invalid_request_object", id="expired"),
        pytest.param({"exp": "soon"}, "invalid_request_object", id="exp no number"),
        pytest.param({"exp": True}, "invalid_request_object", id="exp true"),
        pytest.param({"nbf": 60}, "invalid_request_object", id="a minute in the future"),
        pytest.param({"iat": 60}, "invalid_request_object", id="made a minute in the future"),
        pytest.param({"aud": "https://other.example"}, "invalid_request_object", id="for another"),
        pytest.param({"aud": []}, "invalid_request_object", id="for nobody"),
        pytest.param({"iss": "other"}, "invalid_request_object", id="of another"),
        pytest.param({"client_id": "other"}, "invalid_request_object", id="client_id differs"),
        pytest.param({"client_id": None}, "invalid_request_object", id="no client_id"),
        pytest.param({"request": "x"}, "invalid_request_object", id="request inside"),
        pytest.param({"request_uri": "https://x.example"}, "invalid_request_object", id="request_uri inside"),
        pytest.param({"scope": ["openid"]}, "invalid_scope", id="scope as a list"),
        pytest.param({"nonce": True}, "invalid_request_object", id="a flag where text belongs"),
        pytest.param({"resource": [1]}, "invalid_request_object", id="resource no text"),
        pytest.param({"header": {"typ": "at+jwt"}}, "invalid_request_object", id="typ of an access token"),
        pytest.param({"redirect_uri": "https://evil.example/"}, "invalid_request", id="redirect_uri inside"),
    ],
)
def test_an_object_with_one_thing_wrong_is_refused(
    shared: House, key: ClientKey, changed: dict[str, Any], error: str
) -> None:
    for name in {"nbf", "iat"} & changed.keys():
        changed = {name: int(key.clock.now().timestamp()) + 60}
    refused = send(shared, signed(key, **changed))
    if error == "invalid_scope":
        assert answer(refused)["error"] == error
        return
    assert refused.status_code == 400
    assert refused.location is None
    assert error in refused.text


def _part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _by_public_key(key: ClientKey, claims: dict[str, Any]) -> str:
    """HS256 under the public key's text: RFC 8725 §2.1."""
    content = f"{_part({'alg': 'HS256', 'kid': 'k1'})}.{_part(claims)}"
    mac = hmac.digest(key.private.as_pem(private=False), content.encode(), "sha256")
    return f"{content}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


def test_unsigned_foreign_and_symmetric_signatures_are_refused(shared: House, key: ClientKey) -> None:
    claims = {"iss": "school", "aud": ISSUER, **parameters()}
    symmetric = jwk.OctKey.import_key(SECRET)
    stranger = ClientKey(shared.clock)
    forged = {
        "none": f"{_part({'alg': 'none'})}.{_part(claims)}.",
        "None": f"{_part({'alg': 'None'})}.{_part(claims)}.e30",
        "secret": jws.serialize_compact({"alg": "HS256"}, json.dumps(claims), symmetric, algorithms=["HS256"]),
        "public key as secret": _by_public_key(key, claims),
        "a stranger's key": signed(stranger),
        "key in the header": signed(stranger, header={"jwk": stranger.public}),
        "cut": signed(key)[:-4],
        "encrypted shape": "a.b.c.d.e",
        "no JWT": "nonsense",
        "too long": "a." * 10_000,
    }
    for what, unverified in forged.items():
        refused = shared.http.post("/authorize", data={"client_id": "school", "request": unverified})
        assert refused.status_code == 400, what
        assert refused.location is None


def test_what_stands_outside_is_not_used(shared: House, key: ClientKey) -> None:
    outside = {"redirect_uri": "https://evil.example/", "scope": "openid admin", "state": "outside", "prompt": "login"}
    told = answer(send(shared, signed(key, prompt="none"), **outside))
    assert (told["error"], told["state"]) == ("login_required", "st")
    assert send(shared, signed(key, redirect_uri=None), redirect_uri=REDIRECT).status_code == 400


def test_object_and_reference_together_are_refused(shared: House, key: ClientKey) -> None:
    assert send(shared, signed(key), request_uri="https://school.example/object").status_code == 400


def test_a_registered_algorithm_is_the_only_one(lone: House) -> None:
    key = ClientKey(lone.clock)
    lone.add(jwks={"keys": [key.public]}, request_object_signing_alg="PS256")
    assert send(lone, signed(key)).status_code == 400
    lone.add(jwks={"keys": [key.public]}, request_object_signing_alg="ES256")
    assert asks_to_sign_in(send(lone, signed(key)))


def test_a_client_that_must_sign_is_refused_without(lone: House) -> None:
    key = ClientKey(lone.clock)
    lone.add(jwks={"keys": [key.public]}, require_signed_request_object=True)
    assert ask(lone).status_code == 400
    assert asks_to_sign_in(send(lone, signed(key)))


def test_an_object_may_be_pushed(lone: House) -> None:
    key = ClientKey(lone.clock)
    lone.add(jwks={"keys": [key.public]})
    nothing_else = dict.fromkeys(set(parameters()) - {"client_id"})
    pushed = json_of(push(lone, request=signed(key), **nothing_else), 201)
    assert asks_to_sign_in(open_pushed(lone, pushed["request_uri"]))
    assert error_of(push(lone, request=signed(key, exp=0), **nothing_else)) == "invalid_request_object"


@pytest.mark.parametrize("mode", ["jwt", "query.jwt", "form_post.jwt"])
def test_a_signed_answer_names_issuer_client_and_end(lone: House, mode: str) -> None:
    lone.add(authorization_signed_response_alg="ES256")
    told = grant(lone, response_mode=mode)
    if mode == "form_post.jwt":
        response = told.text.partition("{'response': '")[2].partition("'")[0]
    else:
        query = dict(parse_qsl(urlsplit(told.location).query))
        assert query.keys() == {"response"}
        response = query["response"]
    keys = jwk.KeySet.import_key_set(json.loads(lone.http.get("/jwks").data))
    claims = jwt.decode(response, keys, algorithms=["ES256"]).claims
    now = int(lone.clock.now().timestamp())
    assert claims.keys() == {"iss", "aud", "exp", "code", "state"}
    assert (claims["iss"], claims["aud"], claims["state"]) == (ISSUER, "school", "st")
    assert now < claims["exp"] <= now + 600


def test_a_refusal_is_signed_too(lone: House) -> None:
    lone.add()
    query = dict(parse_qsl(urlsplit(ask(lone, response_mode="jwt", prompt="none").location).query))
    keys = jwk.KeySet.import_key_set(json.loads(lone.http.get("/jwks").data))
    assert jwt.decode(query["response"], keys, algorithms=["RS256"]).claims["error"] == "login_required"


@pytest.mark.parametrize("mode", ["fragment", "fragment.jwt", "query.JWT", "web_message", "jwt.query"])
def test_other_modes_are_refused(lone: House, mode: str) -> None:
    lone.add()
    assert answer(ask(lone, response_mode=mode))["error"] == "invalid_request"


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({}, id="valid"),
        pytest.param({"exp": None}, id="no exp"),
        pytest.param({"exp": 3660}, id="exp over 60 minutes ahead"),
        pytest.param({"nbf": None}, id="no nbf"),
        pytest.param({"nbf": -3660}, id="nbf over 60 minutes ago"),
        pytest.param({"aud": None}, id="no aud"),
        pytest.param({"iss": None}, id="no iss"),
        pytest.param({"response_mode": "query"}, id="an unsigned answer"),
    ],
)
def test_message_signing_wants_bounded_times_and_signed_answers(lone: House, changed: dict[str, Any]) -> None:
    key = ClientKey(lone.clock)
    client = metadata(
        profile="fapi2-message-signing",
        client_secret=None,
        token_endpoint_auth_method="private_key_jwt",
        jwks={"keys": [key.public]},
    )
    lone.clients.add(client, actor="tests")
    now = int(lone.clock.now().timestamp())
    moved: dict[str, Any] = {name: now + v if isinstance(v, int) else v for name, v in changed.items()}
    shown = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": key.assertion("school")}
    pushed = lone.http.post("/par", data={"client_id": "school", "request": signed(key, **moved), **shown})
    if changed:
        assert error_of(pushed) in {"invalid_request_object", "invalid_request"}
        return
    opened = open_pushed(lone, json_of(pushed, 201)["request_uri"])
    assert asks_to_sign_in(opened)
    unsigned = {**parameters(), **shown, "client_assertion": key.assertion("school")}
    assert error_of(lone.http.post("/par", data=unsigned)) == "invalid_request"
