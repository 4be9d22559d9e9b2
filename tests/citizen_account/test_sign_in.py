"""Signing in and out: what is told, what is counted, what a browser holds, what ends."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher

from audit.entries import PersonId
from citizen_account import passwords
from tests.citizen_account.people import NEW_PASSWORD, cookie, fill, mails, work
from tests.citizen_account.town import PASSWORD, Citizen, Town


def sign_in(person: Citizen, email: str, password: str = PASSWORD, path: str = "/sign-in") -> Any:
    return fill(person, path, {"email": email, "password": password, "next": "/papers"})


def test_an_address_and_its_password_open_the_account(town: Town, alice: Citizen) -> None:
    person = town.stranger()
    before = cookie(person, "session")
    answer = sign_in(person, alice.address.upper())
    assert (answer.status_code, answer.location) == (303, "/papers")
    assert before != cookie(person, "session")
    assert "HttpOnly" in next(line for line in answer.headers.getlist("Set-Cookie") if line.startswith("session="))
    assert "Alice" in person.get("/")


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("change", [{"password": "wrong"}, {"password": ""}, {"email": ""}, {"email": "x" * 2000}])
def test_what_does_not_go_together_opens_nothing(
    lone_town: Town, lone_alice: Citizen, known: bool, change: dict[str, str]
) -> None:
    person = lone_town.stranger()
    fields = {"email": lone_alice.address if known else "nobody@example.org", "password": "wrong", **change}
    answer = fill(person, "/sign-in", fields)
    assert answer.status_code == 422
    assert cookie(person, "session") == ""
    person.get("/papers", 303)


def test_the_answer_is_the_same_whether_the_account_exists_or_not(lone_town: Town, lone_alice: Citizen) -> None:
    answers = []
    for email in (lone_alice.address, "nobody@example.org"):
        person = lone_town.stranger()
        answer = sign_in(person, email, "not the password at all")
        token = cookie(person, "browser")
        assert token
        headers = sorted(name for name, _ in answer.headers)
        text = re.sub(r'(name="csrf_token" value|data-options)="[^"]+"', "", answer.text.replace(email, "A"))
        answers.append((answer.status_code, headers, text))
    assert answers[0] == answers[1]


class Counted(PasswordHasher):
    """Counts what it computes."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.computed = 0

    def hash(self, password: Any, *, salt: bytes | None = None) -> str:
        self.computed += 1
        return super().hash(password, salt=salt)

    def verify(self, hash: Any, password: Any) -> Any:  # noqa: A002 -- argon2's name
        self.computed += 1
        return super().verify(hash, password)


@pytest.mark.parametrize(
    ("path", "fields", "expected"),
    [
        ("/sign-in", {"password": "not the password at all"}, 1),
        ("/sign-up", {"password": NEW_PASSWORD}, 1),
        ("/password-reset", {}, 0),
    ],
)
def test_the_same_work_is_done_whether_the_account_exists_or_not(
    town: Town, alice: Citizen, monkeypatch: pytest.MonkeyPatch, path: str, fields: dict[str, str], expected: int
) -> None:
    counted = Counted()
    monkeypatch.setattr(town.house.credentials._passwords, "_hasher", counted)
    statements: list[list[str]] = []
    from sqlalchemy import event  # noqa: PLC0415 -- here only

    for email in (alice.address, "nobody@example.org"):
        person = town.stranger()
        token = person.token(path)
        seen: list[str] = []
        statements.append(seen)
        counted.computed = 0

        def note(_c: Any, _cursor: Any, statement: str, *_rest: Any, seen: list[str] = seen) -> None:
            seen.append(statement)

        event.listen(town.house.database.engine, "before_cursor_execute", note)
        data = {"csrf_token": token, "email": email, **fields}
        person.client.post(path, data=data, base_url="http://localhost:8000")
        event.remove(town.house.database.engine, "before_cursor_execute", note)
        assert counted.computed == expected
    assert statements[0] == statements[1]
    assert statements[0]


def test_strangers_are_slowed_down_and_the_owner_is_not_locked_out(town: Town, alice: Citizen) -> None:
    own = town.stranger()
    assert sign_in(own, alice.address).status_code == 303
    for _ in range(10):
        stranger = town.stranger()
        sign_in(stranger, alice.address, "a guess of a stranger")
    answer = sign_in(town.stranger(), alice.address)
    assert answer.status_code == 429
    assert "not locked" in answer.text
    assert sign_in(own, alice.address).status_code == 303  # a browser that the account knows has its own counter
    town.clock.advance(timedelta(minutes=15))
    assert sign_in(town.stranger(), alice.address).status_code == 303


def test_one_network_tries_a_hundred_times_at_most(lone_town: Town) -> None:
    person = lone_town.stranger()
    token = person.token("/sign-in")
    statuses = {
        person.client.post(
            "/sign-in",
            data={"csrf_token": token, "email": f"p{number}@example.org", "password": "x"},
            base_url="http://localhost:8000",
        ).status_code
        for number in range(101)
    }
    assert statuses == {422, 429}


def test_a_failed_attempt_is_an_entry_of_its_account_once_a_minute(town: Town, alice: Citizen) -> None:
    for _ in range(3):
        sign_in(town.stranger(), alice.address, "a guess of a stranger")
    sign_in(town.stranger(), "nobody@example.org", "a guess of a stranger")
    work(town)
    mine = town.house.search.of_person(PersonId(alice.account)).entries
    assert len([row for row in mine if row.values["kind"] == "signed_in" and row.values["outcome"] == "refused"]) == 1


def test_a_new_browser_is_told_by_mail_and_a_known_one_is_not(town: Town, alice: Citizen) -> None:
    person = town.stranger()
    sign_in(person, alice.address)
    [mail] = mails(town, alice.address)
    assert mail.startswith("New sign-in to your account")
    fill(person, "/papers", {}, action="/sign-out")
    sign_in(person, alice.address)
    assert len(mails(town, alice.address)) == 1


def test_signing_out_ends_it_here_and_only_here(town: Town, alice: Citizen) -> None:
    person = town.stranger()
    sign_in(person, alice.address)
    secret, browser = cookie(person, "session"), cookie(person, "browser")
    answer = fill(person, "/papers", {}, action="/sign-out")
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert "no-store" in answer.headers["Cache-Control"]
    assert cookie(person, "session") == ""
    assert cookie(person, "browser") != browser
    person.client.set_cookie("session", secret, domain="localhost")
    person.get("/papers", 303)
    assert town.house.sessions.current(secret) is None
    alice.get("/papers")


def test_a_second_sign_in_at_a_browser_ends_the_first(town: Town, alice: Citizen) -> None:
    bob = town.citizen(given_name="Bob")
    person = town.stranger()
    sign_in(person, alice.address)
    first = cookie(person, "session")
    sign_in(person, bob.address)
    assert town.house.sessions.current(first) is None
    assert "Bob" in person.get("/")
    assert "Alice" not in person.get("/")


def test_a_secret_from_outside_is_never_taken(town: Town, alice: Citizen) -> None:
    person = town.stranger()
    planted = "A" * 43
    person.client.set_cookie("session", planted, domain="localhost")
    sign_in(person, alice.address)
    assert cookie(person, "session") != planted
    assert town.house.sessions.current(planted) is None


@pytest.mark.parametrize("wait", [timedelta(hours=2), timedelta(hours=12)])
def test_a_sign_in_ends_when_idle_and_in_any_case(town: Town, alice: Citizen, wait: timedelta) -> None:
    if wait > timedelta(hours=2):
        for _ in range(11):
            town.clock.advance(timedelta(hours=1))
            alice.get("/papers")
        town.clock.advance(timedelta(hours=1))
    else:
        town.clock.advance(wait)
    answer = alice.open("/papers?sort=new")
    assert (answer.status_code, answer.location) == (303, "/sign-in?next=%2Fpapers%3Fsort%3Dnew&over=1")


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "/\\evil.example", "https://evil.example", "/%0d%0aSet-Cookie:x", "javascript:alert(1)",
     "/ok\r\nLocation: //evil.example", "\t//evil.example", "evil.example", "/\t/evil.example", "///evil.example",
     "/\x00", "/" + "a" * 2000],
)  # fmt: skip
def test_nobody_is_sent_away_after_signing_in(lone_town: Town, lone_alice: Citizen, target: str) -> None:
    person = lone_town.stranger()
    answer = fill(person, "/sign-in", {"email": lone_alice.address, "password": PASSWORD, "next": target})
    assert answer.status_code == 303
    assert answer.location in {"/", "/%0d%0aSet-Cookie:x"}


def test_the_service_one_comes_from_is_named_and_may_receive_the_form(town: Town, alice: Citizen) -> None:
    person = town.stranger()
    answer = person.open(town.authorize_url([["proof_of_address"]]))
    assert answer.location.startswith("/sign-in?next=")
    page = person.open(answer.location)
    assert "School enrolment" in page.text
    assert "form-action 'self' http://127.0.0.1:8001;" in page.headers["Content-Security-Policy"] + ";"
    other = town.stranger().open(answer.location)
    assert "School enrolment" not in other.text
    assert "8001" not in other.headers["Content-Security-Policy"]


def test_one_sees_and_ends_ones_sign_ins(town: Town, alice: Citizen) -> None:
    person = town.stranger()
    phone = {"User-Agent": "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36"}
    fields = {"csrf_token": person.token("/sign-in"), "email": alice.address, "password": PASSWORD}
    person.client.post("/sign-in", data=fields, headers=phone, base_url="http://localhost:8000")
    page = alice.get("/sign-ins")
    assert "Chrome, Android" in page
    [there] = [one for one in town.house.sessions.list(alice.account) if one.device.system == "Android"]
    bob = town.citizen(given_name="Bob")
    assert bob.post(f"/sign-ins/{there.id}/end", {}).status_code == 303
    person.get("/papers")
    assert alice.post(f"/sign-ins/{there.id}/end", {}).status_code == 303
    person.get("/papers", 303)
    alice.get("/papers")


def test_only_the_hash_of_a_secret_is_kept(town: Town, alice: Citizen) -> None:
    person = town.stranger()
    sign_in(person, alice.address)
    database = town.house.settings.data_dir / "account.db"
    kept = b"".join(path.read_bytes() for path in database.parent.glob("account.db*"))
    for secret in (cookie(person, "session"), cookie(person, "device"), cookie(person, "browser"), alice.address):
        assert secret
        assert secret.encode() not in kept


def test_the_parameters_of_the_hash_are_owasps() -> None:
    assert (passwords.MEMORY_KIB, passwords.ITERATIONS, passwords.LANES) == (19_456, 2, 1)
