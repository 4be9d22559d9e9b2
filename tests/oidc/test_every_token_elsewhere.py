"""THREATS §2: every kind of token and handle at every endpoint but its own. Each is refused, and none is used up by it.

Generated: a new kind or a new endpoint is a line in a table, and meets all the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from config.database import metadata
from oidc import jwts
from oidc.back_channel import TellSignedOut
from oidc.client_authentication.private_key import ASSERTION_TYPE
from oidc.clients import Client
from oidc.clients.metadata import CIBA, DEVICE_CODE
from oidc.tokens.access_token import VerifiedAccessToken
from tests.oidc import test_ciba
from tests.oidc.asking import CONTRACT, answer, approve, ask, handle_of, open_pushed, parameters, push
from tests.oidc.devices import allow, begun
from tests.oidc.provider_house import REDIRECT, SECRET, VAULT, VERIFIER, ClientKey, House, basic, json_of

KINDS = (
    "code",
    "access token",
    "refresh token",
    "ID token",
    "signed userinfo",
    "logout token",
    "request_uri",
    "pushed handle",
    "interaction handle",
    "sign-out handle",
    "client secret",
    "client assertion",
    "DPoP proof",
    "device code",
    "user code",
    "auth_req_id",
    "mailed secret",
)


@dataclass
class Issued:
    """One of each kind, unused, for one client and one person."""

    house: House
    client: Client
    keyed: Client
    key: ClientKey
    of: Mapping[str, str] = field(repr=False)


def sid_of(id_token: str) -> str:
    return str(jwts.parse_without_verifying(id_token).claims["sid"])


def issue(house: House) -> Issued:
    key = ClientKey(house.clock)
    client = house.add(
        contract=CONTRACT,
        userinfo_signed_response_alg="ES256",
        grant_types=["authorization_code", "refresh_token", DEVICE_CODE, CIBA],
    )
    keyed = house.add(
        "keyed", token_endpoint_auth_method="private_key_jwt", client_secret=None, jwks={"keys": [key.public]}
    )
    house.sign_in.there = house.signed_in()
    handle = handle_of(ask(house))
    approve(house, handle)
    tokens = house.tokens(client, lendings=("l1",))
    pushed = json_of(push(house), 201)["request_uri"]
    device = begun(house, client)
    allow(house, device["user_code"])
    form = {"scope": "openid", "login_hint": "alice@people.example"}
    asked = json_of(house.post("/bc-authorize", client, form))
    test_ciba.allow(house, test_ciba.told(house)[1])
    of = {
        "code": house.code(client),
        "access token": tokens["access_token"],
        "refresh token": tokens["refresh_token"],
        "ID token": tokens["id_token"],
        "signed userinfo": house.userinfo(tokens["access_token"]).get_data(as_text=True),
        "logout token": house.back_channel._token(client, TellSignedOut("school", sid_of(tokens["id_token"]), "s")),
        "request_uri": pushed,
        "pushed handle": pushed.rpartition(":")[2],
        "interaction handle": handle,
        "sign-out handle": house.http.get("/end-session").get_data(as_text=True).split()[-1],
        "client secret": SECRET,
        "client assertion": key.assertion("keyed"),
        "DPoP proof": key.proof("GET", "/userinfo", token=tokens["access_token"]),
        "device code": device["device_code"],
        "user code": device["user_code"],
        "auth_req_id": asked["auth_req_id"],
        "mailed secret": "mV3vU4w0oB6cX9dJ2sK7tQ1yZ8rL5nH0aG4eP6iF3uE",  # looks like all our random secrets
    }
    assert set(of) == set(KINDS)
    return Issued(house, client, keyed, key, of)


def as_client(issued: Issued, form: dict[str, str], path: str = "/token") -> TestResponse:
    return issued.house.post(path, issued.client, form)


def is_refused_page(response: TestResponse) -> bool:
    return response.status_code == 400 and "Location" not in response.headers


def with_bearer(issued: Issued, shown: str, scheme: str = "Bearer") -> TestResponse:
    return issued.house.http.get("/userinfo", headers={"Authorization": f"{scheme} {shown}"})


def at_grants(issued: Issued, shown: str) -> TestResponse:
    return issued.house.http.delete("/grants/g", headers={"Authorization": f"Bearer {shown}"})


def redeem(issued: Issued, shown: str) -> TestResponse:
    form = {"grant_type": "authorization_code", "code": shown, "redirect_uri": REDIRECT, "code_verifier": VERIFIER}
    return as_client(issued, form)


def as_device(issued: Issued, shown: str) -> TestResponse:
    return as_client(issued, {"grant_type": DEVICE_CODE, "device_code": shown})


def as_hint(issued: Issued, shown: str) -> TestResponse:
    return as_client(issued, {"scope": "openid", "id_token_hint": shown}, "/bc-authorize")


def as_service(issued: Issued, shown: str) -> TestResponse:
    return as_client(issued, {"grant_type": CIBA, "auth_req_id": shown})


def as_verifier(issued: Issued, shown: str) -> TestResponse:
    code = issued.house.code(issued.client)
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, "code_verifier": shown}
    return as_client(issued, form)


def by_assertion(issued: Issued, shown: str) -> TestResponse:
    form = {"token": "x", "client_assertion": shown, "client_assertion_type": ASSERTION_TYPE}
    return issued.house.http.post("/revoke", data=form)


def by_secret(issued: Issued, shown: str) -> TestResponse:
    return issued.house.http.post("/revoke", data={"token": "x"}, headers={"Authorization": basic("school", shown)})


def with_proof(issued: Issued, shown: str) -> TestResponse:
    form = {"grant_type": "refresh_token", "refresh_token": "x"}
    return issued.house.post("/token", issued.client, form, headers={"DPoP": shown})


def proof_of_token(issued: Issued, shown: str) -> TestResponse:
    headers = {"Authorization": f"DPoP {issued.of['access token']}", "DPoP": shown}
    return issued.house.http.get("/userinfo", headers=headers)


def hint(issued: Issued, shown: str) -> TestResponse:
    return ask(issued.house, id_token_hint=shown, prompt="none")


def sign_out_hint(issued: Issued, shown: str) -> TestResponse:
    return issued.house.http.get("/end-session", query_string={"id_token_hint": shown})


def opened(issued: Issued, shown: str) -> TestResponse:
    return issued.house.http.get(f"/authorize/{shown}")


def reference(issued: Issued, shown: str) -> TestResponse:
    return open_pushed(issued.house, shown)


def confirmed(issued: Issued, shown: str) -> TestResponse:
    return issued.house.http.post(f"/end-session/{shown}")


def resumed_sign_out(issued: Issued, shown: str) -> TestResponse:
    return issued.house.http.get(f"/end-session/{shown}")


def refresh(issued: Issued, shown: str) -> TestResponse:
    return as_client(issued, {"grant_type": "refresh_token", "refresh_token": shown})


def pushed_again(issued: Issued, shown: str) -> TestResponse:
    return issued.house.post("/par", issued.client, parameters(request_uri=shown))


def _error(response: TestResponse) -> str:
    """What was answered: the code in JSON, in the redirect, or on a page of ours."""
    if response.status_code == 303:
        return answer(response).get("error", "")
    if response.mimetype == "application/json":
        return str((response.get_json() or {}).get("error", ""))
    return response.get_data(as_text=True).removeprefix("error page: ") if is_refused_page(response) else ""


Door = Callable[[Issued, str], TestResponse]
DOORS: dict[str, tuple[Door, str, frozenset[str]]] = {
    "token, code": (redeem, "invalid_grant", frozenset({"code"})),
    "token, refresh_token": (refresh, "invalid_grant", frozenset({"refresh token"})),
    "token, device_code": (as_device, "invalid_grant", frozenset({"device code"})),
    "token, auth_req_id": (as_service, "invalid_grant", frozenset({"auth_req_id"})),
    "bc-authorize, hint": (as_hint, "invalid_request", frozenset({"ID token"})),
    "token, code_verifier": (as_verifier, "invalid_grant invalid_request", frozenset()),
    "token, DPoP": (with_proof, "invalid_dpop_proof", frozenset()),
    "userinfo, Bearer": (with_bearer, "invalid_token", frozenset({"access token"})),
    "userinfo, DPoP": (proof_of_token, "invalid_token invalid_dpop_proof", frozenset()),
    "grants, Bearer": (at_grants, "invalid_token", frozenset()),
    "client, secret": (by_secret, "invalid_client", frozenset({"client secret"})),
    "client, assertion": (by_assertion, "invalid_client", frozenset({"client assertion"})),
    "authorize, hint": (hint, "invalid_request", frozenset({"ID token"})),
    "authorize, handle": (opened, "request_over", frozenset({"interaction handle"})),
    "authorize, request_uri": (reference, "invalid_request_uri request_uri_not_supported", frozenset({"request_uri"})),
    "par, request_uri": (pushed_again, "invalid_request", frozenset()),
    "end-session, hint": (sign_out_hint, "invalid_request", frozenset({"ID token"})),
    "end-session, handle": (confirmed, "invalid_request", frozenset({"sign-out handle"})),
    "end-session, kept handle": (resumed_sign_out, "invalid_request", frozenset()),
}
"""Each endpoint's every input: how to show something there, the error or errors, and what is at home there."""


def rows(house: House) -> dict[str, int]:
    """How many rows each table has, but the one that counts refusals."""
    with house.database.reading() as tx:
        return {
            table.name: tx.execute(select(func.count()).select_from(table)).scalar_one()
            for table in metadata.sorted_tables
            if table.name.startswith("oidc_") and table.name != "oidc_refusals"
        }


@pytest.fixture(scope="module")
def issued(shared: House) -> Issued:
    return issue(shared)


@pytest.mark.parametrize(
    ("kind", "door"), [(kind, door) for kind in KINDS for door in DOORS if kind not in DOORS[door][2]]
)
def test_a_token_of_one_kind_is_refused_wherever_another_belongs(issued: Issued, kind: str, door: str) -> None:
    show, errors, _ = DOORS[door]
    before, ended = rows(issued.house), list(issued.house.sign_in.ended)
    response = show(issued, issued.of[kind])
    assert _error(response) in errors.split(), f"{response.status_code} {response.get_data(as_text=True)[:300]}"
    assert issued.house.sign_in.ended == ended
    after = rows(issued.house)
    if door == "token, code_verifier":  # which made the code that it showed
        before["oidc_authorizations"] += 1
        before["oidc_grants"] += 1
    assert after == before


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in {"access token", "refresh token"}])
def test_nothing_else_can_be_revoked(issued: Issued, kind: str) -> None:
    """RFC 7009 §2.2: what is no token of ours is no error, and changes nothing."""
    before = rows(issued.house)
    assert as_client(issued, {"token": issued.of[kind]}, "/revoke").status_code == 200
    assert rows(issued.house) == before


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_but_an_access_token_opens_the_vault(issued: Issued, kind: str) -> None:
    answered = issued.house.verified("GET", f"{VAULT}/documents/l1", [f"Bearer {issued.of[kind]}"], [], audience=VAULT)
    assert isinstance(answered, VerifiedAccessToken) is (kind == "access token")


@pytest.mark.parametrize("kind", KINDS)
def test_no_machine_takes_anything_in_the_address(issued: Issued, kind: str) -> None:
    for path in ("/token", "/userinfo", "/revoke", "/par"):
        for name in ("access_token", "token", "code", "client_secret", "refresh_token"):
            response = issued.house.http.post(path, query_string={name: issued.of[kind]}, data={"x": "y"})
            assert _error(response) == "invalid_request"


def test_after_all_that_each_is_still_good_at_home(house: House) -> None:
    """On each kind of database: shown everywhere else first, then where it belongs."""
    made = issue(house)
    for kind in KINDS:
        for show, _, at_home in DOORS.values():
            if kind not in at_home:
                show(made, made.of[kind])
    assert with_bearer(made, made.of["access token"]).status_code == 200
    assert redeem(made, made.of["code"]).status_code == 200
    assert refresh(made, made.of["refresh token"]).status_code == 200
    assert as_service(made, made.of["auth_req_id"]).status_code == 200
    assert as_device(made, made.of["device code"]).status_code == 200
    assert by_secret(made, SECRET).status_code == 200
    assert by_assertion(made, made.of["client assertion"]).status_code == 200
    assert "code" in answer(hint(made, made.of["ID token"]))
    assert "code" in answer(opened(made, made.of["interaction handle"]))
    assert reference(made, made.of["request_uri"]).status_code == 303
    assert confirmed(made, made.of["sign-out handle"]).get_data(as_text=True) == "signed out"
