"""Scripts of other origins: those of a public client read what it is told; nobody else's, and never with cookies."""

from __future__ import annotations

import pytest
from werkzeug.test import TestResponse

from tests.oidc.provider_house import House, metadata

SPA = "https://app.example"
ALLOW = "Access-Control-Allow-Origin"


@pytest.fixture
def spa(lone: House) -> House:
    public = {"client_secret": None, "token_endpoint_auth_method": "none"}
    lone.clients.add(metadata("spa", redirect_uris=[f"{SPA}:443/callback"], **public), actor="tests")
    phone = {"application_type": "native", "redirect_uris": [f"{SPA}/app"]}
    lone.clients.add(metadata("phone", **public, **phone), actor="tests")
    lone.clients.add(metadata("server", redirect_uris=[f"{SPA}/callback"]), actor="tests")
    return lone


def from_script(house: House, path: str, client: str = "spa", origin: str = SPA) -> TestResponse:
    return house.http.post(path, data={"client_id": client}, headers={"Origin": origin})


@pytest.mark.parametrize("path", ["/token", "/revoke", "/par"])
def test_a_script_of_a_public_client_reads_its_answers_and_refusals(spa: House, path: str) -> None:
    answered = from_script(spa, path)
    assert answered.json
    assert "error" in answered.json
    assert answered.headers[ALLOW] == SPA
    assert answered.headers["Access-Control-Expose-Headers"] == "DPoP-Nonce, WWW-Authenticate"
    assert answered.headers["Vary"] == "Origin"
    assert "Access-Control-Allow-Credentials" not in answered.headers


@pytest.mark.parametrize(
    ("client", "origin"),
    [
        pytest.param("spa", "https://evil.example", id="another origin"),
        pytest.param("spa", "http://app.example", id="another scheme"),
        pytest.param("spa", f"{SPA}:8443", id="another port"),
        pytest.param("spa", f"{SPA}.evil.example", id="a longer host"),
        pytest.param("spa", "null", id="an opaque origin"),
        pytest.param("server", SPA, id="a client with a secret"),
        pytest.param("phone", SPA, id="a native client"),
        pytest.param("nobody", SPA, id="no client"),
    ],
)
def test_no_other_script_reads_them(spa: House, client: str, origin: str) -> None:
    answered = from_script(spa, "/token", client, origin)
    assert ALLOW not in answered.headers
    assert answered.headers["Vary"] == "Origin"


def test_a_body_that_was_not_read_opens_nothing(spa: House) -> None:
    answered = spa.http.post("/token", json={"client_id": "spa"}, headers={"Origin": SPA})
    assert ALLOW not in answered.headers


def test_who_has_the_token_reads_userinfo_from_anywhere(spa: House) -> None:
    answered = spa.http.get("/userinfo", headers={"Origin": SPA, "Authorization": "Bearer none"})
    assert answered.status_code == 401
    assert answered.headers[ALLOW] == "*"
    assert "WWW-Authenticate" in answered.headers["Access-Control-Expose-Headers"]


@pytest.mark.parametrize("path", ["/token", "/revoke", "/par", "/userinfo"])
def test_a_browser_may_ask_before_it_sends_a_proof(spa: House, path: str) -> None:
    asked = {"Origin": SPA, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "dpop"}
    told = spa.http.options(path, headers=asked)
    assert told.headers[ALLOW] == "*"
    assert told.headers["Access-Control-Allow-Headers"] == "Authorization, Content-Type, DPoP"
    assert "POST" in told.headers["Access-Control-Allow-Methods"]
    assert "Access-Control-Allow-Credentials" not in told.headers


@pytest.mark.parametrize("path", ["/authorize", "/end-session", "/introspect"])
def test_where_no_script_belongs_nothing_is_open(spa: House, path: str) -> None:
    for method in ("GET", "POST", "OPTIONS"):
        answered = spa.http.open(path, method=method, data={"client_id": "spa"}, headers={"Origin": SPA})
        assert not [name for name, _ in answered.headers if name.startswith("Access-Control-")]
