"""Hybrid and implicit response types (OpenID Connect Core §3.2, §3.3): off, or on for old clients and nobody else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from authlib.oidc.core.util import create_half_hash
from joserfc import jwk, jwt
from sqlalchemy import select
from werkzeug.test import TestResponse

from audit.store.entries import entries
from config.database import Database, metadata
from oidc.endpoints import discovery
from oidc.errors import InvalidClientMetadata, InvalidRedirectUri, UnauthorizedClient
from oidc.profiles import PROFILES
from oidc.protocols import SubjectId
from oidc.request import Checks
from oidc.response_types import HYBRID_AND_IMPLICIT
from oidc.tokens.access_token import TokenChallenge
from tests.clocks import FixedClock
from tests.oidc.asking import CONTRACT, DETAIL, answer, approve, ask, handle_of, parameters, push
from tests.oidc.provider_house import (
    CLAIMS,
    ISSUER,
    REDIRECT,
    VAULT,
    ClientKey,
    House,
    error_of,
    json_of,
    unverified,
)
from tests.oidc.request_rows import CLIENT
from tests.oidc.simulators import SimulatedEvidence, SimulatedHints

OLD: dict[str, Any] = {
    "profile": "openid-basic",
    "response_types": ["code", *HYBRID_AND_IMPLICIT],
    "grant_types": ["authorization_code", "implicit", "refresh_token"],
}
VALID = {"response_type": "code id_token token", "code_challenge": None, "code_challenge_method": None}
MEMBERS = {
    "id_token": {"id_token"},
    "id_token token": {"id_token", "access_token", "token_type", "expires_in", "scope"},
    "code id_token": {"code", "id_token"},
    "code token": {"code", "access_token", "token_type", "expires_in", "scope"},
    "code id_token token": {"code", "id_token", "access_token", "token_type", "expires_in", "scope"},
}


@pytest.fixture
def old(sqlite: Database, tmp_path: Path, clock: FixedClock) -> House:
    """A provider where they are on, and the school an old client."""
    house = House(sqlite, tmp_path / "keys", clock, hybrid_and_implicit=True)
    house.add(**OLD)
    return house


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The same for rows that change nothing."""
    folder = tmp_path_factory.mktemp("rows")
    database = Database(f"sqlite:///{folder / 'test.db'}")
    metadata.create_all(database.engine)
    house = House(database, folder / "keys", FixedClock(), hybrid_and_implicit=True)
    house.add(contract=CONTRACT, **OLD)
    house.add("modern", profile="baseline")
    house.add("code-only", profile="openid-basic")
    yield house
    database.close()


def fragment(response: TestResponse) -> dict[str, str]:
    """The parameters that went back in the fragment, and nothing in the query."""
    assert response.status_code == 303, response.get_data(as_text=True)
    parts = urlsplit(response.location)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}?{parts.query}" == f"{REDIRECT}?"
    return dict(parse_qsl(parts.fragment))


def granted(house: House, **changed: Any) -> TestResponse:
    house.sign_in.there = house.signed_in()
    handle = handle_of(ask(house, **{**VALID, **changed}))
    approve(house, handle)
    return house.http.get(f"/authorize/{handle}")


def kinds(house: House) -> list[str]:
    with house.database.reading() as tx:
        return list(tx.execute(select(entries.c.kind)).scalars())


@pytest.mark.parametrize("response_type", HYBRID_AND_IMPLICIT)
def test_each_gives_what_it_names_bound_together_in_the_fragment(old: House, response_type: str) -> None:
    told = fragment(granted(old, response_type=response_type))
    assert told.keys() == MEMBERS[response_type] | {"state", "iss"}
    assert (told["state"], told["iss"]) == ("st", ISSUER)
    if "id_token" in told:
        keys = jwk.KeySet.import_key_set(json.loads(old.http.get("/jwks").data))
        claims = jwt.decode(told["id_token"], keys, algorithms=["ES256"]).claims
        assert (claims["iss"], claims["aud"], claims["nonce"]) == (ISSUER, "school", "n-1")
        for member, its_hash in (("code", "c_hash"), ("access_token", "at_hash")):
            expected = create_half_hash(told[member], "ES256").decode() if member in told else None
            assert claims.get(its_hash) == expected
    if "access_token" in told:
        assert (told["token_type"], told["expires_in"], told["scope"]) == ("Bearer", "60", "openid profile")
        userinfo = json_of(old.userinfo(told["access_token"]))
        assert userinfo["sub"] == unverified(told.get("id_token", told["access_token"]))[1]["sub"]
    if "code" in told:
        school = old.clients.get("school")
        assert school
        tokens = json_of(old.redeem(school, told["code"], code_verifier=None))
        assert {"id_token", "access_token", "refresh_token"} <= tokens.keys()
        assert unverified(tokens["id_token"])[1]["nonce"] == "n-1"


REFUSED = [
    pytest.param({"nonce": None}, "invalid_request", id="Core §3.3.2.11 no nonce"),
    pytest.param({"response_type": "id_token", "nonce": None}, "invalid_request", id="Core §3.2.2.1 no nonce"),
    pytest.param({"response_mode": "query"}, "invalid_request", id="Multiple Response Types §5 query"),
    pytest.param({"response_mode": "query.jwt"}, "invalid_request", id="JARM §2.3.1 query.jwt"),
    pytest.param({"scope": "profile"}, "invalid_scope", id="no scope openid"),
    pytest.param({"authorization_details": json.dumps([DETAIL])}, "invalid_request", id="papers"),
    pytest.param({"scope": "openid document:identity_card"}, "invalid_request", id="papers by a scope"),
    pytest.param({"scope": "openid phone"}, "invalid_scope", id="a scope that isn't registered"),
    pytest.param(
        {"response_type": "id_token", "grant_management_action": "create"}, "invalid_request", id="a grant to manage"
    ),
    pytest.param({"client_id": "modern"}, "unauthorized_client", id="a client of another profile"),
    pytest.param({"client_id": "code-only"}, "unauthorized_client", id="a client that isn't registered for it"),
    pytest.param({"prompt": "none"}, "login_required", id="Core §3.2.2.6 nobody is there"),
]


@pytest.mark.parametrize(("changed", "error"), REFUSED)
def test_a_request_that_differs_in_one_thing_is_refused_in_the_fragment(
    rows: House, changed: dict[str, Any], error: str
) -> None:
    told = fragment(ask(rows, **{**VALID, **changed}))
    assert (told["error"], told["state"], told["iss"]) == (error, "st", ISSUER)
    assert not {"code", "id_token", "access_token"} & told.keys()


@pytest.mark.parametrize(("changed", "error"), REFUSED[:9])
def test_none_of_it_is_pushed_either(rows: House, changed: dict[str, Any], error: str) -> None:
    assert error_of(push(rows, **{**VALID, **changed})) == error


@pytest.mark.parametrize(
    "changed", [{}, {"response_type": "token id_token code"}, {"response_type": "code token", "nonce": None}]
)
def test_the_valid_request_leads_to_the_sign_in(rows: House, changed: dict[str, Any]) -> None:
    assert ask(rows, **{**VALID, **changed}).location.startswith("/sign-in?")


@pytest.mark.parametrize("response_type", ["token", "none", "code code", "id_token  token", "ID_TOKEN", "code x"])
def test_other_response_types_there_are_none(rows: House, response_type: str) -> None:
    assert answer(ask(rows, response_type=response_type))["error"] == "unsupported_response_type"


@pytest.mark.parametrize("response_type", HYBRID_AND_IMPLICIT)
def test_turned_off_there_are_none_for_anybody(lone: House, response_type: str) -> None:
    with pytest.raises(InvalidClientMetadata):
        lone.add(**OLD)
    lone.add(profile="openid-basic")
    for mode in (None, "fragment", "form_post.fragment"):
        told = answer(ask(lone, **{**VALID, "response_type": response_type, "response_mode": mode}))
        assert told["error"] == "unsupported_response_type"


@pytest.mark.parametrize("name", sorted(PROFILES.keys() - {"openid-basic"}))
def test_a_client_of_another_profile_gets_none_even_if_its_row_says_so(name: str) -> None:
    checks = Checks(
        evidence=SimulatedEvidence(), hints=SimulatedHints(), issuer=ISSUER, vault=VAULT, hybrid_and_implicit=True
    )
    asked = parameters(response_type="id_token", response_mode="fragment.jwt")
    basic = replace(
        CLIENT,
        profile="openid-basic",
        response_types=frozenset({"id_token"}),
        grant_types=frozenset({"implicit"}),
    )
    assert checks.check(basic, asked).response_type == "id_token"
    with pytest.raises(UnauthorizedClient):
        checks.check(replace(basic, profile=name), asked)


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        pytest.param({"profile": "baseline"}, InvalidClientMetadata, id="another profile"),
        pytest.param({"profile": None}, InvalidClientMetadata, id="the default profile"),
        pytest.param({"profile": "baseline", "response_types": None}, InvalidClientMetadata, id="the grant type alone"),
        pytest.param({"grant_types": ["authorization_code"]}, InvalidClientMetadata, id="Registration §2 no implicit"),
        pytest.param({"grant_types": ["implicit"]}, InvalidClientMetadata, id="Registration §2 no code"),
        pytest.param({"response_types": ["token"]}, InvalidClientMetadata, id="token alone"),
        pytest.param({"redirect_uris": None}, InvalidRedirectUri, id="no address"),
        pytest.param({"redirect_uris": ["http://127.0.0.1/"]}, InvalidRedirectUri, id="Registration §2 no https"),
        pytest.param({"redirect_uris": ["https://localhost/"]}, InvalidRedirectUri, id="Registration §2 localhost"),
        pytest.param({"dpop_bound_access_tokens": True}, InvalidClientMetadata, id="its tokens are bound"),
    ],
)
def test_a_registration_that_differs_in_one_thing_is_refused(
    rows: House, changed: dict[str, Any], refusal: type[Exception]
) -> None:
    rows.add("new", **OLD)
    with pytest.raises(refusal):
        rows.add("new", **{**OLD, **changed})


def test_a_script_without_a_secret_needs_no_pkce_where_there_is_no_code(old: House) -> None:
    old.add(**OLD, token_endpoint_auth_method="none", client_secret=None)
    assert ask(old, **{**VALID, "response_type": "id_token token"}).location.startswith("/sign-in?")
    assert fragment(ask(old, **VALID))["error"] == "invalid_request"


def test_an_access_token_of_the_browser_reaches_userinfo_for_a_minute_and_no_paper(old: House) -> None:
    told = fragment(granted(old, response_type="id_token token"))
    claims = unverified(told["access_token"])[1]
    assert claims["aud"] == [ISSUER]
    assert "authorization_details" not in claims
    at_the_vault = old.verified("GET", f"{VAULT}/documents/x", [f"Bearer {told['access_token']}"], [], audience=VAULT)
    assert isinstance(at_the_vault, TokenChallenge)
    assert at_the_vault.code == "invalid_token"
    wider = fragment(granted(old, response_type="id_token token", resource=VAULT, prompt="consent"))
    assert wider["error"] == "invalid_target"
    old.clock.advance(timedelta(seconds=61))
    assert old.userinfo(told["access_token"]).status_code == 401


def test_without_a_code_nothing_is_for_later(old: House) -> None:
    told = fragment(granted(old, response_type="id_token token", scope="openid offline_access"))
    assert told["scope"] == "openid"
    assert "refresh_token" not in told


def test_a_replayed_code_ends_the_token_that_came_beside_it(old: House) -> None:
    told, school = fragment(granted(old)), old.clients.get("school")
    assert school
    json_of(old.redeem(school, told["code"], code_verifier=None))
    json_of(old.userinfo(told["access_token"]))
    assert error_of(old.redeem(school, told["code"], code_verifier=None)) == "invalid_grant"
    assert old.userinfo(told["access_token"]).status_code == 401


def test_a_sign_out_ends_the_token_of_the_browser(old: House) -> None:
    told = fragment(granted(old, response_type="id_token token"))
    with old.database.transaction() as tx:
        old.families.end_of_sign_in(tx, "sign-in-1")
    assert old.userinfo(told["access_token"]).status_code == 401


def test_an_id_token_alone_tells_what_userinfo_would_and_that_is_written_down(old: House) -> None:
    alone = fragment(granted(old, response_type="id_token", scope="openid email"))
    claims = unverified(alone["id_token"])[1]
    assert {name: claims[name] for name in ("email", "email_verified")} == {
        name: CLAIMS[name] for name in ("email", "email_verified")
    }
    assert "name" not in claims
    assert kinds(old).count("claims_released") == 1


def test_beside_a_code_the_browser_carries_nothing_about_the_person(old: House) -> None:
    told = fragment(granted(old, claims='{"id_token":{"email":null}}'))
    assert "email" not in unverified(told["id_token"])[1]
    school = old.clients.get("school")
    assert school
    tokens = json_of(old.redeem(school, told["code"], code_verifier=None))
    assert unverified(tokens["id_token"])[1]["email"] == CLAIMS["email"]


def test_the_key_that_a_request_names_binds_the_token_too(old: House) -> None:
    key = ClientKey(old.clock)
    jkt = key.private.thumbprint()
    told = fragment(granted(old, response_type="id_token token", dpop_jkt=jkt))
    assert told["token_type"] == "DPoP"
    assert old.userinfo(told["access_token"]).status_code == 401
    proof = key.proof("GET", "/userinfo", token=told["access_token"])
    assert (
        old.userinfo(told["access_token"], Authorization=f"DPoP {told['access_token']}", DPoP=proof).status_code == 200
    )


def test_the_answer_goes_by_form_where_that_is_asked(old: House) -> None:
    text = granted(old, response_mode="form_post").text
    assert text.startswith(f"form to {REDIRECT}: ")
    assert all(f"'{name}'" in text for name in MEMBERS["code id_token token"] | {"state", "iss"})


@pytest.mark.parametrize("mode", ["jwt", "fragment.jwt"])
def test_a_signed_answer_stands_in_the_fragment(old: House, mode: str) -> None:
    told = fragment(granted(old, response_mode=mode))
    assert told.keys() == {"response"}
    assert MEMBERS["code id_token token"] < unverified(told["response"])[1].keys()


def test_who_says_no_is_told_of_in_the_fragment(old: House) -> None:
    there = old.sign_in.there = old.signed_in()
    handle = handle_of(ask(old, **VALID))
    old.consent.refuse(handle, old.sign_in.browser(), there)
    told = fragment(old.http.get(f"/authorize/{handle}"))
    assert told == {"error": "access_denied", "state": "st", "iss": ISSUER}


def test_a_grant_that_stands_answers_silently_and_a_wider_request_does_not(old: House) -> None:
    granted(old, response_type="id_token")
    silent = {**VALID, "prompt": "none"}
    assert "id_token" in fragment(ask(old, **{**silent, "response_type": "id_token"}))
    wider = fragment(ask(old, **{**silent, "response_type": "id_token", "scope": "openid profile email"}))
    assert wider["error"] == "consent_required"


def test_a_person_whose_approval_is_gone_gives_nothing(old: House) -> None:
    old.sign_in.there = old.signed_in()
    handle = handle_of(ask(old, **VALID))
    approve(old, handle)
    grant = old.consent.grants_of(SubjectId("alice"))[0]
    old.consent.take_back(SubjectId("alice"), grant.id)
    assert fragment(old.http.get(f"/authorize/{handle}"))["error"] == "access_denied"


def test_discovery_follows_the_setting(old: House) -> None:
    on = json_of(old.http.get("/.well-known/openid-configuration"))
    off = discovery.metadata(ISSUER)
    assert on["response_types_supported"] == ["code", *HYBRID_AND_IMPLICIT]
    assert set(on["response_modes_supported"]) == {*off["response_modes_supported"], "fragment", "fragment.jwt"}
    assert on["grant_types_supported"] == [*off["grant_types_supported"], "implicit"]
    others = {"response_types_supported", "response_modes_supported", "grant_types_supported"}
    assert {name: value for name, value in on.items() if name not in others} == {
        name: value for name, value in off.items() if name not in others
    }


def test_a_client_that_comes_by_itself_registers_for_them_by_its_profile_only(old: House) -> None:
    for profile, status in (("openid-basic", 201), ("baseline", 400)):
        old.policy = type(old.policy)(mode="open", profile=profile)
        http = old._app().test_client()
        wish = {"redirect_uris": [REDIRECT], **{name: OLD[name] for name in ("response_types", "grant_types")}}
        told = json_of(http.post("/register", json=wish), status)
        assert told.get("response_types") == (sorted(OLD["response_types"]) if status == 201 else None)


def test_at_the_token_endpoint_implicit_is_nothing(old: House) -> None:
    school = old.clients.get("school")
    assert school
    assert error_of(old.post("/token", school, {"grant_type": "implicit"})) == "unsupported_grant_type"
