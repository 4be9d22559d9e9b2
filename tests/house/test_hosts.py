"""Under which name we answer, and whom we believe about where a request comes from: trusted proxies only."""

from __future__ import annotations

import re
from http import HTTPStatus

import pytest
from werkzeug.test import Client

from citizen_account import authentication
from tests.citizen_account.town import PASSWORD, Town
from tests.house.conftest import HTTPS, ORIGIN, Doors, call, path_of

EVIL = "evil.example"


@pytest.mark.parametrize(
    "host", [EVIL, f"localhost.{EVIL}:8000", f"{EVIL}:8000", "localhost", "localhost:80", "127.0.0.1:8000"]
)
def test_under_another_name_no_page_answers_and_none_repeats_it(doors: Doors, host: str) -> None:
    client = Client(doors.town.app)
    for rule in doors.rules:
        for method in {"GET", "POST"} & (rule.methods or set()):
            answer = call(client, method, path_of(rule), f"http://{host}")
            assert EVIL not in answer.text + str(answer.headers), f"{method} {rule.rule}"
            if doors.is_machine(rule) or rule.endpoint == "health":
                continue
            if method == "POST":
                assert answer.status_code in {HTTPStatus.MISDIRECTED_REQUEST, HTTPStatus.FORBIDDEN}, rule.rule
            else:
                assert (answer.status_code, answer.headers.get("Location")) == (303, f"{ORIGIN}/"), rule.rule


@pytest.mark.parametrize("host", ["", "a b", "localhost:8000, evil.example", "evil.example/x", "[::1", "\u0430"])
def test_a_host_that_is_none_breaks_nothing(town: Town, host: str) -> None:
    answer = Client(town.app).get("/", headers={"Host": host.encode().decode("latin-1")})
    assert answer.status_code in {200, 303, 400, 421}
    assert "evil" not in answer.text + str(answer.headers)


@pytest.mark.parametrize(
    "forged",
    [
        {"X-Forwarded-Host": EVIL},
        {"X-Forwarded-Proto": "https"},
        {"X-Forwarded-Prefix": "/evil"},
        {"Forwarded": f"host={EVIL};proto=https"},
        {"X-Original-URL": "/operator/jobs"},
        {"X-Rewrite-URL": "/operator/jobs"},
        {"X-HTTP-Method-Override": "DELETE"},
    ],
)
def test_without_a_proxy_its_headers_say_nothing(town: Town, forged: dict[str, str]) -> None:
    plain = call(Client(town.app), "GET", "/")
    answer = call(Client(town.app), "GET", "/", headers=forged)
    assert answer.status_code == plain.status_code == HTTPStatus.OK
    assert re.sub(r'value="[^"]+"', "", answer.text) == re.sub(r'value="[^"]+"', "", plain.text)


def test_the_proxys_own_word_counts_and_what_a_client_put_before_it_does_not(https_town: Town) -> None:
    honest = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "account.city.example", "X-Forwarded-For": "192.0.2.7"}
    client = Client(https_town.app)
    assert call(client, "GET", "/sign-in", "http://127.0.0.1:8000", headers=honest).status_code == HTTPStatus.OK
    for change in (
        {"X-Forwarded-Host": EVIL},
        {"X-Forwarded-Proto": "http"},
        {"X-Forwarded-Host": f"account.city.example, {EVIL}"},
    ):
        answer = call(client, "GET", "/sign-in", "http://127.0.0.1:8000", headers=honest | change)
        assert (answer.status_code, answer.location) == (HTTPStatus.SEE_OTHER, f"{HTTPS}/"), change


def _tries(town: Town, origin: str, forwarded: list[dict[str, str]]) -> set[int]:
    """Sign-ins of nobody, each with these headers; the statuses."""
    client = Client(town.app)
    page = call(client, "GET", "/sign-in", origin, headers=forwarded[0])
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    return {
        call(client, "POST", "/sign-in", origin, headers=headers,
             data={"csrf_token": token, "email": f"p{number}@people.example", "password": PASSWORD}).status_code
        for number, headers in enumerate(forwarded)
    }  # fmt: skip


@pytest.fixture
def _few_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authentication, "TRIES_NETWORK", 5)


@pytest.mark.usefixtures("_few_tries")
def test_nobody_gets_more_tries_by_claiming_other_addresses(town: Town) -> None:
    forged = [{"X-Forwarded-For": f"192.0.2.{number}"} for number in range(6)]
    assert _tries(town, ORIGIN, forged) == {422, 429}


@pytest.mark.usefixtures("_few_tries")
def test_behind_a_proxy_tries_count_by_the_address_that_it_saw(https_town: Town) -> None:
    def seen(number: int, address: str) -> dict[str, str]:
        return {"X-Forwarded-For": f"198.51.100.{number}, {address}", "X-Forwarded-Proto": "https",
                "X-Forwarded-Host": "account.city.example"}  # fmt: skip

    same = [seen(number, f"2001:db8:0:1::{number}") for number in range(6)]  # one /64, whatever comes before it
    assert _tries(https_town, "http://127.0.0.1:8000", same) == {422, 429}
    assert _tries(https_town, "http://127.0.0.1:8000", [seen(1, "2001:db8:0:2::1")]) == {422}
