"""Discovery tells the truth: what it announces is taken, what it doesn't is refused."""

from __future__ import annotations

from tests.oidc.provider_house import ISSUER, House, json_of


def test_discovery_is_the_same_at_both_addresses(lone: House) -> None:
    one = json_of(lone.http.get("/.well-known/openid-configuration"))
    assert one == json_of(lone.http.get("/.well-known/oauth-authorization-server"))
    assert one["issuer"] == ISSUER
    assert one["code_challenge_methods_supported"] == ["S256"]
