"""The code after the password: who is half signed in reaches nothing, and no code is good twice."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from citizen_account.second_factors import PRINTED_CODES, TRIES, WAIT
from citizen_account.store.second_factors import apps, printed
from tests.citizen_account.authenticator import Device
from tests.citizen_account.people import NEW_PASSWORD, cookie, fill, link, mails
from tests.citizen_account.test_passkeys import add as add_passkey
from tests.citizen_account.test_passkeys import sign_in as sign_in_by_passkey
from tests.citizen_account.town import PASSWORD, Citizen, Town


class App:
    """An app on Alice's telephone, and the sheet that she printed."""

    def __init__(self, person: Citizen) -> None:
        page = person.post("/second-factor/new", {"password": PASSWORD}).text
        self.fields = {name: re.findall(rf'name="{name}" value="([^"]+)"', page)[0] for name in ("secret", "challenge")}
        assert "<svg" in page
        self.totp = pyotp.TOTP(self.fields["secret"])
        self.person = person
        told = person.post("/second-factor", {**self.fields, "code": self.code()})
        assert told.status_code == 200, told.text
        self.sheet = re.findall(r"<li><code>([A-Z2-7-]+)</code>", told.text)

    def code(self, steps: int = 0) -> str:
        return self.totp.generate_otp(int(self.person.town.clock.now().timestamp()) // 30 + steps)


@pytest.fixture
def app(alice: Citizen, town: Town) -> App:
    """Set up a minute ago, so that the code that set it up is over."""
    made = App(alice)
    town.clock.advance(timedelta(minutes=1))
    return made


@pytest.fixture
def lone_app(lone_alice: Citizen, lone_town: Town) -> App:
    made = App(lone_alice)
    lone_town.clock.advance(timedelta(minutes=1))
    return made


def password(person: Citizen, email: str, word: str = PASSWORD) -> str:
    """Give the password; the address of the page that asks for the code."""
    told = fill(person, "/sign-in", {"email": email, "password": word, "next": "/papers"})
    assert told.status_code == 303, told.text
    assert told.location.startswith("/second-step/")
    return str(told.location)


def code(person: Citizen, page: str, typed: str) -> TestResponse:
    return fill(person, page, {"code": typed, "next": "/papers"})


def rows(town: Town, table: Any) -> list[Any]:
    with town.house.database.reading() as tx:
        return list(tx.execute(select(table)).all())


@pytest.mark.parametrize("drift", [-1, 0, 1])
def test_password_and_code_sign_in_as_two_factors(town: Town, alice: Citizen, app: App, drift: int) -> None:
    person = town.stranger()
    told = code(person, password(person, alice.address), app.code(drift))
    assert (told.status_code, told.location) == (303, "/papers")
    there = town.house.sessions.current(cookie(person, "session"))
    assert there is not None
    assert (there.account, there.amr) == (alice.account, ("pwd", "otp", "mfa"))


@pytest.mark.parametrize("drift", [-2, 2])
def test_a_code_a_minute_away_is_none(lone_town: Town, lone_alice: Citizen, lone_app: App, drift: int) -> None:
    person = lone_town.stranger()
    assert code(person, password(person, lone_alice.address), lone_app.code(drift)).status_code == 422


def test_with_the_password_alone_nothing_is_reached(town: Town, alice: Citizen, app: App) -> None:
    person = town.stranger()
    page = password(person, alice.address)
    assert cookie(person, "session") == ""
    token = person.token(page)
    for rule in town.app.url_map.iter_rules():
        policy = getattr(town.app.view_functions[rule.endpoint], "policy", None)
        if policy is None or "public" in policy.allowed:
            continue
        values = {name: 1 if "int" in type(rule._converters[name]).__name__.lower() else "x" * 26
                  for name in rule.arguments}  # fmt: skip
        built = rule.build(values, append_unknown=False)
        assert built
        for method in {"GET", "POST"} & (rule.methods or set()):
            told = person.client.open(
                built[1], method=method, base_url="http://localhost:8000",
                data={"csrf_token": token} if method == "POST" else {},
            )  # fmt: skip
            assert told.status_code == 303, rule.rule
            assert told.location.startswith("/sign-in?"), rule.rule
    assert person.open(town.authorize_url([["proof_of_address"]])).location.startswith("/sign-in?")
    assert len(town.house.sessions.list(alice.account)) == 1  # her own


@pytest.mark.parametrize("typed", ["", "000000", "12345", "1234567", "not a code", "²²²²²²", "x" * 5000])
def test_what_is_no_code_signs_nobody_in(lone_town: Town, lone_alice: Citizen, lone_app: App, typed: str) -> None:
    person = lone_town.stranger()
    page = password(person, lone_alice.address)
    assert code(person, page, typed).status_code == 422
    assert cookie(person, "session") == ""
    assert code(person, page, lone_app.code()).status_code == 303


def test_a_code_is_never_taken_twice(town: Town, alice: Citizen, app: App) -> None:
    first = town.stranger()
    now, before = app.code(), app.code(-1)
    assert code(first, password(first, alice.address), now).status_code == 303
    for typed in (now, before):  # nor one that was shown before it
        other = town.stranger()
        assert code(other, password(other, alice.address), typed).status_code == 422


def test_a_printed_code_is_good_once_however_it_is_typed(town: Town, alice: Citizen, app: App) -> None:
    assert len(set(app.sheet)) == PRINTED_CODES
    assert not any(app.sheet[0].replace("-", "").encode() in bytes(row.code_mac) for row in rows(town, printed))
    for typed, status in ((app.sheet[0].lower().replace("-", " "), 303), (app.sheet[0], 422), (app.sheet[1], 303)):
        person = town.stranger()
        assert code(person, password(person, alice.address), typed).status_code == status
    assert "8 printed codes are left" in alice.get("/second-factor")


@pytest.mark.parametrize("kind", ["app", "sheet"])
def test_of_many_at_once_with_one_code_one_signs_in(town: Town, alice: Citizen, app: App, kind: str) -> None:
    typed = app.code() if kind == "app" else app.sheet[0]
    tries = [(person, password(person, alice.address)) for person in (town.stranger() for _ in range(TRIES))]
    tokens = [person.token(page) for person, page in tries]
    statuses: list[int] = []

    def send(number: int) -> None:
        person, page = tries[number]
        data = {"csrf_token": tokens[number], "code": typed}
        told = person.client.post(page.partition("?")[0], data=data, base_url="http://localhost:8000")
        statuses.append(told.status_code)

    threads = [threading.Thread(target=send, args=(number,)) for number in range(TRIES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [303] + [422] * (TRIES - 1)


def test_a_note_opens_its_page_at_its_browser_for_ten_minutes_and_once(
    lone_town: Town, lone_alice: Citizen, lone_app: App
) -> None:
    person, other = lone_town.stranger(), lone_town.stranger()
    page = password(person, lone_alice.address)
    assert other.open(page).location == "/sign-in?over=1"
    assert other.open(page[:40]).location == "/sign-in?over=1"
    assert person.open(page[:20] + ("A" if page[20] != "A" else "B") + page[21:]).location == "/sign-in?over=1"
    assert code(person, page, lone_app.code()).status_code == 303
    fill(person, "/papers", {}, action="/sign-out")
    token = person.token("/sign-in")
    lone_town.clock.advance(timedelta(minutes=1))
    data = {"csrf_token": token, "code": lone_app.code()}
    again = person.client.post(page.partition("?")[0], data=data, base_url="http://localhost:8000")
    assert again.location == "/sign-in?over=1"
    late = password(person, lone_alice.address)
    lone_town.clock.advance(timedelta(minutes=10))
    assert person.open(late).location == "/sign-in?over=1"


def test_a_new_password_ends_what_the_old_one_began(lone_town: Town, lone_alice: Citizen, lone_app: App) -> None:
    person = lone_town.stranger()
    page = password(person, lone_alice.address)
    hashed = lone_town.house.credentials.hash_new(NEW_PASSWORD)
    with lone_town.house.database.transaction() as tx:
        lone_town.house.credentials.put(tx, lone_alice.account, hashed)
    assert person.open(page).location == "/sign-in?over=1"


def test_guessing_stops_after_five_and_the_owners_browser_goes_on(town: Town, alice: Citizen, app: App) -> None:
    own = town.stranger()
    assert code(own, password(own, alice.address), app.code()).status_code == 303
    town.clock.advance(timedelta(minutes=15))
    thief = town.stranger()
    page = password(thief, alice.address)
    statuses = [code(thief, page, "000000").status_code for _ in range(TRIES + 1)]
    assert statuses == [422] * TRIES + [429]
    town.clock.advance(timedelta(minutes=1))
    assert code(own, password(own, alice.address), app.code()).status_code == 303


def test_recovery_by_mail_leaves_the_second_step(town: Town, alice: Citizen, app: App) -> None:
    person = town.stranger()
    fill(person, "/password-reset", {"email": alice.address})
    opened = fill(person, link(town, alice.address), {})
    fill(person, opened.location, {"password": NEW_PASSWORD})
    assert code(person, password(person, alice.address, NEW_PASSWORD), "000000").status_code == 422
    town.clock.advance(timedelta(minutes=1))
    assert code(person, password(person, alice.address, NEW_PASSWORD), app.code()).status_code == 303


def test_who_lost_everything_waits_a_week_and_the_mailbox_is_told(town: Town, alice: Citizen, app: App) -> None:
    person = town.stranger()
    page = password(person, alice.address)
    told = fill(person, page, {}, action=page.partition("?")[0] + "/lost")
    assert told.status_code == 200
    assert "your codes are lost" in mails(town, alice.address)[-1]
    town.clock.advance(WAIT - timedelta(minutes=5))
    town.house.second_factors.sweep()
    password(person, alice.address)
    town.clock.advance(timedelta(minutes=5))
    town.house.second_factors.sweep()
    assert (rows(town, apps), rows(town, printed)) == ([], [])
    assert fill(person, "/sign-in", {"email": alice.address, "password": PASSWORD}).location == "/"
    assert "asks for no code" in "".join(mails(town, alice.address))


@pytest.mark.parametrize("by", ["code", "passkey"])
def test_signing_in_with_what_was_said_to_be_lost_stops_it(town: Town, alice: Citizen, app: App, by: str) -> None:
    device = Device()
    add_passkey(alice, device)
    thief, own = town.stranger(), town.stranger()
    page = password(thief, alice.address)
    fill(thief, page, {}, action=page.partition("?")[0] + "/lost")
    if by == "code":
        assert code(own, password(own, alice.address), app.code()).status_code == 303
    else:
        assert sign_in_by_passkey(own, device).status_code == 303
    town.clock.advance(WAIT)
    town.house.second_factors.sweep()
    password(thief, alice.address)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"remove_password": "wrong"}, "This is not your password"),
        ({"remove_code": "000000"}, "This code is not right"),
    ],
)
def test_it_ends_with_password_and_code_only(
    lone_town: Town, lone_alice: Citizen, lone_app: App, fields: dict[str, str], error: str
) -> None:
    right = {"remove_password": PASSWORD, "remove_code": lone_app.code()}
    told = lone_alice.post("/second-factor/remove", {**right, **fields})
    assert told.status_code == 422
    assert error in told.text
    assert len(rows(lone_town, apps)) == 1
    assert lone_alice.post("/second-factor/remove", right).location == "/second-factor?done=removed"
    assert (rows(lone_town, apps), rows(lone_town, printed)) == ([], [])


def test_new_printed_codes_end_the_older_ones(lone_town: Town, lone_alice: Citizen, lone_app: App) -> None:
    told = lone_alice.post("/second-factor/codes", {"password": PASSWORD, "code": lone_app.sheet[0]})
    new = re.findall(r"<li><code>([A-Z2-7-]+)</code>", told.text)
    assert len(new) == PRINTED_CODES
    person = lone_town.stranger()
    page = password(person, lone_alice.address)
    assert code(person, page, lone_app.sheet[1]).status_code == 422
    assert code(person, page, new[0]).status_code == 303


@pytest.mark.parametrize("change", ["code", "secret", "challenge", "browser", "late"])
def test_an_app_is_kept_only_when_all_is_right(lone_town: Town, lone_alice: Citizen, change: str) -> None:
    page = lone_alice.post("/second-factor/new", {"password": PASSWORD}).text
    fields = {name: re.findall(rf'name="{name}" value="([^"]+)"', page)[0] for name in ("secret", "challenge")}
    if change == "late":
        lone_town.clock.advance(timedelta(minutes=61))
    if change == "secret":
        fields["secret"] = pyotp.random_base32()
    if change == "challenge":
        fields["challenge"] = "00" * 56
    if change == "browser":
        lone_alice.client.delete_cookie("browser", domain="localhost")
    right = pyotp.TOTP(fields["secret"]).at(lone_town.clock.now())
    told = lone_alice.post("/second-factor", {**fields, "code": "000000" if change == "code" else right})
    assert told.status_code == 422
    assert rows(lone_town, apps) == []
    assert fields["secret"].encode() not in b"".join(bytes(row.secret_sealed) for row in rows(lone_town, apps))


def test_closing_forgets_it(town: Town, alice: Citizen, app: App) -> None:
    town.house.erasure.close(alice.account)
    assert (rows(town, apps), rows(town, printed)) == ([], [])
