"""Forged forms, made from the URL map: whatever is wrong with where a form comes from, it changes nothing."""

from __future__ import annotations

import io
from http import HTTPStatus
from typing import Any

import pytest

from citizen_account.security import AUDITOR, CITIZEN, MAX_FORM_BYTES, OPERATOR, PUBLIC
from tests.citizen_account.town import Citizen, Town, multipart, pdf
from tests.house.conftest import ORIGIN, Doors, call, memory, path_of

STREAMED = "/papers/add"
"""The one form that may hold a file."""


def form(doors: Doors, person: Citizen, path: str, token: str, **more: Any) -> Any:
    """Send a page's form with this hidden field."""
    if path == STREAMED:
        body, boundary = multipart({"csrf_token": token, "document_type": "proof_of_address", "label": "Bill",
                                    "agreement": "no"}, pdf(), "bill.pdf", "application/pdf")  # fmt: skip
        more = {"input_stream": io.BytesIO(body), "content_length": len(body),
                "content_type": f"multipart/form-data; boundary={boundary}", **more}  # fmt: skip
        return call(person.client, "POST", path, **more)
    return call(person.client, "POST", path, data={"csrf_token": token, "decision": "send"}, **more)


def whose(doors: Doors, people: dict[str, Citizen], rule: Any) -> Citizen:
    """Somebody whom the page lets in, so that nothing but the forgery can be what is refused."""
    return people[next(role for role in (OPERATOR, AUDITOR, CITIZEN) if doors.admits(rule, role))]


@pytest.mark.parametrize(
    ("token", "headers"),
    [
        pytest.param("none", {}, id="no hidden field"),
        pytest.param("empty", {}, id="an empty one"),
        pytest.param("another", {}, id="another person's"),
        pytest.param("stranger", {}, id="made before signing in"),
        pytest.param("cut", {}, id="a cut one"),
        pytest.param("own", {"Origin": "https://evil.example"}, id="from another site"),
        pytest.param("own", {"Origin": "null"}, id="from nowhere"),
        pytest.param("own", {"Origin": f"{ORIGIN}.evil.example"}, id="from a site that begins like ours"),
        pytest.param("own", {"Origin": "http://localhost:8001"}, id="from another port"),
        pytest.param("own", {"Origin": "https://localhost:8000"}, id="from another scheme"),
        pytest.param("own", {"Sec-Fetch-Site": "cross-site"}, id="cross-site by the browser's own word"),
        pytest.param("own", {"Sec-Fetch-Site": "same-site"}, id="from a sibling of the site"),
    ],
)
def test_a_forged_form_changes_nothing_on_any_page(
    doors: Doors, town: Town, people: dict[str, Citizen], token: str, headers: dict[str, str]
) -> None:
    tokens = {role: people[role].token("/sign-in") for role in (OPERATOR, AUDITOR, CITIZEN)}
    stranger = town.stranger()
    before, tried = memory(town), 0
    for rule in doors.pages("POST"):
        person = whose(doors, people, rule)
        own = next(tokens[role] for role in tokens if people[role] is person)
        sent = {
            "none": "", "empty": "", "another": tokens[CITIZEN if person is not people[CITIZEN] else OPERATOR],
            "stranger": stranger.token("/sign-in"), "cut": own[:-1], "own": own,
        }[token]  # fmt: skip
        answer = form(doors, person, path_of(rule), sent, headers=headers)
        tried += 1
        assert answer.status_code in {400, 403}, f"{rule.rule}: {answer.status_code}"
    assert tried > 25
    assert {name for name, digest in memory(town).items() if digest != before[name]} == set()


@pytest.mark.parametrize("place", ["query", "header", "JSON", "text/plain"])
def test_the_hidden_field_counts_in_the_form_only(
    doors: Doors, town: Town, people: dict[str, Citizen], place: str
) -> None:
    before = memory(town)
    for rule in doors.pages("POST"):
        person = whose(doors, people, rule)
        token, path = person.token("/sign-in"), path_of(rule)
        if place == "query":
            answer = call(person.client, "POST", f"{path}?csrf_token={token}")
        elif place == "header":
            answer = call(person.client, "POST", path, headers={"X-CSRFToken": token, "X-CSRF-Token": token})
        elif place == "JSON":
            answer = call(person.client, "POST", path, json={"csrf_token": token})
        else:
            answer = call(person.client, "POST", path, data=f"csrf_token={token}", content_type="text/plain")
        assert answer.status_code in {400, 403}, f"{rule.rule}: {answer.status_code}"
    assert {name for name, digest in memory(town).items() if digest != before[name]} == set()


def test_a_field_that_comes_twice_is_refused_on_every_page(doors: Doors, people: dict[str, Citizen]) -> None:
    for rule in doors.pages("POST"):
        if rule.rule == STREAMED:
            continue
        person = whose(doors, people, rule)
        data = {"csrf_token": person.token("/sign-in"), "odd": ["1", "2"]}
        assert call(person.client, "POST", path_of(rule), data=data).status_code == HTTPStatus.BAD_REQUEST, rule.rule


def test_a_file_is_refused_wherever_none_is_expected(doors: Doors, town: Town, people: dict[str, Citizen]) -> None:
    before = memory(town)
    for rule in doors.rules:
        if "POST" not in (rule.methods or ()) or rule.rule == STREAMED:
            continue
        person = people[CITIZEN] if doors.is_machine(rule) else whose(doors, people, rule)
        body = {"csrf_token": person.token("/sign-in"), "file": (io.BytesIO(b"x" * 10), "x.pdf")}
        answer = call(person.client, "POST", path_of(rule), data=body, content_type="multipart/form-data; boundary=b")
        assert answer.status_code == HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"{rule.rule}: {answer.status_code}"
    assert {name for name, digest in memory(town).items() if digest != before[name]} == set()


def test_a_form_that_is_too_large_is_refused_everywhere(doors: Doors, town: Town, people: dict[str, Citizen]) -> None:
    before = memory(town)
    large = "x" * MAX_FORM_BYTES
    for rule in doors.rules:
        if "POST" not in (rule.methods or ()) or rule.rule == STREAMED:
            continue
        person = people[PUBLIC] if doors.is_machine(rule) else whose(doors, people, rule)
        answer = call(person.client, "POST", path_of(rule), data={"csrf_token": "x", "email": large})
        assert answer.status_code in {400, 401, 413}, f"{rule.rule}: {answer.status_code}"
        if not doors.is_machine(rule):
            assert answer.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE, rule.rule
    assert {name for name, digest in memory(town).items() if digest != before[name]} == set()
