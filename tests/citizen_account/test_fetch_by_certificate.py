"""A service whose tokens are bound to its certificate fetches a paper with it, and nobody does without (RFC 8705)."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import pytest
from werkzeug.test import TestResponse

from config.settings import Provider
from tests.citizen_account import town as towns
from tests.citizen_account.town import SCHOOL, Town, redeem
from tests.clocks import FixedClock
from tests.oidc.certified import Certified
from tests.oidc.provider_house import IN_HEADERS

CITY = "http://localhost:8000"


@pytest.fixture
def proxied(lone_town: Town, clock: FixedClock) -> Iterator[Town]:
    """A town behind a proxy that passes certificates on; the school's tokens are bound to its own."""
    changed = {"trusted_proxies": 1, "provider": Provider(**IN_HEADERS)}
    made = towns.open_again(lone_town.house.settings.model_copy(update=changed), clock)
    made.house.clients.add({**SCHOOL, "tls_client_certificate_bound_access_tokens": True}, actor="tests")
    yield made
    made.house.database.close()


def show(town: Town, token: dict[str, Any], shown: Certified | None) -> TestResponse:
    path = urlsplit(token["authorization_details"][0]["documents"][0]["location"]).path
    headers = {"Authorization": f"Bearer {token['access_token']}"} | (shown.headers() if shown else {})
    return town.app.test_client().get(path, base_url=CITY, headers=headers)


def test_a_paper_is_fetched_with_the_certificate_of_its_token_and_no_other(proxied: Town) -> None:
    alice, ours = proxied.citizen(), Certified()
    handle = alice.begin([["proof_of_address"]])
    alice.post(f"/release/{handle}", {"paper-0": alice.paper(), "decision": "send"})
    token = redeem(proxied, alice.code(handle), **ours.headers())
    for shown in (None, Certified(), Certified(key=ours.key)):
        refused = show(proxied, token, shown)
        assert refused.status_code == HTTPStatus.UNAUTHORIZED
        assert 'error="invalid_token"' in refused.headers["WWW-Authenticate"]
    assert show(proxied, token, ours).status_code == HTTPStatus.OK


@pytest.mark.parametrize("behind", [True, False], ids=["with a proxy", "without"])
def test_the_vault_says_whether_certificates_count_there(proxied: Town, lone_town: Town, behind: bool) -> None:
    town = proxied if behind else lone_town
    told = town.app.test_client().get("/.well-known/oauth-protected-resource/vault", base_url=CITY).get_json()
    assert told["tls_client_certificate_bound_access_tokens"] is behind
    provider = town.app.test_client().get("/.well-known/openid-configuration", base_url=CITY).get_json()
    assert told["dpop_signing_alg_values_supported"] == provider["dpop_signing_alg_values_supported"]
