"""The table of checks: each row changes one thing of a valid request and names the exact error."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oidc.clients import Client
from oidc.errors import InvalidRequest, OAuthError, UnregisteredRedirectUri
from oidc.request import AcceptedRequest, Checks, redirect_uri
from oidc.request.parameters import unrepeated
from tests.oidc.simulators import SimulatedEvidence, SimulatedHints

ISSUER = "https://account.example"
VAULT = f"{ISSUER}/vault"
REDIRECT = "https://school.example/callback"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
CLIENT = Client(
    client_id="school",
    name="School",
    redirect_uris=(REDIRECT,),
    scopes=frozenset({"openid", "profile", "email"}),
    contract={"purposes": {"school_enrolment": {"document_types": ["proof_of_address"]}}},
)
DETAIL = {
    "type": "document",
    "document_types": ["proof_of_address"],
    "actions": ["read"],
    "purpose": "school_enrolment",
    "duration": "P30D",
    "locations": [VAULT],
}
VALID = {
    "client_id": "school",
    "redirect_uri": REDIRECT,
    "response_type": "code",
    "scope": "openid profile",
    "state": "s",
    "nonce": "n",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
    "authorization_details": json.dumps([DETAIL]),
}
CHECKS = Checks(evidence=SimulatedEvidence(), hints=SimulatedHints(), issuer=ISSUER, vault=VAULT)


def check(client: Client = CLIENT, resources: tuple[str, ...] = (), **changed: str | None) -> AcceptedRequest:
    parameters = {name: value for name, value in {**VALID, **changed}.items() if value is not None}
    return CHECKS.check(client, parameters, resources)


def detail(**changed: Any) -> str:
    return json.dumps([{name: value for name, value in {**DETAIL, **changed}.items() if value is not None}])


def test_the_valid_request_passes_and_survives_being_kept() -> None:
    accepted = check()
    assert accepted.scope == ("openid", "profile")
    assert accepted.authorization_details == (DETAIL,)
    assert AcceptedRequest.from_json(accepted.to_json()) == accepted


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        pytest.param({"response_type": None}, "invalid_request", id="response_type missing"),
        pytest.param({"response_type": "token"}, "unsupported_response_type", id="RFC 9700 §2.1.2 implicit"),
        pytest.param({"response_type": "code id_token"}, "unsupported_response_type", id="hybrid"),
        pytest.param({"response_mode": "fragment"}, "invalid_request", id="response_mode fragment"),
        pytest.param({"response_mode": "nonsense"}, "invalid_request", id="response_mode unknown"),
        pytest.param({"code_challenge": None, "code_challenge_method": None}, "invalid_request", id="PKCE missing"),
        pytest.param({"code_challenge_method": None}, "invalid_request", id="RFC 7636 §4.3 plain by default"),
        pytest.param({"code_challenge_method": "plain"}, "invalid_request", id="RFC 9700 §2.1.1 plain"),
        pytest.param({"code_challenge": None}, "invalid_request", id="a method without a challenge"),
        pytest.param({"code_challenge": CHALLENGE[:-1]}, "invalid_request", id="challenge too short"),
        pytest.param({"code_challenge": CHALLENGE + "a"}, "invalid_request", id="challenge too long"),
        pytest.param({"code_challenge": CHALLENGE[:-1] + "+"}, "invalid_request", id="challenge alphabet"),
        pytest.param({"scope": None}, "invalid_request", id="scope missing"),
        pytest.param({"scope": "openid  profile"}, "invalid_scope", id="scope grammar"),
        pytest.param({"scope": 'openid "x"'}, "invalid_scope", id="scope alphabet"),
        pytest.param({"scope": "openid phone"}, "invalid_scope", id="scope not registered"),
        pytest.param({"scope": "openid admin"}, "invalid_scope", id="scope unknown"),
        pytest.param({"scope": "document:passport"}, "invalid_scope", id="shorthand not in the contract"),
        pytest.param({"prompt": "none login"}, "invalid_request", id="prompt none with another"),
        pytest.param({"prompt": "shout"}, "invalid_request", id="prompt unknown"),
        pytest.param({"prompt": "login login"}, "invalid_request", id="prompt repeated"),
        pytest.param({"max_age": "-1"}, "invalid_request", id="max_age negative"),
        pytest.param({"max_age": "soon"}, "invalid_request", id="max_age no number"),
        pytest.param({"claims": "{"}, "invalid_request", id="claims no JSON"),
        pytest.param({"claims": "[]"}, "invalid_request", id="claims no object"),
        pytest.param({"claims": '{"userinfo":[]}'}, "invalid_request", id="claims.userinfo an array"),
        pytest.param({"claims": '{"id_token":{"email":true}}'}, "invalid_request", id="a claim of a wrong shape"),
        pytest.param(
            {"claims": '{"id_token":{"acr":{"essential":true,"values":["eidas3"]}}}'},
            "unmet_authentication_requirements",
            id="Core §5.5.1.1 essential acr out of reach",
        ),
        pytest.param({"request": "eyJ"}, "request_not_supported", id="request object"),
        pytest.param({"request_uri": "https://x.example/r"}, "request_uri_not_supported", id="request by reference"),
        pytest.param({"registration": "{}"}, "registration_not_supported", id="registration"),
        pytest.param({"nonce": "n" * 3000}, "invalid_request", id="nonce too long"),
        pytest.param({"authorization_details": "{"}, "invalid_authorization_details", id="details no JSON"),
        pytest.param({"authorization_details": "[]"}, "invalid_authorization_details", id="details empty"),
        pytest.param({"authorization_details": detail(type="payment")}, "invalid_authorization_details", id="type"),
        pytest.param({"authorization_details": detail(type=None)}, "invalid_authorization_details", id="no type"),
        pytest.param({"authorization_details": detail(extra=1)}, "invalid_authorization_details", id="unknown member"),
        pytest.param(
            {"authorization_details": detail(actions=["write"])}, "invalid_authorization_details", id="action"
        ),
        pytest.param({"authorization_details": detail(purpose="other")}, "invalid_authorization_details", id="purpose"),
        pytest.param(
            {"authorization_details": detail(document_types=["identity_card"])},
            "invalid_authorization_details",
            id="type beyond the contract",
        ),
        pytest.param({"authorization_details": detail(duration="1 year")}, "invalid_authorization_details", id="long"),
        pytest.param({"authorization_details": detail(duration="P0D")}, "invalid_authorization_details", id="no time"),
        pytest.param({"authorization_details": detail(reads=0)}, "invalid_authorization_details", id="no reads"),
        pytest.param(
            {"authorization_details": detail(locations=["https://other.example"])},
            "invalid_authorization_details",
            id="elsewhere",
        ),
    ],
)
def test_one_change_of_a_valid_request_is_one_exact_error(changed: dict[str, Any], error: str) -> None:
    with pytest.raises(OAuthError) as refused:
        check(**changed)
    assert refused.value.code == error
    assert refused.value.redirectable


@pytest.mark.parametrize("resource", ["vault", f"{VAULT}#x", "https://other.example", f"{VAULT}/"])
def test_a_resource_that_is_not_exactly_ours_is_refused(resource: str) -> None:
    with pytest.raises(OAuthError) as refused:
        check(resources=(resource,))
    assert refused.value.code == "invalid_target"
    assert check(resources=(VAULT, ISSUER, VAULT)).resource == (VAULT, ISSUER)


def test_without_pkce_only_an_excused_confidential_client_with_a_nonce_passes() -> None:
    excused = replace(CLIENT, require_pkce=False)
    without: dict[str, Any] = {"code_challenge": None, "code_challenge_method": None}
    assert check(excused, **without).code_challenge is None
    with pytest.raises(InvalidRequest):
        check(excused, **without, nonce=None)
    with pytest.raises(InvalidRequest):
        check(replace(excused, token_endpoint_auth_method="none"), **without)
    with pytest.raises(InvalidRequest):  # a downgrade to plain is no excuse
        check(excused, code_challenge_method="plain")


def test_a_document_scope_stands_for_the_detail_of_the_contracts_one_purpose() -> None:
    accepted = check(scope="openid document:proof_of_address", authorization_details=None)
    assert [d["purpose"] for d in accepted.authorization_details] == ["school_enrolment"]
    two = replace(CLIENT, contract={"purposes": {"a": {"document_types": []}, "b": {"document_types": []}}})
    with pytest.raises(OAuthError) as refused:
        check(two, scope="document:proof_of_address", authorization_details=None)
    assert refused.value.code == "invalid_scope"


@given(st.sampled_from(sorted(VALID)))
def test_any_parameter_twice_is_refused_without_a_redirect(name: str) -> None:
    for second in (VALID[name], "other", ""):
        with pytest.raises(InvalidRequest) as refused:
            unrepeated([*VALID.items(), (name, second)])
        assert not refused.value.redirectable


def test_too_much_is_refused_before_it_is_looked_at() -> None:
    for pairs in ([(f"n{i}", "v") for i in range(65)], [("state", "s" * 40_000)]):
        with pytest.raises(InvalidRequest):
            unrepeated(pairs)


_HOSTS = ("school.example", "SCHOOL.example", "school.example.", "evil.example", "school.example@evil.example",
          "evil.example#school.example", "school.example:443", "school.example:8443", "xn--school-.example",
          "[::1]", "127.0.0.1", "school。example", "school.example%2f@evil.example")  # fmt: skip
_PATHS = ("/callback", "/callback/", "/Callback", "/callback?x=1", "/callback#f", "/callback%00", "/./callback",
          "/x/../callback", "/callback;x", "/call%62ack", "\\callback", "/callback\t", "/callback\r\nSet-Cookie: a",
          "//callback", "/callback%2e", "")  # fmt: skip
_SCHEMES = ("https://", "http://", "HTTPS://", "https:/", "https:", "//", "javascript:", "data:", " https://")
NEAR_MISSES = ["".join(parts) for parts in itertools.product(_SCHEMES, _HOSTS, _PATHS) if "".join(parts) != REDIRECT]


def test_five_hundred_near_misses_of_a_redirect_uri_are_refused_and_never_redirected_to() -> None:
    assert len(NEAR_MISSES) > 500
    for near in NEAR_MISSES:
        with pytest.raises(UnregisteredRedirectUri) as refused:
            redirect_uri.accept(CLIENT, near)
        assert not refused.value.redirectable


@given(st.text(max_size=80))
def test_only_the_registered_string_itself_is_accepted(uri: str) -> None:
    native = replace(CLIENT, application_type="native", redirect_uris=("http://127.0.0.1/cb", "app.example:/cb"))
    for client in (CLIENT, native):
        try:
            accepted = redirect_uri.accept(client, uri)
        except UnregisteredRedirectUri:
            continue
        assert accepted == uri
        assert uri in client.redirect_uris


@given(st.integers(1, 65535))
def test_a_native_client_may_use_any_port_on_loopback_and_nothing_else(port: int) -> None:
    native = replace(CLIENT, application_type="native", redirect_uris=("http://127.0.0.1/cb",))
    assert redirect_uri.accept(native, f"http://127.0.0.1:{port}/cb")
    for wrong in (f"http://127.0.0.1:{port}/other", f"http://localhost:{port}/cb", f"http://127.0.0.1:{port}@x/cb"):
        with pytest.raises(UnregisteredRedirectUri):
            redirect_uri.accept(native, wrong)
    with pytest.raises(UnregisteredRedirectUri):
        redirect_uri.accept(replace(native, application_type="web"), f"http://127.0.0.1:{port}/cb")


def test_a_missing_redirect_uri_is_refused_with_openid_or_with_several_registered() -> None:
    with pytest.raises(InvalidRequest) as refused:
        check(redirect_uri=None)
    assert not refused.value.redirectable
    assert check(redirect_uri=None, scope="profile").redirect_uri_given is False
    with pytest.raises(UnregisteredRedirectUri):
        check(replace(CLIENT, redirect_uris=(REDIRECT, REDIRECT + "2")), redirect_uri=None, scope="profile")
