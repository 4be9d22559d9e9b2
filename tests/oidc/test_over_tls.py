"""A FAPI 2.0 client over https: a real handshake with nginx as shipped, which asks for certificates."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import pytest

from config import ports
from config.database import Database
from tests import nginx
from tests.certificates import Authority, Issued
from tests.clocks import FixedClock
from tests.oidc.asking import answer, approve, handle_of, open_pushed, parameters
from tests.oidc.provider_house import REDIRECT, VERIFIER, House, unverified

NAME = "school.example"
SCHOOL: dict[str, Any] = {
    "profile": "fapi2",
    "client_secret": None,
    "token_endpoint_auth_method": "tls_client_auth",
    "tls_client_auth_san_dns": NAME,
    "tls_client_certificate_bound_access_tokens": True,
}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
Answer = tuple[int, dict[str, Any]]


@dataclass
class World:
    """The provider behind its proxy, and who issues certificates."""

    house: House
    authority: Authority
    url: str
    """Where people come in."""
    discovered: Mapping[str, Any] = field(default_factory=dict)

    def alias(self, endpoint: str) -> str:
        found: str = self.discovered["mtls_endpoint_aliases"][endpoint]
        return found

    def context(self, issued: Issued | None) -> ssl.SSLContext:
        """Of a client: it trusts the authority, and shows a certificate if it has one."""
        context = ssl.create_default_context(cafile=str(self.authority.file))
        if issued:
            context.load_cert_chain(issued.certificate, issued.key)
        return context

    @staticmethod
    def ask(context: ssl.SSLContext, url: str, form: Mapping[str, str] | None = None, **headers: str) -> Answer:
        """GET, or POST a form."""
        parts = urlsplit(url)
        connection = HTTPSConnection(parts.netloc, context=context, timeout=20)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            if form is None:
                connection.request("GET", parts.path, headers=sent)
            else:
                connection.request("POST", parts.path, urlencode(form), {**sent, **FORM})
            answered = connection.getresponse()
            return answered.status, json.loads(answered.read())
        finally:
            connection.close()

    def pushed(self, context: ssl.SSLContext, **headers: str) -> Answer:
        return self.ask(context, self.alias("pushed_authorization_request_endpoint"), form=parameters(), **headers)

    def token(self, context: ssl.SSLContext, **form: str) -> Answer:
        return self.ask(context, self.alias("token_endpoint"), {"client_id": "school", **form})

    def signed_on(self, context: ssl.SSLContext) -> dict[str, Any]:
        """Push, sign in and approve in the browser, redeem: the token response."""
        status, pushed = self.pushed(context)
        assert status == 201, pushed
        self.house.sign_in.there = self.house.signed_in()
        handle = handle_of(open_pushed(self.house, pushed["request_uri"]))
        approve(self.house, handle)
        code = answer(self.house.http.get(f"/authorize/{handle}"))["code"]
        status, told = self.token(
            context, grant_type="authorization_code", code=code, redirect_uri=REDIRECT, code_verifier=VERIFIER
        )
        assert status == 200, told
        return told

    def userinfo(self, context: ssl.SSLContext, token: str, **headers: str) -> Answer:
        return self.ask(context, self.alias("userinfo_endpoint"), None, Authorization=f"Bearer {token}", **headers)


@pytest.fixture
def world(sqlite: Database, tmp_path: Path, clock: FixedClock) -> Iterator[World]:
    authority = Authority(tmp_path)
    people, certificates = ports.free(2)
    mutual_tls_url = f"https://127.0.0.1:{certificates}"
    house = House(sqlite, tmp_path / "keys", clock, certificates=True, mutual_tls_url=mutual_tls_url)
    house.add(**SCHOOL)
    made = World(house, authority, f"https://127.0.0.1:{people}")
    with nginx.node(house.app) as backend, nginx.in_front_of(backend, tmp_path, authority, (people, certificates)):
        made.discovered = made.ask(made.context(None), f"{made.url}/.well-known/openid-configuration")[1]
        yield made


@pytest.fixture
def school(world: World) -> ssl.SSLContext:
    """The client, with the certificate that is registered for it."""
    return world.context(world.authority.issue(NAME))


def test_a_fapi_client_signs_on_by_its_certificate_alone(world: World, school: ssl.SSLContext) -> None:
    told = world.signed_on(school)
    assert told["token_type"] == "Bearer"
    assert set(unverified(told["access_token"])[1]["cnf"]) == {"x5t#S256"}
    assert world.userinfo(school, told["access_token"])[1]["sub"]
    for _ in range(2):  # FAPI 2.0 §5.3.2.1: no rotation
        status, again = world.token(school, grant_type="refresh_token", refresh_token=told["refresh_token"])
        assert (status, "refresh_token" in again) == (200, False)
    introspected = world.ask(
        school, world.alias("introspection_endpoint"), {"client_id": "school", "token": again["access_token"]}
    )
    assert introspected[1]["cnf"] == unverified(again["access_token"])[1]["cnf"]


def test_a_token_that_was_seen_is_worth_nothing_on_another_connection(world: World, school: ssl.SSLContext) -> None:
    token = world.signed_on(school)["access_token"]
    evil = world.context(world.authority.issue("evil.example"))
    for context in (world.context(None), evil):
        assert world.userinfo(context, token)[1]["error"] == "invalid_token"
    assert world.userinfo(school, token)[0] == 200


def test_without_its_certificate_nobody_is_the_client(world: World, school: ssl.SSLContext) -> None:
    evil = world.context(world.authority.issue("evil.example"))
    for context in (world.context(None), evil):
        status, told = world.pushed(context)
        assert (status, told["error"]) == (401, "invalid_client")
    assert world.pushed(school)[0] == 201


def test_a_header_that_the_client_wrote_ends_at_the_proxy(world: World, school: ssl.SSLContext, tmp_path: Path) -> None:
    seen = quote((tmp_path / f"{NAME}.pem").read_text(), safe="")  # the school's own: it is no secret
    forged = {"X_Client_Cert": seen, "X_Client_Verify": "SUCCESS"}
    token = world.signed_on(school)["access_token"]
    for context in (world.context(None), world.context(world.authority.issue("evil.example"))):
        assert world.pushed(context, **forged)[1]["error"] == "invalid_client"
        assert world.userinfo(context, token, **forged)[1]["error"] == "invalid_token"
    # Nor does it pass where people come in, and where nobody is asked for a certificate.
    bare = world.context(None)
    assert world.ask(bare, f"{world.url}/par", parameters(), **forged)[1]["error"] == "invalid_client"
    assert world.ask(bare, f"{world.url}/userinfo", None, Authorization=f"Bearer {token}", **forged)[0] == 401


def test_a_certificate_of_another_authority_is_nobodys(world: World, tmp_path: Path) -> None:
    context = world.context(Authority(tmp_path, "Foreign authority").issue(NAME))
    assert world.pushed(context)[1]["error"] == "invalid_client"


def test_nginx_itself_refuses_an_expired_certificate(world: World) -> None:
    context = world.context(world.authority.issue(NAME, lifetime=timedelta(minutes=-1)))
    with pytest.raises(json.JSONDecodeError):  # its own page, not our answer
        world.pushed(context)
