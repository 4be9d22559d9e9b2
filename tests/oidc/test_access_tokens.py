"""Access tokens at userinfo and at the vault's door: THREATS §2, "Elsewhere" and "Every JWT input"."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select

from audit.store.entries import entries
from oidc.errors import JwtRefused
from oidc.jwts import OWN_ALGORITHMS
from oidc.tokens.access_token import TokenChallenge, VerifiedAccessToken
from tests.oidc.provider_house import ALICE, CLAIMS, ISSUER, VAULT, House, error_of, json_of, unverified


def part(members: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(members).encode()).decode().rstrip("=")


def releases(house: House) -> int:
    with house.database.reading() as tx:
        return len(tx.execute(select(entries.c.id).where(entries.c.kind == "claims_released")).all())


def test_userinfo_tells_what_was_granted_and_writes_it_down_once_a_token(house: House) -> None:
    client = house.add()
    token = house.tokens(client, scope=("openid", "email"))["access_token"]
    for _ in range(3):
        told = json_of(house.userinfo(token))
        assert told == {"sub": unverified(token)[1]["sub"], "email": CLAIMS["email"], "email_verified": True}
    assert releases(house) == 1


def test_userinfo_takes_the_token_in_a_posted_form(lone: House) -> None:
    token = lone.tokens(lone.add())["access_token"]
    assert json_of(lone.http.post("/userinfo", data={"access_token": token}))["name"] == CLAIMS["name"]
    both = lone.http.post("/userinfo", data={"access_token": token}, headers={"Authorization": f"Bearer {token}"})
    assert error_of(both) == "invalid_request"


def test_a_token_in_the_url_is_refused(lone: House) -> None:
    token = lone.tokens(lone.add())["access_token"]
    assert error_of(lone.http.get(f"/userinfo?access_token={token}")) == "invalid_request"


@pytest.mark.parametrize("alg", OWN_ALGORITHMS)
def test_userinfo_is_signed_when_registered_and_is_no_id_token_hint(lone: House, alg: str) -> None:
    client = lone.add(userinfo_signed_response_alg=alg)
    answer = lone.userinfo(lone.tokens(client)["access_token"])
    assert answer.mimetype == "application/jwt"
    signed = answer.get_data(as_text=True)
    claims = lone.signing_keys.verify_own(signed, typ="JWT")
    assert (claims["iss"], claims["aud"], claims["name"]) == (ISSUER, "school", CLAIMS["name"])
    assert unverified(signed)[0]["alg"] == alg
    with pytest.raises(JwtRefused):
        lone.id_tokens.verify_hint(signed)


def test_without_a_token_the_challenge_names_no_error(lone: House) -> None:
    answer = lone.http.get("/userinfo")
    assert answer.status_code == 401
    assert "error" not in answer.headers["WWW-Authenticate"]
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_an_expired_token_is_refused(house: House) -> None:
    token = house.tokens(house.add())["access_token"]
    house.clock.advance(timedelta(seconds=299))
    assert house.userinfo(token).status_code == 200
    house.clock.advance(timedelta(seconds=1))
    assert error_of(house.userinfo(token)) == "invalid_token"


def test_a_foreign_audience_is_refused(lone: House) -> None:
    token = lone.tokens(lone.add(), lendings=("l1",), resource=(VAULT,))["access_token"]
    assert error_of(lone.userinfo(token)) == "invalid_token"


def test_a_token_without_openid_is_not_enough_for_userinfo(lone: House) -> None:
    token = lone.tokens(lone.add(), scope=("profile",))["access_token"]
    answer = lone.userinfo(token)
    assert (answer.status_code, error_of(answer)) == (403, "insufficient_scope")


@pytest.mark.parametrize("scheme", ["Basic", "DPoP", "Token", ""])
def test_another_scheme_is_refused(lone: House, scheme: str) -> None:
    token = lone.tokens(lone.add())["access_token"]
    assert lone.userinfo(token, Authorization=f"{scheme} {token}".strip()).status_code == 401


@pytest.mark.parametrize("kid", ["x", "", None, "another"])
def test_a_kid_that_does_not_name_the_keys_signer_is_refused(lone: House, kid: str | None) -> None:
    """Every other forgery: test_every_jwt_input.py."""
    _, body, signature = (token := lone.tokens(lone.add())["access_token"]).split(".")
    header = unverified(token)[0]
    others = [key["kid"] for key in lone.signing_keys.public_jwks()["keys"] if key["kid"] != header["kid"]]
    told = {**header, "kid": others[0] if kid == "another" else kid}
    packed = part({name: value for name, value in told.items() if value is not None})
    assert error_of(lone.userinfo(f"{packed}.{body}.{signature}")) == "invalid_token"


def at_vault(house: House, token: str) -> VerifiedAccessToken | TokenChallenge:
    return house.verified(
        "GET",
        f"{VAULT}/documents/l1",
        [f"Bearer {token}"],
        [],
        audience=VAULT,
        resource_metadata=f"{ISSUER}/.well-known/oauth-protected-resource/vault",
    )


def test_the_vault_learns_client_token_and_lendings_in_one_query(lone: House) -> None:
    token = lone.tokens(lone.add(), lendings=("l1", "l2"))["access_token"]
    statements: list[str] = []
    event.listen(lone.database.engine, "before_cursor_execute", lambda *told: statements.append(told[2]))
    verified = at_vault(lone, token)
    assert [text.split()[0] for text in statements] == ["SELECT"]
    assert isinstance(verified, VerifiedAccessToken)
    assert (verified.client_id, verified.subject, verified.lendings) == ("school", ALICE, ("l1", "l2"))
    assert verified.jti == unverified(token)[1]["jti"]


def test_what_was_taken_back_stops_the_very_next_fetch(house: House) -> None:
    token = house.tokens(house.add(), lendings=("l1",))["access_token"]
    assert isinstance(at_vault(house, token), VerifiedAccessToken)
    house.consent.take_back(ALICE, house.consent.grants_of(ALICE)[0].id)
    refused = at_vault(house, token)
    assert isinstance(refused, TokenChallenge)
    assert (refused.status, refused.code) == (401, "invalid_token")
    assert "resource_metadata=" in refused.www_authenticate


def test_two_clients_can_read_nothing_that_they_share(house: House) -> None:
    seen = []
    for name in ("school", "library"):
        client = house.add(name)
        tokens = house.tokens(client, lendings=(f"{name}-1",))
        told = json_of(house.userinfo(tokens["access_token"]))
        values = {
            str(value) for token in ("access_token", "id_token") for value in unverified(tokens[token])[1].values()
        }
        seen.append(values | {told["sub"], tokens["access_token"], tokens["id_token"], tokens["refresh_token"]})
    now = int(house.clock.now().timestamp())
    same_for_everybody = {ISSUER, str([ISSUER, VAULT]), "openid profile", "eidas1", "['pwd']", "n-1"}
    same_for_everybody |= {str(now), str(now + 300)}
    assert seen[0] & seen[1] <= same_for_everybody
    assert not any(ALICE in value for value in seen[0] | seen[1])
