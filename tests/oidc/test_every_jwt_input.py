"""THREATS §2, "Every JWT input": the same forgeries wherever a JWT comes in, each refused with that input's own error.

Ours: access token, hints of ID tokens (of both algorithms). Clients': assertion and DPoP proof.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from joserfc import jwk
from werkzeug.test import TestResponse

from oidc import jwts
from oidc.client_authentication.private_key import ASSERTION_TYPE
from tests.oidc.asking import answer, ask
from tests.oidc.provider_house import ISSUER, ClientKey, House, base64url, error_of, unverified

HASHES = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}


def part(members: Mapping[str, Any]) -> str:
    return base64url(json.dumps(members).encode())


@dataclass(frozen=True)
class Genuine:
    """A JWT that would pass, the key that made it (its public half), and somebody else's key."""

    token: str = field(repr=False)
    public: dict[str, Any]
    foreign: ClientKey

    def forgeries(self) -> Iterator[tuple[str, str]]:
        yield from self.unsigned()
        yield from self.by_symmetric_key()
        yield from self.by_a_key_of_its_own()
        yield from self.misshapen()

    def unsigned(self) -> Iterator[tuple[str, str]]:
        head, body, signature = self.token.split(".")
        header = unverified(self.token)[0]
        algs: list[Any] = ["none", "None", "NONE", "nOnE", "", None, 0, [], "ES256K", "HS1"]
        for alg in algs:
            packed = part({**header, "alg": alg})
            yield f"alg {alg!r}", f"{packed}.{body}.{signature}"
            yield f"alg {alg!r}, no signature", f"{packed}.{body}."
        missing = part({name: value for name, value in header.items() if name != "alg"})
        yield "alg missing", f"{missing}.{body}.{signature}"
        yield "signature left out", f"{head}.{body}."
        yield "signature of zeros", f"{head}.{body}.{base64url(bytes(len(base64.urlsafe_b64decode(signature + '=='))))}"
        yield "signature cut", f"{head}.{body}.{signature[:-4]}"
        yield "signature twice", f"{head}.{body}.{signature}{signature}"

    def by_symmetric_key(self) -> Iterator[tuple[str, str]]:
        header, body = unverified(self.token)[0], self.token.split(".")[1]
        pem = jwk.import_key(self.public).as_pem(private=False)  # type: ignore[union-attr]
        der = base64.b64decode(b"".join(pem.splitlines()[1:-1]))
        secrets = {"PEM": pem, "DER": der, "JWK": json.dumps(self.public).encode(), "spaced PEM": b" \n" + pem}
        secrets |= {"empty key": b"", "null": b"null", "PEM without its last line end": pem.strip()}
        for kind, secret in secrets.items():
            for alg, digest in HASHES.items():
                content = f"{part({**header, 'alg': alg})}.{body}"
                yield f"{alg} over {kind}", f"{content}.{base64url(hmac.digest(secret, content.encode(), digest))}"

    def by_a_key_of_its_own(self) -> Iterator[tuple[str, str]]:
        """The header says where the key is; nobody may look there."""
        header, claims = unverified(self.token)
        private = self.foreign.private.get_op_key("sign")
        named: dict[str, dict[str, Any]] = {
            "the same kid": {},
            "kid of nobody": {"kid": "../../dev/null"},
            "kid of SQL": {"kid": "x' OR '1'='1"},
            "kid an array": {"kid": ["a"]},
            "jku": {"jku": "https://evil.example/jwks"},
            "x5u": {"x5u": "https://evil.example/cert"},
            "x5c": {"x5c": ["MIIB"]},
        }
        if "jwk" not in header:  # a proof names its own key; what must be its key says the token
            named["jwk"] = {"jwk": self.foreign.public}
        for kind, changed in named.items():
            yield kind, jwts.sign(part({**header, "alg": "ES256", **changed}), claims, private, "ES256")

    def misshapen(self) -> Iterator[tuple[str, str]]:
        head, body, signature = self.token.split(".")
        header, claims = unverified(self.token)
        for name, changed in (("crit", {"crit": ["exp"]}), ("b64", {"b64": False, "crit": ["b64"]})):
            yield name, f"{part({**header, **changed})}.{body}.{signature}"
        yield "claims changed", f"{head}.{part({**claims, 'exp': 99_999_999_999, 'iat': 1})}.{signature}"
        flat = {"protected": head, "payload": body, "signature": signature}
        yield "flattened JSON", json.dumps(flat)
        yield "general JSON", json.dumps({"payload": body, "signatures": [{"protected": head, "signature": signature}]})
        yield "JSON without signatures", json.dumps({"payload": body, "signatures": []})
        packed = zlib.compress(json.dumps(claims).encode() + b" " * 1_000_000)[2:-4]
        yield "deflated", f"{part({**header, 'zip': 'DEF'})}.{base64url(packed)}.{signature}"
        yield "a JWE", ".".join([part({"alg": "dir", "enc": "A256GCM", "zip": "DEF"}), "", "AAAA", body[:40], "AAAA"])
        yield "20,000 characters", f"{head}.{'A' * 20_000}.{signature}"
        yield "typ of nothing", f"{part({**header, 'typ': 'secevent+jwt'})}.{body}.{signature}"
        yield "padded", f"{head}=.{body}=.{signature}=="
        twice = json.dumps(header)[:-1] + "," + json.dumps(header)[1:]
        yield "every member twice", f"{base64url(twice.encode())}.{body}.{signature}"
        yield "detached", f"{head}..{signature}"


@dataclass(frozen=True)
class Input:
    """Where a JWT comes in: one that passes there, how to show it, and whether what came back is the refusal."""

    genuine: Callable[[House], Genuine]
    show: Callable[[House, str], TestResponse]
    is_refusal: Callable[[TestResponse], bool]
    passes: Callable[[TestResponse], bool]


def _own(house: House, name: str, alg: str) -> Genuine:
    client = house.add(f"own-{alg}".lower(), id_token_signed_response_alg=alg)
    token = house.tokens(client)[name]
    kid = unverified(token)[0]["kid"]
    public = next(key for key in house.signing_keys.public_jwks()["keys"] if key["kid"] == kid)
    return Genuine(token, public, ClientKey(house.clock))


def _clients(house: House, make: Callable[[ClientKey], str]) -> Genuine:
    key = ClientKey(house.clock)
    house.add("keyed", token_endpoint_auth_method="private_key_jwt", client_secret=None, jwks={"keys": [key.public]})
    return Genuine(make(key), key.public, ClientKey(house.clock))


def _userinfo(house: House, shown: str) -> TestResponse:
    return house.userinfo(shown)


def _hint(alg: str) -> Callable[[House, str], TestResponse]:
    return lambda house, shown: ask(house, id_token_hint=shown, prompt="none", client_id=f"own-{alg}".lower())


def _sign_out(house: House, shown: str) -> TestResponse:
    return house.http.get("/end-session", query_string={"id_token_hint": shown})


def _assertion(house: House, shown: str) -> TestResponse:
    form = {"token": "x", "client_assertion": shown, "client_assertion_type": ASSERTION_TYPE}
    return house.http.post("/revoke", data=form)


def _proof(house: House, shown: str) -> TestResponse:
    client = house.clients.get("public") or house.add("public", token_endpoint_auth_method="none", client_secret=None)
    return house.redeem(client, house.code(client), headers={"DPoP": shown})


def _is(error: str) -> Callable[[TestResponse], bool]:
    return lambda response: response.status_code >= 400 and error_of(response) == error


def _told_back(error: str) -> Callable[[TestResponse], bool]:
    return lambda response: answer(response)["error"] == error


def _is_page(response: TestResponse) -> bool:
    return response.status_code == 400 and response.get_data(as_text=True) == "error page: invalid_request"


def _is_200(response: TestResponse) -> bool:
    return response.status_code == 200


INPUTS = {
    "access token at userinfo": Input(
        lambda house: _own(house, "access_token", "ES256"), _userinfo, _is("invalid_token"), _is_200
    ),
    **{
        f"id_token_hint at authorize, {alg}": Input(
            lambda house, alg=alg: _own(house, "id_token", alg),  # type: ignore[misc]
            _hint(alg),
            _told_back("invalid_request"),
            _told_back("login_required"),
        )
        for alg in ("ES256", "RS256")
    },
    **{
        f"id_token_hint at end-session, {alg}": Input(
            lambda house, alg=alg: _own(house, "id_token", alg),  # type: ignore[misc]
            _sign_out,
            _is_page,
            _is_200,
        )
        for alg in ("ES256", "RS256")
    },
    "client assertion": Input(
        lambda house: _clients(house, lambda key: key.assertion("keyed")), _assertion, _is("invalid_client"), _is_200
    ),
    "DPoP proof": Input(
        lambda house: _clients(house, lambda key: key.proof("POST", "/token")),
        _proof,
        _is("invalid_dpop_proof"),
        _is_200,
    ),
}


@pytest.mark.parametrize("name", INPUTS)
def test_no_forgery_passes_and_the_genuine_one_does(lone: House, name: str) -> None:
    entrance = INPUTS[name]
    genuine = entrance.genuine(lone)
    tried = 0
    for kind, forged in genuine.forgeries():
        response = entrance.show(lone, forged)
        assert entrance.is_refusal(response), f"{kind}: {response.status_code} {response.get_data(as_text=True)[:200]}"
        tried += 1
    assert tried > 60
    assert entrance.passes(entrance.show(lone, genuine.token))


@pytest.mark.parametrize("name", INPUTS)
def test_ten_megabytes_are_refused_at_once(lone: House, name: str) -> None:
    entrance = INPUTS[name]
    head, _, signature = entrance.genuine(lone).token.split(".")
    assert entrance.show(lone, f"{head}.{'A' * 10_000_000}.{signature}").status_code in {400, 401, 413}


@pytest.mark.parametrize("alg", ["ES256", "PS256", "EdDSA"])
def test_at_hash_is_of_the_access_token_beside_it(lone: House, alg: str) -> None:
    tokens = lone.tokens(lone.add(id_token_signed_response_alg=alg))
    told = unverified(tokens["id_token"])[1]["at_hash"]
    digest = base64.urlsafe_b64decode(told + "==")
    hashed = hashlib.new("sha512" if alg == "EdDSA" else "sha256", tokens["access_token"].encode()).digest()
    assert digest == hashed[: len(hashed) // 2]
    assert unverified(tokens["access_token"])[1]["iss"] == ISSUER
