"""The token endpoint with codes: THREATS §2, "Token endpoint" and "PKCE", a row each."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, update

from audit.store.entries import entries
from oidc.clients import Client
from oidc.store.authorizations import authorizations
from tests.oidc.provider_house import (
    ALICE,
    CHALLENGE,
    ISSUER,
    REDIRECT,
    SECRET,
    VAULT,
    VERIFIER,
    House,
    basic,
    error_of,
    json_of,
    unverified,
)


def kinds(house: House) -> list[str]:
    with house.database.reading() as tx:
        return [row.kind for row in tx.execute(select(entries.c.kind).order_by(entries.c.time))]


@pytest.fixture(scope="module")
def school(shared: House) -> Client:
    return shared.add()


def test_a_code_gives_an_id_token_an_access_token_and_a_refresh_token(house: House) -> None:
    client = house.add()
    response = house.redeem(client, house.code(client, lendings=("l1",)))
    assert response.headers["Cache-Control"] == "no-store"
    tokens = json_of(response)
    assert tokens["token_type"] == "Bearer"
    assert tokens["expires_in"] == 300
    assert tokens["scope"] == "openid profile"
    papers = [{"document_type": "proof_of_address", "lending": "l1", "state": "stands"}]
    assert tokens["authorization_details"][0]["documents"] == papers
    header, access = unverified(tokens["access_token"])
    assert (header["typ"], header["alg"]) == ("at+jwt", "ES256")
    assert access["aud"] == [ISSUER, VAULT]
    assert access["authorization_details"][0]["documents"] == [{"lending": "l1"}]
    header, identity = unverified(tokens["id_token"])
    assert identity["aud"] == "school"
    assert identity["nonce"] == "n-1"
    assert identity["auth_time"] == int(house.clock.now().timestamp())
    assert (identity["amr"], identity["acr"]) == (["pwd"], "eidas1")
    assert identity["sub"] == access["sub"] != ALICE
    assert "refresh_token" in tokens


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        pytest.param({"grant_type": None}, "invalid_request", id="grant_type missing"),
        pytest.param({"grant_type": "password"}, "unsupported_grant_type", id="RFC 9700 §2.4 password"),
        pytest.param({"grant_type": "implicit"}, "unsupported_grant_type", id="grant_type implicit"),
        pytest.param({"code": None}, "invalid_request", id="code missing"),
        pytest.param({"code": "x" * 43}, "invalid_grant", id="code unknown"),
        pytest.param({"code": "é"}, "invalid_grant", id="code not ASCII"),
        pytest.param({"code": "x" * 10_000}, "invalid_grant", id="code too long"),
        pytest.param({"redirect_uri": None}, "invalid_grant", id="RFC 6749 §4.1.3 redirect_uri absent"),
        pytest.param({"redirect_uri": f"{REDIRECT}/"}, "invalid_grant", id="RFC 6749 §4.1.3 redirect_uri differs"),
        pytest.param({"redirect_uri": f"{REDIRECT}?a=b"}, "invalid_grant", id="redirect_uri with a query"),
        pytest.param({"code_verifier": None}, "invalid_request", id="RFC 7636 verifier missing"),
        pytest.param({"code_verifier": VERIFIER[:42]}, "invalid_request", id="RFC 7636 §4.1 verifier of 42"),
        pytest.param({"code_verifier": "a" * 129}, "invalid_request", id="RFC 7636 §4.1 verifier of 129"),
        pytest.param({"code_verifier": VERIFIER[:-1] + "A"}, "invalid_grant", id="RFC 7636 §4.6 verifier wrong"),
        pytest.param({"code_verifier": CHALLENGE}, "invalid_grant", id="RFC 7636 plain"),
        pytest.param({"code_verifier": VERIFIER[:-1] + "!"}, "invalid_request", id="verifier of other characters"),
        pytest.param({"resource": "https://other.example"}, "invalid_target", id="RFC 8707 not ours"),
        pytest.param({"resource": VAULT}, "invalid_target", id="RFC 8707 not granted"),
        pytest.param({"resource": f"{ISSUER}#x"}, "invalid_target", id="RFC 8707 fragment"),
        pytest.param({"resource": "no uri"}, "invalid_target", id="RFC 8707 no URI"),
    ],
)
def test_a_request_that_differs_in_one_thing_is_refused(
    shared: House, school: Client, changed: dict[str, Any], error: str
) -> None:
    code = shared.code(school)
    response = shared.redeem(school, code, **changed)
    assert response.status_code == 400
    assert error_of(response) == error
    assert response.headers["Cache-Control"] == "no-store"
    # The refusal had no effect: the honest client can still redeem.
    json_of(shared.redeem(school, code))


def test_a_form_with_a_parameter_twice_is_refused(shared: House, school: Client) -> None:
    form = [("grant_type", "authorization_code"), ("code", "a"), ("code", shared.code(school))]
    body = "&".join(f"{name}={value}" for name, value in form)
    response = shared.http.post(
        "/token",
        data=body,
        content_type="application/x-www-form-urlencoded",
        headers={"Authorization": basic("school", SECRET)},
    )
    assert error_of(response) == "invalid_request"


def test_parameters_in_the_url_are_refused(shared: House, school: Client) -> None:
    form = {"grant_type": "authorization_code", "code": shared.code(school), "code_verifier": VERIFIER}
    response = shared.post(f"/token?redirect_uri={REDIRECT}", school, form)
    assert error_of(response) == "invalid_request"


@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data; boundary=x", "text/plain"])
def test_anything_but_a_form_is_refused(shared: House, content_type: str) -> None:
    response = shared.http.post("/token", data=b"{}", content_type=content_type)
    assert error_of(response) == "invalid_request"


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_only_post_is_taken(shared: House, method: str) -> None:
    assert getattr(shared.http, method)("/token").status_code == 405


def test_a_large_form_is_refused(shared: House, school: Client) -> None:
    response = shared.redeem(school, shared.code(school), padding="x" * 70_000)
    assert response.status_code in {400, 413}


def test_many_parameters_are_refused(shared: House, school: Client) -> None:
    response = shared.redeem(school, shared.code(school), **{f"p{n}": "x" for n in range(100)})
    assert error_of(response) == "invalid_request"


def test_another_client_cannot_redeem_the_code_and_does_not_spoil_it(house: House) -> None:
    school, other = house.add(), house.add("other", redirect_uris=[REDIRECT])
    code = house.code(school)
    assert error_of(house.redeem(other, code)) == "invalid_grant"
    tokens = json_of(house.redeem(school, code))
    assert house.userinfo(tokens["access_token"]).status_code == 200
    # Nor does its attempt after that end what the school got.
    assert error_of(house.redeem(other, code)) == "invalid_grant"
    assert house.userinfo(tokens["access_token"]).status_code == 200


def test_a_code_lives_sixty_seconds(house: House) -> None:
    client = house.add()
    good, late = house.code(client), house.code(client)
    house.clock.advance(timedelta(seconds=59))
    json_of(house.redeem(client, good))
    house.clock.advance(timedelta(seconds=1))
    assert error_of(house.redeem(client, late)) == "invalid_grant"


@pytest.mark.parametrize("seconds", [0, 1, 30, 120])
def test_a_replayed_code_revokes_the_tokens_it_gave_and_not_the_grant(house: House, seconds: int) -> None:
    client = house.add()
    code = house.code(client, lendings=("l1",))
    tokens = json_of(house.redeem(client, code))
    house.clock.advance(timedelta(seconds=seconds))
    assert house.userinfo(tokens["access_token"]).status_code == 200
    assert error_of(house.redeem(client, code)) == "invalid_grant"
    assert house.userinfo(tokens["access_token"]).status_code == 401
    assert error_of(house.refresh(client, tokens["refresh_token"])) == "invalid_grant"
    assert kinds(house).count("authorization_revoked") == 1
    assert error_of(house.redeem(client, code)) == "invalid_grant"
    assert kinds(house).count("authorization_revoked") == 1
    assert house.consent.grants_of(ALICE)[0].stands
    assert house.evidence.lent["l1"]


def test_a_code_of_a_request_without_challenge_takes_no_verifier(lone: House) -> None:
    client = lone.add(require_pkce=False)
    code = lone.code(client, code_challenge=None)
    assert error_of(lone.redeem(client, code)) == "invalid_request"
    json_of(lone.redeem(client, code, code_verifier=None))


def test_a_public_client_needs_the_verifier(lone: House) -> None:
    client = lone.add(token_endpoint_auth_method="none", client_secret=None)
    assert error_of(lone.redeem(client, lone.code(client), code_verifier=None)) == "invalid_request"
    json_of(lone.redeem(client, lone.code(client)))


def test_a_client_without_the_refresh_grant_gets_no_refresh_token(lone: House) -> None:
    client = lone.add(grant_types=["authorization_code"])
    tokens = lone.tokens(client)
    assert "refresh_token" not in tokens
    answer = lone.refresh(client, "x")
    assert error_of(answer) == "unauthorized_client"


@pytest.mark.parametrize(
    ("until", "scope", "expected"),
    [
        pytest.param(timedelta(days=30), ("openid",), True, id="the grant outlives the access token"),
        pytest.param(timedelta(minutes=5), ("openid",), False, id="the grant ends with the access token"),
        pytest.param(timedelta(minutes=5), ("openid", "offline_access"), True, id="offline_access"),
        pytest.param(None, ("openid",), True, id="no end"),
    ],
)
def test_a_refresh_token_is_given_when_the_grant_outlives_the_access_token(
    lone: House, until: timedelta | None, scope: tuple[str, ...], expected: bool
) -> None:
    client = lone.add()
    assert ("refresh_token" in lone.tokens(client, until=until, scope=scope)) is expected


def test_the_access_token_does_not_outlive_the_grant(lone: House) -> None:
    client = lone.add()
    tokens = lone.tokens(client, until=timedelta(seconds=40))
    assert tokens["expires_in"] == 40


@pytest.mark.parametrize(
    ("scope", "lendings", "resource", "audience"),
    [
        pytest.param(("openid",), (), None, [ISSUER], id="openid"),
        pytest.param(("openid",), ("l1",), None, [ISSUER, VAULT], id="openid and papers"),
        pytest.param((), ("l1",), None, [VAULT], id="papers only"),
        pytest.param(("openid",), ("l1",), VAULT, [VAULT], id="RFC 8707 narrowed to the vault"),
        pytest.param(("openid",), ("l1",), ISSUER, [ISSUER], id="RFC 8707 narrowed to userinfo"),
    ],
)
def test_the_audience_is_what_was_granted(
    lone: House, scope: tuple[str, ...], lendings: tuple[str, ...], resource: str | None, audience: list[str]
) -> None:
    client = lone.add()
    code = lone.code(client, scope=scope, lendings=lendings)
    tokens = json_of(lone.redeem(client, code, resource=resource))
    assert unverified(tokens["access_token"])[1]["aud"] == audience
    assert ("authorization_details" in tokens) is (VAULT in audience)
    assert ("id_token" in tokens) is ("openid" in scope)


def test_a_resource_of_the_authorization_request_cannot_be_widened(lone: House) -> None:
    client = lone.add()
    code = lone.code(client, lendings=("l1",), resource=(ISSUER,))
    assert error_of(lone.redeem(client, code, resource=VAULT)) == "invalid_target"
    assert unverified(json_of(lone.redeem(client, code))["access_token"])[1]["aud"] == [ISSUER]


@pytest.mark.parametrize("alg", ["ES256", "RS256"])
def test_the_id_token_is_signed_as_registered(lone: House, alg: str) -> None:
    client = lone.add(id_token_signed_response_alg=alg)
    token = lone.tokens(client)["id_token"]
    assert unverified(token)[0]["alg"] == alg
    assert lone.signing_keys.verify_own(token, typ="JWT")["aud"] == "school"


def test_claims_asked_for_in_the_id_token_are_told_there_and_written_down(lone: House) -> None:
    client = lone.add()
    tokens = lone.tokens(client, id_token_claims=("email",))
    assert unverified(tokens["id_token"])[1]["email"] == "alice@people.example"
    assert kinds(lone).count("claims_released") == 1


def test_nothing_is_kept_in_clear(lone: House) -> None:
    client = lone.add()
    code = lone.code(client)
    tokens = json_of(lone.redeem(client, code))
    with lone.database.engine.connect() as raw:
        dump = "\n".join(raw.connection.driver_connection.iterdump())  # type: ignore[union-attr]
    for secret in (code, tokens["refresh_token"], tokens["access_token"], tokens["id_token"], SECRET):
        assert secret not in dump


def test_a_redemption_takes_one_transaction_and_few_statements(lone: House) -> None:
    client = lone.add()
    json_of(lone.redeem(client, lone.code(client)))  # warm: keys are opened, the client is held
    code = lone.code(client, until=timedelta(minutes=1))
    statements: list[str] = []
    begun: list[int] = []
    event.listen(lone.database.engine, "before_cursor_execute", lambda *told: statements.append(told[2]))
    event.listen(lone.database.engine, "begin", lambda _: begun.append(1))
    json_of(lone.redeem(client, code))
    assert len(begun) == 1
    assert [text.split()[0] for text in statements] == ["UPDATE"]


def swap(house: House, client: Client, column: str, value: object) -> str:
    code = house.code(client)
    with house.database.transaction() as tx:
        tx.execute(update(authorizations).values({column: value}))
    return code


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("client_id", "other"),
        ("redirect_uri", "https://other.example/callback"),
        ("code_challenge", "x" * 43),
        ("jkt", "another-key"),
    ],
)
def test_a_code_is_bound_to_each_of_these(lone: House, column: str, value: object) -> None:
    client = lone.add()
    assert error_of(lone.redeem(client, swap(lone, client, column, value))) == "invalid_grant"
