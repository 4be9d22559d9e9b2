"""ID tokens and userinfo for clients that registered to get them encrypted (OpenID Connect Core §10.2)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from joserfc import jwe, jwk, jwt

from oidc.errors import InvalidClientMetadata
from oidc.jwts import ENCRYPTION_ALGORITHMS, ENCRYPTION_ENCODINGS
from tests.oidc.provider_house import House, error_of, json_of

RSA = jwk.RSAKey.generate_key(2048, {"kid": "rsa", "use": "enc"}, private=True)
EC = jwk.ECKey.generate_key("P-256", {"kid": "ec", "use": "enc"}, private=True)
SIGNING = jwk.ECKey.generate_key("P-256", {"kid": "sig", "use": "sig"}, private=True)
KEYS = {"keys": [key.as_dict(private=False) for key in (SIGNING, RSA, EC)]}


def opened(token: str, alg: str, enc: str) -> tuple[dict[str, Any], bytes]:
    key = RSA if alg.startswith("RSA") else EC
    found = jwe.decrypt_compact(token, key, algorithms=[alg, enc])
    assert (found.protected["alg"], found.protected["enc"], found.protected["kid"]) == (alg, enc, key.kid)
    assert found.plaintext
    return dict(found.protected), found.plaintext


def ours(house: House, signed: bytes) -> dict[str, Any]:
    keys = jwk.KeySet.import_key_set(json.loads(house.http.get("/jwks").data))
    return dict(jwt.decode(signed.decode(), keys, algorithms=["ES256"]).claims)


@pytest.mark.parametrize("alg", ENCRYPTION_ALGORITHMS)
@pytest.mark.parametrize("enc", ENCRYPTION_ENCODINGS)
def test_an_id_token_is_signed_by_us_and_opened_by_the_client(shared: House, alg: str, enc: str) -> None:
    client = shared.add(
        f"{alg}-{enc}".replace("+", "."),
        jwks=KEYS,
        id_token_encrypted_response_alg=alg,
        id_token_encrypted_response_enc=enc,
    )
    header, plain = opened(shared.tokens(client)["id_token"], alg, enc)
    assert header["cty"] == "JWT"
    assert ours(shared, plain)["aud"] == client.client_id


def test_the_encoding_by_default_is_the_registrations(lone: House) -> None:
    client = lone.add(jwks=KEYS, id_token_encrypted_response_alg="ECDH-ES")
    opened(lone.tokens(client)["id_token"], "ECDH-ES", "A128CBC-HS256")


@pytest.mark.parametrize("signed", [True, False])
def test_userinfo_is_encrypted_signed_or_not(lone: House, signed: bool) -> None:
    more = {"userinfo_signed_response_alg": "ES256"} if signed else {}
    client = lone.add(jwks=KEYS, userinfo_encrypted_response_alg="RSA-OAEP-256", **more)
    answer = lone.userinfo(lone.tokens(client)["access_token"])
    assert answer.mimetype == "application/jwt"
    header, plain = opened(answer.text, "RSA-OAEP-256", "A128CBC-HS256")
    assert ("cty" in header) is signed
    told = ours(lone, plain) if signed else json.loads(plain)
    assert told["name"] == "Alice Martin"


def test_a_refreshed_id_token_is_encrypted_too(lone: House) -> None:
    client = lone.add(jwks=KEYS, id_token_encrypted_response_alg="ECDH-ES")
    first = lone.tokens(client)
    opened(json_of(lone.refresh(client, first["refresh_token"]))["id_token"], "ECDH-ES", "A128CBC-HS256")


def test_without_a_key_to_encrypt_to_nothing_is_told_in_clear(lone: House) -> None:
    only_signing = {"keys": [SIGNING.as_dict(private=False)]}
    client = lone.add(jwks=only_signing, id_token_encrypted_response_alg="ECDH-ES")
    assert error_of(lone.redeem(client, lone.code(client))) == "invalid_client"
    lone.add(jwks=only_signing, userinfo_encrypted_response_alg="ECDH-ES")
    refused = lone.userinfo(lone.tokens(client)["access_token"])
    assert (refused.status_code, error_of(refused)) == (401, "invalid_client")


@pytest.mark.parametrize(
    "changed",
    [
        {"id_token_encrypted_response_alg": "RSA1_5"},
        {"id_token_encrypted_response_alg": "dir"},
        {"id_token_encrypted_response_alg": "ECDH-ES", "id_token_encrypted_response_enc": "none"},
        {"id_token_encrypted_response_enc": "A256GCM"},
        {"userinfo_encrypted_response_alg": "A256KW"},
    ],
)
def test_what_is_not_spoken_is_refused_at_registration(lone: House, changed: dict[str, str]) -> None:
    with pytest.raises(InvalidClientMetadata):
        lone.add(jwks=KEYS, **changed)
