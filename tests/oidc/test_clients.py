"""Clients: what an import keeps, makes and refuses (RFC 7591, RFC 8252, RFC 9700)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from oidc.clients import redirect_uris
from oidc.clients.metadata import parse
from oidc.clients.registry import _dump
from oidc.errors import InvalidClientMetadata, InvalidRedirectUri
from oidc.store import clients as store
from tests.clocks import FixedClock
from tests.oidc.provider_house import REDIRECT, SECRET, ClientKey, House, metadata

PUBLIC_KEYS = {"keys": [ClientKey(FixedClock()).public]}


def test_a_given_id_and_secret_are_kept(house: House) -> None:
    client, made = house.clients.add(metadata(), actor="tests")
    assert (client.client_id, made) == ("school", None)
    assert house.clients.check_secret(client, SECRET)
    assert not house.clients.check_secret(client, SECRET + "x")
    assert house.clients.get("school") == client
    assert house.clients.all() == [client]


def test_a_missing_id_and_secret_are_made(house: House) -> None:
    given = {name: value for name, value in metadata(client_secret=None).items() if name != "client_id"}
    client, secret = house.clients.add(given, actor="tests")
    assert secret is not None
    assert len(secret) == 43
    assert len(client.client_id) == 26
    assert house.clients.check_secret(client, secret)


def test_a_change_without_a_secret_keeps_the_old_one(house: House) -> None:
    house.add()
    client, made = house.clients.add(metadata(client_secret=None, client_name="New"), actor="tests")
    assert made is None
    assert client.name == "New"
    assert house.clients.check_secret(client, SECRET)


def test_a_client_that_comes_back_after_its_removal_gets_a_new_secret(house: House) -> None:
    """Whoever held the old one may be why it was removed."""
    house.clients.add(metadata(), actor="registration", registration_token_hash=b"x" * 32)
    house.clients.remove("school", actor="tests")
    client, made = house.clients.add(metadata(client_secret=None), actor="tests")
    assert made
    assert house.clients.check_secret(client, made)
    assert not house.clients.check_secret(client, SECRET)
    assert house.clients.registration_token_hash("school") is None


def test_no_algorithm_named_means_rs256_in_an_import_and_es256_in_our_own(lone: House) -> None:
    given_none = metadata(id_token_signed_response_alg=None)
    assert lone.clients.add(given_none, actor="t")[0].id_token_signed_response_alg == "RS256"
    assert lone.clients.add(given_none, actor="t", default_alg="ES256")[0].id_token_signed_response_alg == "ES256"


def test_two_clients_of_one_host_are_two_sectors_unless_they_say_so(lone: House) -> None:
    one, two = lone.add("one"), lone.add("two")
    assert one.sector != two.sector
    assert lone.add("four", subject_type="public").sector == "public:"


TERMS = {"document_types": ["proof_of_address"], "max_duration": "P1Y", "max_reads": 5}
NO_OBJECTS: list[Any] = [["x"], [], "", 0, False]
WRONG_TERMS: list[dict[str, Any]] = [
    {"document_types": None},
    {"document_types": []},
    {"document_types": "proof_of_address"},
    {"document_types": [7]},
    {"document_types": ["Proof of address"]},
    {"max_duration": ""},
    {"max_duration": "P"},
    {"max_duration": 365},
    {"max_reads": 0},
    {"max_reads": -1},
    {"max_reads": "5"},
    {"max_reads": True},
    {"max_reads": 1.5},
    {"max_read": 5},
]


def terms(**changed: Any) -> dict[str, Any]:
    """A contract of one purpose, one member of its terms changed."""
    changed_terms = {name: value for name, value in {**TERMS, **changed}.items() if value is not None}
    return {"contract": {"purposes": {"canteen": changed_terms}}}


def test_a_whole_contract_is_kept(lone: House) -> None:
    whole = {**terms()["contract"], "retention": "P1Y", "contact": "canteen@school.example"}
    lone.add(contract=whole)
    kept = lone.clients.get("school")
    assert kept
    assert kept.contract == whole


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"client_secret": "x" * 31}, id="secret of 31"),
        pytest.param({"client_secret": "x" * 513}, id="secret of 513"),
        pytest.param({"client_secret": "ß" * 40}, id="secret not ASCII"),
        pytest.param({"client_id": "with space"}, id="client_id with a space"),
        pytest.param({"client_id": "x" * 129}, id="client_id too long"),
        pytest.param({"token_endpoint_auth_method": "none"}, id="public with a secret"),
        pytest.param({"token_endpoint_auth_method": "tls_client_auth"}, id="method not spoken"),
        pytest.param({"token_endpoint_auth_method": "private_key_jwt", "client_secret": None}, id="no key"),
        pytest.param({"grant_types": ["implicit"]}, id="implicit"),
        pytest.param({"grant_types": ["password"]}, id="password"),
        pytest.param({"response_types": ["token"]}, id="token"),
        pytest.param({"grant_types": "authorization_code"}, id="no list"),
        pytest.param({"subject_type": "other"}, id="subject_type"),
        pytest.param({"scope": "a  b"}, id="scope with two spaces"),
        pytest.param({"id_token_signed_response_alg": "none"}, id="ID token unsigned"),
        pytest.param({"id_token_signed_response_alg": "HS256"}, id="ID token HS256"),
        pytest.param({"introspection_encrypted_response_alg": "RSA-OAEP"}, id="encryption not spoken"),
        pytest.param({"jwks_uri": "http://school.example/jwks"}, id="jwks_uri http"),
        pytest.param({"jwks_uri": "https://user@school.example/jwks"}, id="jwks_uri with a user"),
        pytest.param({"jwks_uri": "https://school.example/jwks", "jwks": PUBLIC_KEYS}, id="jwks and jwks_uri"),
        pytest.param({"backchannel_logout_uri": "http://school.example/out"}, id="backchannel_logout_uri http"),
        pytest.param({"backchannel_logout_uri": "https://school.example/out#x"}, id="backchannel_logout_uri, fragment"),
        pytest.param({"backchannel_logout_uri": "https://user@school.example/"}, id="backchannel_logout_uri, user"),
        pytest.param({"backchannel_logout_session_required": "yes"}, id="session required no boolean"),
        pytest.param(
            {"frontchannel_logout_uri": "https://other.example/out"}, id="frontchannel_logout_uri, other host"
        ),
        pytest.param({"frontchannel_logout_uri": "https://school.example:444/out"}, id="frontchannel_logout_uri, port"),
        pytest.param({"frontchannel_logout_uri": "http://127.0.0.1/out"}, id="frontchannel_logout_uri, loopback"),
        pytest.param({"frontchannel_logout_uri": "javascript:alert(1)"}, id="frontchannel_logout_uri javascript"),
        pytest.param({"frontchannel_logout_session_required": 1}, id="frontchannel session required, a number"),
        pytest.param({"initiate_login_uri": "http://school.example/in"}, id="Registration §2 initiate_login_uri http"),
        pytest.param({"initiate_login_uri": "javascript:alert(1)"}, id="initiate_login_uri javascript"),
        pytest.param({"initiate_login_uri": "https://school.example/in#x"}, id="initiate_login_uri, fragment"),
        pytest.param({"logo_uri": "javascript:alert(1)"}, id="logo javascript"),
        pytest.param({"policy_uri": "http://school.example/"}, id="policy http"),
        pytest.param({"sector_identifier_uri": "http://127.0.0.1/"}, id="sector http"),
        pytest.param({"redirect_uris": ""}, id="redirect_uris an empty text"),
        pytest.param({"post_logout_redirect_uris": {}}, id="post_logout_redirect_uris an empty object"),
        pytest.param({"contacts": 0}, id="contacts a zero"),
        pytest.param({"scope": []}, id="scope an empty list"),
        pytest.param({"jwks": []}, id="jwks an empty list"),
        pytest.param({"client_name#fr": ["École"]}, id="a name no text"),
        *[pytest.param({"contract": wrong}, id=f"contract {wrong!r}") for wrong in NO_OBJECTS],
        pytest.param({"contract": {"retain": "P1Y"}}, id="contract, unknown member"),
        pytest.param({"contract": {"retention": ""}}, id="contract, retention empty"),
        pytest.param({"contract": {"retention": "one year"}}, id="contract, retention no period"),
        pytest.param({"contract": {"contact": 0}}, id="contract, contact a zero"),
        *[pytest.param({"contract": {"purposes": wrong}}, id=f"purposes {wrong!r}") for wrong in NO_OBJECTS],
        pytest.param({"contract": {"purposes": {"Bad code": TERMS}}}, id="purpose's code"),
        pytest.param({"contract": {"purposes": {"canteen": []}}}, id="terms an empty list"),
        *[pytest.param(terms(**wrong), id=f"terms {wrong!r}") for wrong in WRONG_TERMS],
        pytest.param({"require_pkce": "no"}, id="flag no boolean"),
        pytest.param(
            {"token_endpoint_auth_method": "none", "client_secret": None, "require_pkce": False}, id="public, no PKCE"
        ),
        pytest.param({"jwks": {"keys": [{"kty": "oct", "k": "AAAA"}]}}, id="symmetric key"),
        pytest.param({"jwks": {"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}]}}, id="broken key"),
        pytest.param({"jwks": {"keys": "x"}}, id="keys no list"),
    ],
)
def test_metadata_that_cannot_be_kept_is_refused_and_nothing_is_kept(lone: House, changed: dict[str, Any]) -> None:
    with pytest.raises(InvalidClientMetadata):
        lone.clients.add(metadata(**changed), actor="tests")
    assert lone.clients.all() == []


def test_a_private_key_in_jwks_is_refused(lone: House) -> None:
    key = dict(ClientKey(lone.clock).private.as_dict(private=True))
    with pytest.raises(InvalidClientMetadata):
        lone.clients.add(metadata(jwks={"keys": [key]}), actor="tests")


@pytest.mark.parametrize(
    "uri",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "vbscript:x",
        "blob:https://a.example/x",
        "http://school.example/callback",
        "http://127.0.0.1.evil.example/",
        "http://localhost.evil.example/",
        "https://*.school.example/",
        "https://school.example/*",
        "https://school.example/#fragment",
        "https://user@school.example/",
        "https://user:password@school.example/",
        "https:///path",
        "https:school.example",
        "https://school.example/a/../b",
        "https://school.example\\@evil.example/",
        "https://school.example/\tx",
        "https://school.example/\r\nLocation: x",
        " https://school.example/",
        "https://schoöl.example/",
        "https://school.example:99999/",
        "https://[::1/",
        "//school.example/",
        "/callback",
        "",
        "https://school.example/" + "x" * 2_000,
        "com.example.app:/callback",
    ],
)
def test_a_redirect_uri_that_is_refused_for_web_clients(uri: str) -> None:
    with pytest.raises(InvalidRedirectUri):
        redirect_uris.check(uri, native=False)


@pytest.mark.parametrize("uri", ["com.example.app:/callback", "com.example.app://callback", "http://127.0.0.1/cb"])
def test_native_clients_may_have_private_use_schemes(uri: str) -> None:
    assert redirect_uris.check(uri, native=True) == uri


@pytest.mark.parametrize("uri", ["app:/callback", "javascript:x", "data:x", "myapp://x"])
def test_a_scheme_without_a_domain_is_nobodys(uri: str) -> None:
    with pytest.raises(InvalidRedirectUri):
        redirect_uris.check(uri, native=True)


def test_a_native_client_comes_with_any_loopback_port() -> None:
    registered = ("http://127.0.0.1/cb", "http://[::1]:80/cb")
    for uri in ("http://127.0.0.1:50000/cb", "http://[::1]:1/cb", "http://127.0.0.1/cb"):
        assert redirect_uris.is_registered(uri, registered, native=True)
    for uri in ("http://127.0.0.1:50000/other", "http://localhost:1/cb", "http://127.0.0.1:1/cb?x=y"):
        assert not redirect_uris.is_registered(uri, registered, native=True)
    assert not redirect_uris.is_registered("http://127.0.0.1:50000/cb", registered, native=False)


@hypothesis.given(st.text(max_size=80))
def test_only_the_registered_string_is_registered(uri: str) -> None:
    assert redirect_uris.is_registered(uri, (REDIRECT,), native=False) is (uri == REDIRECT)


@hypothesis.given(st.dictionaries(st.text(max_size=20), st.recursive(st.none() | st.text() | st.integers(), st.lists)))
def test_nonsense_is_refused_and_nothing_else_is_raised(members: dict[str, Any]) -> None:
    with pytest.raises((InvalidClientMetadata, InvalidRedirectUri)):
        parse(members, client_id="x", default_alg="ES256")


def test_a_changed_client_keeps_the_rest_and_its_people(lone: House) -> None:
    before = lone.add(
        contract={"purposes": {}, "acts_for": ["portal"]},
        userinfo_signed_response_alg="ES256",
        **{"client_name#fr": "École"},
    )
    after, made = lone.clients.change("school", {"client_name": "Schools"}, actor="oscar")
    assert made is None
    assert after == replace(before, name="Schools")
    assert lone.clients.get("school") == after
    assert lone.clients.check_secret(after, SECRET)


def test_a_client_that_shares_a_sector_stays_in_it_and_gets_no_other_host(lone: House) -> None:
    client = replace(lone.add(), sector="city.example")
    with lone.database.transaction() as tx:
        row = store.known(tx, "school")
        assert row
        store.replace(tx, replace(row, metadata=_dump(client)))
    lone.clock.advance(timedelta(minutes=1))
    assert lone.clients.change("school", {"client_name": "Schools"}, actor="o")[0].sector == "city.example"
    with pytest.raises(InvalidClientMetadata):
        lone.clients.change("school", {"redirect_uris": ["https://elsewhere.example/cb"]}, actor="o")


def test_another_profile_brings_what_it_demands_and_takes_what_the_other_did(lone: House) -> None:
    lone.add(token_endpoint_auth_method="private_key_jwt", client_secret=None, jwks=PUBLIC_KEYS)
    strict = lone.clients.change("school", {"profile": "fapi2"}, actor="o")[0]
    assert strict.require_pushed_authorization_requests
    assert strict.dpop_bound_access_tokens
    loose = lone.clients.change("school", {"profile": "openid-basic"}, actor="o")[0]
    assert not loose.require_pushed_authorization_requests
    assert not loose.dpop_bound_access_tokens
    assert not loose.require_pkce


def test_a_new_secret_ends_the_old_one(lone: House) -> None:
    client = lone.add()
    secret = lone.clients.renew_secret("school", actor="o")
    assert secret
    assert lone.clients.check_secret(client, secret)
    assert not lone.clients.check_secret(client, SECRET)
    lone.add("app", token_endpoint_auth_method="none", client_secret=None)
    assert lone.clients.renew_secret("app", actor="o") is None


@pytest.mark.parametrize("changed", [{"redirect_uris": ["http://school.example/"]}, {"subject_type": "public"}])
def test_a_change_that_can_not_be_changes_nothing(lone: House, changed: dict[str, Any]) -> None:
    before = lone.add()
    with pytest.raises((InvalidClientMetadata, InvalidRedirectUri)):
        lone.clients.change("school", changed, actor="o")
    assert lone.clients.get("school") == before
    with pytest.raises(InvalidClientMetadata):
        lone.clients.change("nobody", {}, actor="o")
