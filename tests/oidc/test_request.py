"""The table of checks: each row changes one thing of a valid request and names the exact error."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oidc.clients import Client
from oidc.errors import InvalidRequest, OAuthError, UnregisteredRedirectUri
from oidc.request import AcceptedRequest, Checks
from oidc.request.parameters import unrepeated
from tests.oidc.asking import DETAIL
from tests.oidc.provider_house import ISSUER, REDIRECT, VAULT
from tests.oidc.request_rows import CLIENT, ROWS, VALID
from tests.oidc.simulators import SimulatedEvidence, SimulatedHints

CHECKS = Checks(evidence=SimulatedEvidence(), hints=SimulatedHints(), issuer=ISSUER, vault=VAULT)


def check(client: Client = CLIENT, resources: tuple[str, ...] = (), **changed: str | None) -> AcceptedRequest:
    parameters = {name: value for name, value in {**VALID, **changed}.items() if value is not None}
    return CHECKS.check(client, parameters, resources)


def test_the_valid_request_passes_and_survives_being_kept() -> None:
    accepted = check()
    assert accepted.scope == ("openid", "profile")
    assert accepted.authorization_details == (DETAIL,)
    assert AcceptedRequest.from_json(accepted.to_json()) == accepted


@pytest.mark.parametrize(("changed", "error"), ROWS)
def test_one_change_of_a_valid_request_is_one_exact_error(changed: dict[str, Any], error: str) -> None:
    with pytest.raises(OAuthError) as refused:
        check(**changed)
    assert refused.value.code == (error or "invalid_request")
    assert refused.value.redirectable is bool(error)


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


def test_a_missing_redirect_uri_is_refused_with_openid_or_with_several_registered() -> None:
    with pytest.raises(InvalidRequest) as refused:
        check(redirect_uri=None)
    assert not refused.value.redirectable
    assert check(redirect_uri=None, scope="profile").redirect_uri_given is False
    with pytest.raises(UnregisteredRedirectUri):
        check(replace(CLIENT, redirect_uris=(REDIRECT, REDIRECT + "2")), redirect_uri=None, scope="profile")
