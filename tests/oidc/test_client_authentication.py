"""Client authentication: THREATS §2, a row each. One method, the registered one."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import timedelta
from typing import Any
from urllib.parse import quote_plus

import pytest
from joserfc import jwk, jws
from werkzeug.test import TestResponse

from oidc import jwts
from oidc.client_authentication.private_key import ASSERTION_TYPE
from tests.oidc.provider_house import ISSUER, SECRET, ClientKey, House, basic, error_of, json_of

UNKNOWN_TOKEN = {"token": "x"}


def revoke(house: House, form: dict[str, Any], authorization: str | None = None) -> TestResponse:
    """The smallest endpoint behind client authentication: 200 means authenticated."""
    headers = {} if authorization is None else {"Authorization": authorization}
    body = {name: value for name, value in {**UNKNOWN_TOKEN, **form}.items() if value is not None}
    return house.http.post("/revoke", data=body, headers=headers)


@pytest.fixture(scope="module")
def key(shared: House) -> ClientKey:
    made = ClientKey(shared.clock)
    shared.add("basic")
    shared.add("post", token_endpoint_auth_method="client_secret_post")
    shared.add("public", token_endpoint_auth_method="none", client_secret=None)
    shared.add("jwt", token_endpoint_auth_method="private_key_jwt", client_secret=None, jwks={"keys": [made.public]})
    shared.add("hmac", token_endpoint_auth_method="client_secret_jwt")
    return made


def encoded(raw: bytes) -> str:
    return "Basic " + base64.b64encode(raw).decode()


@pytest.mark.parametrize(
    ("form", "authorization"),
    [
        pytest.param({}, basic("basic", SECRET), id="basic"),
        pytest.param({"client_id": "basic"}, basic("basic", SECRET), id="basic, client_id repeated in the body"),
        pytest.param({"client_id": "post", "client_secret": SECRET}, None, id="post"),
        pytest.param({"client_id": "public"}, None, id="public"),
    ],
)
@pytest.mark.usefixtures("key")
def test_the_registered_method_passes(shared: House, form: dict[str, Any], authorization: str | None) -> None:
    assert revoke(shared, form, authorization).status_code == 200


@pytest.mark.parametrize(
    ("form", "authorization", "error"),
    [
        pytest.param({}, None, "invalid_client", id="nothing"),
        pytest.param({"client_id": "basic"}, None, "invalid_client", id="a confidential client only named"),
        pytest.param({"client_id": "nobody"}, None, "invalid_client", id="unknown"),
        pytest.param({}, basic("nobody", SECRET), "invalid_client", id="unknown by Basic"),
        pytest.param({}, basic("basic", SECRET + "x"), "invalid_client", id="secret longer"),
        pytest.param({}, basic("basic", SECRET[:-1]), "invalid_client", id="secret shorter"),
        pytest.param({}, basic("basic", "x" * 5000), "invalid_client", id="secret of 5,000"),
        pytest.param({}, basic("basic", ""), "invalid_client", id="secret empty"),
        pytest.param({}, basic("", SECRET), "invalid_client", id="id empty"),
        pytest.param({}, basic("basic", "geheimniß"), "invalid_client", id="secret not ASCII"),
        pytest.param({}, encoded(b"basic"), "invalid_client", id="Basic without colon"),
        pytest.param({}, encoded(b"\xff\xfe:\xff"), "invalid_client", id="Basic not UTF-8"),
        pytest.param({}, encoded(b"basic:%ff%fe"), "invalid_client", id="Basic, percent-encoded not UTF-8"),
        pytest.param({}, "Basic !!!", "invalid_client", id="Basic not base64"),
        pytest.param({}, "Basic", "invalid_client", id="Basic alone"),
        pytest.param({}, "Bearer abc", "invalid_client", id="Bearer"),
        pytest.param({}, basic("post", SECRET), "invalid_client", id="Basic for a post client"),
        pytest.param({}, basic("public", SECRET), "invalid_client", id="Basic for a public client"),
        pytest.param({}, basic("jwt", SECRET), "invalid_client", id="Basic for a jwt client"),
        pytest.param({"client_id": "basic", "client_secret": SECRET}, None, "invalid_client", id="post for basic"),
        pytest.param({"client_id": "public", "client_secret": SECRET}, None, "invalid_client", id="public, secret"),
        pytest.param({"client_id": "jwt", "client_secret": SECRET}, None, "invalid_client", id="jwt with secret"),
        pytest.param({"client_id": "post", "client_secret": "ß" * 32}, None, "invalid_client", id="post not ASCII"),
        pytest.param({"client_secret": SECRET}, None, "invalid_client", id="post without client_id"),
        pytest.param({"client_id": "jwt"}, None, "invalid_client", id="jwt without assertion"),
        pytest.param({"client_assertion": "x"}, None, "invalid_client", id="assertion without type"),
        pytest.param({"client_assertion_type": ASSERTION_TYPE}, None, "invalid_client", id="type alone"),
        pytest.param(
            {"client_assertion": "x", "client_assertion_type": "urn:other"}, None, "invalid_client", id="other type"
        ),
        pytest.param({"client_secret": SECRET}, basic("basic", SECRET), "invalid_request", id="Basic and post"),
        pytest.param(
            {"client_assertion": "x", "client_assertion_type": ASSERTION_TYPE},
            basic("basic", SECRET),
            "invalid_request",
            id="Basic and assertion",
        ),
        pytest.param(
            {"client_id": "post", "client_secret": SECRET, "client_assertion": "x"},
            None,
            "invalid_request",
            id="post and assertion",
        ),
        pytest.param({"client_id": "post"}, basic("basic", SECRET), "invalid_request", id="body client_id differs"),
    ],
)
@pytest.mark.usefixtures("key")
def test_anything_else_is_refused(shared: House, form: dict[str, Any], authorization: str | None, error: str) -> None:
    response = revoke(shared, form, authorization)
    assert error_of(response) == error
    assert response.status_code == (401 if error == "invalid_client" else 400)
    assert ("WWW-Authenticate" in response.headers) is (error == "invalid_client")


@pytest.mark.usefixtures("key")
def test_two_authorization_headers_are_refused(shared: House) -> None:
    headers = [("Authorization", basic("basic", SECRET)), ("Authorization", basic("basic", SECRET))]
    assert (
        error_of(shared.http.post("/revoke", data=UNKNOWN_TOKEN, headers=headers)) == "invalid_client"
    )  # WSGI joins them


def with_assertion(house: House, assertion: str, **form: Any) -> TestResponse:
    return revoke(house, {"client_assertion": assertion, "client_assertion_type": ASSERTION_TYPE, **form})


def now(house: House) -> int:
    return int(house.clock.now().timestamp())


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({}, id="aud is the issuer"),
        pytest.param({"aud": f"{ISSUER}/token"}, id="aud is the token endpoint"),
        pytest.param({"aud": f"{ISSUER}/revoke"}, id="aud is this endpoint"),
        pytest.param({"aud": [ISSUER]}, id="aud is an array of one"),
        pytest.param({"iat": None}, id="no iat"),
        pytest.param({"iat": 8}, id="iat 8 s ahead"),
        pytest.param({"nbf": 8}, id="nbf 8 s ahead"),
        pytest.param({"exp": 3600}, id="exp 60 minutes ahead"),
    ],
)
def test_an_assertion_passes(shared: House, key: ClientKey, changed: dict[str, Any]) -> None:
    moved: dict[str, Any] = {name: v + now(shared) if isinstance(v, int) else v for name, v in changed.items()}
    assert with_assertion(shared, key.assertion("jwt", **moved)).status_code == 200
    assert with_assertion(shared, key.assertion("jwt", **moved), client_id="jwt").status_code == 200


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"aud": None}, id="RFC 7523 §3 aud missing"),
        pytest.param({"aud": "https://other.example"}, id="aud another server"),
        pytest.param({"aud": [ISSUER, "https://other.example"]}, id="aud with a foreign member"),
        pytest.param({"aud": []}, id="aud empty"),
        pytest.param({"aud": {"a": 1}}, id="aud an object"),
        pytest.param({"aud": f"{ISSUER}/"}, id="aud with a slash"),
        pytest.param({"sub": None}, id="sub missing"),
        pytest.param({"sub": "basic"}, id="sub another client"),
        pytest.param({"sub": 1}, id="sub a number"),
        pytest.param({"iss": None}, id="iss missing"),
        pytest.param({"iss": "basic"}, id="iss differs from sub"),
        pytest.param({"exp": None}, id="exp missing"),
        pytest.param({"exp": 0}, id="exp now"),
        pytest.param({"exp": -1}, id="exp over"),
        pytest.param({"exp": 3601}, id="exp over 60 minutes"),
        pytest.param({"exp": 315_360_000}, id="exp ten years"),
        pytest.param({"exp": 10**30}, id="exp beyond time"),
        pytest.param({"exp": "soon"}, id="exp a string"),
        pytest.param({"exp": True}, id="exp a boolean"),
        pytest.param({"iat": 60}, id="iat a minute ahead"),
        pytest.param({"nbf": 60}, id="nbf a minute ahead"),
        pytest.param({"jti": None}, id="jti missing"),
        pytest.param({"jti": ""}, id="jti empty"),
        pytest.param({"jti": 7}, id="jti a number"),
        pytest.param({"jti": "x" * 256}, id="jti too long"),
    ],
)
def test_an_assertion_that_differs_in_one_claim_is_refused(
    shared: House, key: ClientKey, changed: dict[str, Any]
) -> None:
    times = {"exp", "iat", "nbf"}
    moved: dict[str, Any] = {
        name: v + now(shared) if name in times and type(v) is int else v for name, v in changed.items()
    }
    assert error_of(with_assertion(shared, key.assertion("jwt", **moved))) == "invalid_client"


@pytest.mark.parametrize(
    "header",
    [
        pytest.param({"typ": "at+jwt"}, id="typ of an access token"),
        pytest.param({"typ": "dpop+jwt"}, id="typ of a proof"),
        pytest.param({"crit": ["exp"]}, id="crit"),
        pytest.param({"b64": True, "crit": ["b64"]}, id="b64"),
    ],
)
def test_an_assertion_with_another_header_is_refused(shared: House, key: ClientKey, header: dict[str, Any]) -> None:
    claims = key.assertion("jwt").split(".")[1]
    head = base64.urlsafe_b64encode(json.dumps({"alg": "ES256", "kid": "k1", **header}).encode()).decode().rstrip("=")
    signed = key.private.get_op_key("sign")
    forged = jwts_signature(f"{head}.{claims}", signed)
    assert error_of(with_assertion(shared, forged)) == "invalid_client"


def jwts_signature(signing_input: str, private: Any) -> str:
    head, claims = signing_input.split(".")
    return jwts.sign(head, json.loads(base64.urlsafe_b64decode(claims + "==")), private, "ES256")


@pytest.mark.usefixtures("key")
def test_the_key_comes_from_the_registration_never_from_the_header(shared: House) -> None:
    foreign = ClientKey(shared.clock)
    assert error_of(with_assertion(shared, foreign.assertion("jwt"))) == "invalid_client"
    assert (
        error_of(with_assertion(shared, foreign.assertion("jwt", header={"jwk": foreign.public}))) == "invalid_client"
    )
    assert error_of(with_assertion(shared, foreign.assertion("jwt", header={"kid": "k2"}))) == "invalid_client"


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", "HS256"])
def test_weak_algorithms_are_refused(shared: House, key: ClientKey, alg: str) -> None:
    head, claims, _ = key.assertion("jwt").split(".")
    head = base64.urlsafe_b64encode(json.dumps({"alg": alg}).encode()).decode().rstrip("=")
    for signature in ("", "AAAA"):
        assert error_of(with_assertion(shared, f"{head}.{claims}.{signature}")) == "invalid_client"


def hmac_assertion(house: House, client_id: str, secret: bytes, jti: str, alg: str = "HS256") -> str:
    claims = {"iss": client_id, "sub": client_id, "aud": ISSUER, "exp": now(house) + 60, "jti": jti}
    return jws.serialize_compact({"alg": alg}, json.dumps(claims), jwk.OctKey.import_key(secret), algorithms=[alg])


@pytest.mark.parametrize("form", ["pem", "der", "jwk", "spaced"])
def test_an_hmac_over_the_public_key_is_refused(shared: House, key: ClientKey, form: str) -> None:
    pem = key.private.as_pem(private=False)
    der = base64.b64decode(b"".join(pem.splitlines()[1:-1]))
    secret = {"pem": pem, "der": der, "jwk": json.dumps(key.public).encode(), "spaced": b"\n" + pem}[form]
    claims = {"iss": "jwt", "sub": "jwt", "aud": ISSUER, "exp": now(shared) + 60, "jti": f"hs-{form}"}
    head = base64.urlsafe_b64encode(b'{"alg":"HS256"}').decode().rstrip("=")
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    signature = base64.urlsafe_b64encode(hmac.digest(secret, f"{head}.{body}".encode(), "sha256")).decode().rstrip("=")
    assert error_of(with_assertion(shared, f"{head}.{body}.{signature}")) == "invalid_client"


@pytest.mark.usefixtures("key")
def test_client_secret_jwt_uses_the_sealed_secret(shared: House) -> None:
    assert with_assertion(shared, hmac_assertion(shared, "hmac", SECRET.encode(), "h1")).status_code == 200
    assert error_of(with_assertion(shared, hmac_assertion(shared, "hmac", b"x" * 48, "h2"))) == "invalid_client"
    assert error_of(with_assertion(shared, hmac_assertion(shared, "basic", SECRET.encode(), "h3"))) == "invalid_client"
    spent = hmac_assertion(shared, "hmac", SECRET.encode(), "h1")
    assert error_of(with_assertion(shared, spent)) == "invalid_client"


@pytest.mark.parametrize(
    "unverified",
    [
        pytest.param("", id="empty"),
        pytest.param("a", id="one part"),
        pytest.param("a.b", id="two parts"),
        pytest.param("a.b.c.d.e", id="a JWE"),
        pytest.param("e30.e30.", id="empty signature"),
        pytest.param("W10.W10.AAAA", id="arrays"),
        pytest.param("e30=.e30=.AAAA", id="padding"),
        pytest.param("e31.e30.AAAA", id="loose bits"),
        pytest.param("bm8.bm8.AAAA", id="not JSON"),
        pytest.param('{"payload":"e30","signatures":[]}', id="JSON serialization"),
        pytest.param("e30.e30.AAAA" + "A" * 20_000, id="too long"),
        pytest.param(".".join(["eyJhIjoxLCJhIjoyfQ"] * 3), id="a name twice"),
        pytest.param("é.é.é", id="not ASCII"),
    ],
)
@pytest.mark.usefixtures("key")
def test_what_is_no_jwt_is_refused(shared: House, unverified: str) -> None:
    assert error_of(with_assertion(shared, unverified)) == "invalid_client"


def test_deep_json_is_refused(shared: House, key: ClientKey) -> None:
    deep = base64.urlsafe_b64encode(b'{"sub":' + b"[" * 5_000 + b"]" * 5_000 + b"}").decode().rstrip("=")
    assert error_of(with_assertion(shared, f"e30.{deep}.AAAA")) == "invalid_client"


def test_a_jti_is_used_once_even_by_a_request_that_is_refused(house: House) -> None:
    key = ClientKey(house.clock)
    client = house.add(token_endpoint_auth_method="private_key_jwt", client_secret=None, jwks={"keys": [key.public]})
    assertion = key.assertion("school")
    form = {"grant_type": "authorization_code", "client_assertion": assertion, "client_assertion_type": ASSERTION_TYPE}
    assert error_of(house.post("/token", client, form, code="unknown")) == "invalid_grant"
    assert error_of(house.post("/token", client, form, code="unknown")) == "invalid_client"
    house.clock.advance(timedelta(seconds=61))
    assert error_of(house.post("/token", client, form, code="unknown")) == "invalid_client"


def test_a_registered_signing_algorithm_is_the_only_one(lone: House) -> None:
    key = ClientKey(lone.clock)
    lone.add(
        token_endpoint_auth_method="private_key_jwt",
        client_secret=None,
        jwks={"keys": [key.public]},
        token_endpoint_auth_signing_alg="PS256",
    )
    assert error_of(with_assertion(lone, key.assertion("school"))) == "invalid_client"


def test_another_clients_key_is_no_key_of_mine(shared: House, key: ClientKey) -> None:
    other = ClientKey(shared.clock)
    shared.add("jwt2", token_endpoint_auth_method="private_key_jwt", client_secret=None, jwks={"keys": [other.public]})
    assert error_of(with_assertion(shared, key.assertion("jwt2"))) == "invalid_client"
    assert with_assertion(shared, other.assertion("jwt2")).status_code == 200


@pytest.mark.usefixtures("key")
def test_a_token_of_ours_is_no_assertion(shared: House) -> None:
    school = shared.add("school")
    tokens = shared.tokens(school)
    for token in (tokens["access_token"], tokens["id_token"], tokens["refresh_token"]):
        assert error_of(with_assertion(shared, token)) == "invalid_client"


def test_a_removed_client_is_refused_and_its_tokens_are_over(house: House) -> None:
    client = house.add()
    tokens = house.tokens(client)
    assert house.clients.remove("school", actor="tests")
    assert house.userinfo(tokens["access_token"]).status_code == 401
    assert error_of(house.refresh(client, tokens["refresh_token"])) == "invalid_client"
    assert not house.clients.remove("school", actor="tests")


def test_new_keys_replace_old_ones(lone: House) -> None:
    old, new = ClientKey(lone.clock), ClientKey(lone.clock)
    how: dict[str, Any] = {"token_endpoint_auth_method": "private_key_jwt", "client_secret": None}
    lone.add(**how, jwks={"keys": [old.public]})
    lone.add(**how, jwks={"keys": [new.public]})
    assert error_of(with_assertion(lone, old.assertion("school"))) == "invalid_client"
    assert with_assertion(lone, new.assertion("school")).status_code == 200


def test_a_secret_that_needs_form_encoding_works(lone: House) -> None:
    secret = "percent % plus + colon : space and more characters"
    client = lone.add(client_secret=secret)
    authorization = basic("school", quote_plus(secret))
    form = {"grant_type": "authorization_code", "code": lone.code(client), "redirect_uri": client.redirect_uris[0]}
    form["code_verifier"] = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    json_of(lone.http.post("/token", data=form, headers={"Authorization": authorization}))
