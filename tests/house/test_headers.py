"""What every answer carries, whatever it is: made from the URL map, errors, streams and the look included."""

from __future__ import annotations

import io
from collections.abc import Iterator
from http import HTTPStatus

import pytest
from werkzeug.test import Client, TestResponse

from citizen_account.security import AUDITOR, CITIZEN, OPERATOR, PUBLIC, policy
from tests.citizen_account.town import PASSWORD, Citizen, Town
from tests.house.conftest import HTTPS, ORIGIN, Doors, call, path_of

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'"
)
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def failures(client: Client, origin: str = ORIGIN) -> Iterator[TestResponse]:
    """An answer for every way in which a request goes wrong before it reaches a page, and a page that breaks."""
    yield call(client, "GET", "/nothing-here", origin)
    yield call(client, "GET", "/vault/nothing-here", origin)
    yield call(client, "DELETE", "/sign-in", origin)
    yield call(client, "POST", "/sign-in", origin)
    yield call(client, "POST", "/sign-in", origin, data={"email": "x" * 300_000})
    yield call(client, "POST", "/sign-in", origin, data={"file": (io.BytesIO(b"x"), "x.pdf")})
    yield call(client, "GET", "/static/nothing.css", origin)
    yield call(client, "GET", "/sign-in", "http://evil.example")
    yield call(client, "POST", "/sign-in", "http://evil.example")


def answers(doors: Doors, client: Client, origin: str = ORIGIN) -> Iterator[tuple[str, TestResponse]]:
    for rule in doors.rules:
        name = "app.js" if rule.endpoint == "static" else "x" * 26
        for method in {"GET", "HEAD", "POST", "OPTIONS"} & (rule.methods or set()):
            yield f"{method} {rule.rule}", call(client, method, path_of(rule, filename=name), origin)
    for number, answer in enumerate(failures(client, origin)):
        yield f"failure {number}", answer


@pytest.mark.parametrize("role", [PUBLIC, CITIZEN, AUDITOR, OPERATOR])
def test_every_answer_carries_the_headers(doors: Doors, people: dict[str, Citizen], role: str) -> None:
    seen = set()
    for what, answer in answers(doors, people[role].client):
        seen.add(answer.status_code)
        assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS, what
        # Where codes pass by, nothing at all is told (RFC 9700 §4.2.4).
        assert answer.headers["Referrer-Policy"] in {"same-origin", "no-referrer"}, what
        given = answer.headers.get_all("Content-Security-Policy")
        # A file that leaves may do nothing at all, should a browser open it after all.
        assert given in ([POLICY], ["default-src 'none'; sandbox"], ["sandbox; default-src 'none'"]), f"{what}: {given}"
        assert answer.status_code != HTTPStatus.INTERNAL_SERVER_ERROR, what
        assert "Strict-Transport-Security" not in answer.headers, what  # RFC 6797 §7.2: not over http
        assert not {name for name, _ in answer.headers if name in {"Server", "X-Powered-By"}}, what
    assert {200, 303, 400, 404, 405, 413, 415, 421} <= seen


def test_a_page_that_breaks_carries_them_too_and_says_nothing_of_why(
    town: Town, people: dict[str, Citizen], monkeypatch: pytest.MonkeyPatch
) -> None:
    @policy(CITIZEN)
    def broken() -> None:
        raise RuntimeError("alice@example.org")

    monkeypatch.setitem(town.app.view_functions, "papers.papers", broken)
    answer = call(people[CITIZEN].client, "GET", "/papers")
    assert answer.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert "no-store" in answer.headers["Cache-Control"]
    assert "RuntimeError" not in answer.text
    assert "example.org" not in answer.text


@pytest.mark.parametrize("role", [PUBLIC, CITIZEN, OPERATOR])
def test_no_page_is_kept_by_a_cache_however_its_address_is_dressed_up(
    doors: Doors, people: dict[str, Citizen], role: str
) -> None:
    """Web cache deception: a cache in front of us that goes by the end of a path keeps nothing of anybody."""
    client = people[role].client
    for rule in doors.pages("GET"):
        path = path_of(rule)
        for end in ("", "/x.css", "/.css", ";x.css", "%2fx.css", "%3bx.js", "%00.png", "?x.css", "/..%2fx.css"):
            answer = call(client, "GET", path.rstrip("/") + end if end else path)
            assert answer.headers["Cache-Control"] == "no-store", f"{path}{end}: {answer.status_code}"
            if end and not end.startswith("?") and path != "/":
                assert answer.status_code in {301, 303, 308, 400, 403, 404, 410}, f"{path}{end}: {answer.status_code}"


ACROSS = {"/.well-known/", "/jwks", "/token", "/userinfo", "/vault/", "/ledger/", "/revoke", "/par"}
"""Where scripts of any origin may ask, without cookies: what machines reach with tokens of their own."""


def test_no_page_and_no_authorization_is_open_to_scripts_of_other_origins(
    doors: Doors, people: dict[str, Citizen]
) -> None:
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    for rule in doors.rules:
        for method in ("GET", "OPTIONS", "POST"):
            answer = call(people[CITIZEN].client, method, path_of(rule), headers=asked)
            allowed = {name: value for name, value in answer.headers if name.startswith("Access-Control-")}
            assert "Access-Control-Allow-Credentials" not in allowed, rule.rule
            if not rule.rule.startswith(tuple(ACROSS)):
                assert allowed == {}, f"{method} {rule.rule}"
            assert allowed.get("Access-Control-Allow-Origin", "*") == "*", rule.rule


def test_by_https_cookies_and_headers_are_as_strict_as_browsers_know(https_town: Town) -> None:
    alice = https_town.citizen()
    client = Client(https_town.app)
    proxied = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "account.city.example", "X-Forwarded-For": "192.0.2.7"}
    page = call(client, "GET", "/sign-in", "http://127.0.0.1:8000", headers=proxied)
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    data = {"csrf_token": token, "email": alice.address, "password": PASSWORD}
    answer = call(client, "POST", "/sign-in", "http://127.0.0.1:8000", headers=proxied, data=data)
    assert answer.status_code == HTTPStatus.SEE_OTHER
    cookies = page.headers.get_all("Set-Cookie") + answer.headers.get_all("Set-Cookie")
    assert {cookie.partition("=")[0] for cookie in cookies} == {"__Host-browser", "__Host-session", "__Host-device"}
    for cookie in cookies:
        fields = {field.strip() for field in cookie.split(";")[1:]}
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= fields, cookie
        assert not {field for field in fields if field.startswith("Domain")}, cookie  # RFC 6265bis §4.1.3.2
    doors = Doors(https_town)
    for what, given in answers(doors, Client(https_town.app), HTTPS):
        assert given.headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains", what
        assert {name: given.headers.get(name) for name in ALWAYS} == ALWAYS, what


def test_a_cookie_without_its_prefix_is_none_by_https(https_town: Town) -> None:
    alice = https_town.citizen()
    secret = alice.client.get_cookie("session", domain="localhost")
    assert secret
    for name, status in (("session", HTTPStatus.SEE_OTHER), ("__Host-session", HTTPStatus.OK)):
        client = Client(https_town.app)
        client.set_cookie(name, secret.value, domain="account.city.example", secure=True)
        assert call(client, "GET", "/papers", HTTPS).status_code == status


def test_signing_out_clears_what_the_browser_kept(town: Town) -> None:
    person = town.citizen()
    answer = person.post("/sign-out", {})
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/sign-in", "/sign-up", "/password-reset"])
def test_after_credentials_comes_a_get(town: Town, path: str) -> None:
    alice, person = town.citizen(), town.stranger()
    fields = {"email": alice.address, "password": PASSWORD if path == "/sign-in" else "green boats never argue twice"}
    assert person.post(path, fields, page=path).status_code == HTTPStatus.SEE_OTHER
