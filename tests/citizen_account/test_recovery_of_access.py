"""A lost password, another mailbox, another password: what proves, what ends, who is told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.citizen_account.people import NEW_PASSWORD, code_in, cookie, fill, link, mails, shown
from tests.citizen_account.test_sign_in import sign_in
from tests.citizen_account.town import PASSWORD, Citizen, Town


def ask(person: Citizen, email: str) -> str:
    answer = fill(person, "/password-reset", {"email": email, "next": "/papers?a=1&b=2"})
    assert answer.status_code == 303, answer.text
    return answer.location


def test_a_lost_password_is_replaced_by_the_mailed_link(town: Town, alice: Citizen) -> None:
    person = town.stranger()
    ask(person, alice.address)
    answer = fill(person, link(town, alice.address), {})
    new = answer.location
    assert new.startswith("/password-reset/new/")
    assert cookie(person, "session") == ""  # a link alone signs nobody in
    assert fill(person, new, {"password": "too short"}).status_code == 422
    answer = fill(person, new, {"password": NEW_PASSWORD})
    assert answer.location == "/sign-in?changed=1&next=%2Fpapers%3Fa%3D1%26b%3D2"
    assert cookie(person, "session") == ""
    alice.get("/papers", 303)  # every sign-in ended
    assert sign_in(town.stranger(), alice.address).status_code == 422
    assert sign_in(town.stranger(), alice.address, NEW_PASSWORD).status_code == 303
    assert any(mail.startswith("Your account was changed") for mail in mails(town, alice.address))


def test_a_proven_flow_sets_one_password(town: Town, alice: Citizen) -> None:
    person = town.stranger()
    ask(person, alice.address)
    new = fill(person, link(town, alice.address), {}).location
    fill(person, new, {"password": NEW_PASSWORD})
    person.get(new, 410)


def test_no_step_is_skipped(town: Town, alice: Citizen) -> None:
    person, other = town.stranger(), town.stranger()
    flow = ask(person, alice.address).rpartition("/")[2]
    path = f"/password-reset/new/{flow}"
    for who in (person, other):
        who.get(path, 410)
        assert fill(who, "/sign-in", {"password": NEW_PASSWORD}, action=path).status_code == 410
        assert fill(who, "/sign-in", {}, action=path).status_code == 410
    fill(person, link(town, alice.address), {})
    other.get(path, 410)
    assert fill(other, "/sign-in", {"password": NEW_PASSWORD}, action=path).status_code == 410
    town.clock.advance(timedelta(hours=1))
    person.get(path, 410)
    assert sign_in(town.stranger(), alice.address).status_code == 303


def test_a_code_works_where_the_reset_began(town: Town, alice: Citizen) -> None:
    person, phone = town.stranger(), town.stranger()
    waiting = ask(person, alice.address)
    answer = fill(person, waiting, {"code": code_in(phone.get(link(town, alice.address)))})
    assert answer.location.startswith("/password-reset/new/")


def test_an_unknown_address_gets_the_same_pages_and_a_mail_that_says_so(town: Town, alice: Citizen) -> None:
    pages = []
    for email in (alice.address, "nobody@example.org"):
        person = town.stranger()
        waiting = ask(person, email)
        flow = waiting.rpartition("/")[2]
        pages.append(shown(person, waiting, ADDRESS=email, FLOW=flow))
    assert pages[0] == pages[1]
    assert "there is no account with it" in mails(town, "nobody@example.org")[-1]


def test_another_password_ends_every_other_sign_in(town: Town, alice: Citizen) -> None:
    other = town.stranger()
    sign_in(other, alice.address)
    before = cookie(alice, "session")
    fields = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    answer = fill(alice, "/profile", fields, action="/profile/password")
    assert answer.location == "/profile?done=password"
    assert cookie(alice, "session") != before
    assert town.house.sessions.current(before) is None
    alice.get("/papers")
    other.get("/papers", 303)
    assert mails(town, alice.address)[-1].startswith("Your account was changed")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"current_password": "wrong", "new_password": NEW_PASSWORD}, "This is not your password"),
        ({"new_password": NEW_PASSWORD}, "This is not your password"),
        ({"current_password": PASSWORD}, "at least 15 characters"),
        ({"current_password": PASSWORD, "new_password": "alice1@example.org.."}, "easy to guess"),
        ({}, "This is not your password"),
    ],
)
def test_a_password_changes_only_with_the_old_one(
    lone_town: Town, lone_alice: Citizen, fields: dict[str, str], words: str
) -> None:
    answer = fill(lone_alice, "/profile", fields, action="/profile/password")
    assert answer.status_code == 422
    assert words in answer.text
    assert sign_in(lone_town.stranger(), lone_alice.address).status_code == 303


def test_guessing_the_password_of_an_open_account_is_limited(alice: Citizen) -> None:
    fields = {"current_password": "wrong", "new_password": NEW_PASSWORD}
    statuses = [fill(alice, "/profile", fields, action="/profile/password").status_code for _ in range(11)]
    assert statuses == [422] * 10 + [429]


def test_another_mailbox_is_proven_and_the_old_one_is_told(town: Town, alice: Citizen) -> None:
    new = "alice.new@example.org"
    answer = fill(alice, "/profile", {"email": new, "email_password": PASSWORD}, action="/profile/email")
    assert answer.status_code == 303
    assert town.house.accounts.email(alice.account) == alice.address
    answer = fill(alice, link(town, new), {})
    assert answer.location == "/profile?done=email"
    assert town.house.accounts.email(alice.account) == new
    assert mails(town, alice.address)[-1].startswith("Your account was changed")
    assert sign_in(town.stranger(), alice.address).status_code == 422
    assert sign_in(town.stranger(), new).status_code == 303


def test_a_link_for_another_mailbox_waits_until_its_owner_signs_in(town: Town, alice: Citizen) -> None:
    new = "alice.new@example.org"
    fill(alice, "/profile", {"email": new, "email_password": PASSWORD}, action="/profile/email")
    path = link(town, new)
    token = alice.token(path)
    town.house.sessions.end(town.house.sessions.list(alice.account)[0].id)
    answer = alice.client.post(path, data={"csrf_token": token}, base_url="http://localhost:8000")
    assert (answer.status_code, answer.location.partition("?")[0]) == (303, "/sign-in")
    sign_in(alice, alice.address)
    assert fill(alice, path, {}).location == "/profile?done=email"


def test_a_mailbox_of_someone_else_is_not_taken(town: Town, alice: Citizen) -> None:
    bob = town.citizen(given_name="Bob")
    fill(alice, "/profile", {"email": bob.address, "email_password": PASSWORD}, action="/profile/email")
    assert "/confirm/" not in mails(town, bob.address)[-1]
    assert town.house.accounts.email(alice.account) == alice.address


def test_details_are_kept_sealed_with_level_source_and_date(town: Town, alice: Citizen) -> None:
    fields = {"given_name": "Zo\u00eb", "family_name": "Martin", "birthdate": "1990-03-27", "locality": "Testville",
              "phone_number": "06 12 34 56 78"}  # fmt: skip
    assert fill(alice, "/profile", fields).location == "/profile?done=facts"
    known = town.house.accounts.attributes(alice.account)
    assert (known["given_name"].value, known["given_name"].level, known["given_name"].source) == ("Zoë", 100, "person")
    assert known["given_name"].at == town.clock.now()
    database = town.house.settings.data_dir
    assert b"Testville" not in b"".join(path.read_bytes() for path in database.glob("account.db*"))
    claims = town.house.subjects.claims(alice.account)  # type: ignore[arg-type]
    assert (claims["name"], claims["birthdate"], claims["email_verified"]) == ("Zoë Martin", "1990-03-27", True)
    assert (claims["phone_number"], claims["phone_number_verified"]) == ("+33612345678", False)
    assert "06 12 34 56 78" in alice.get("/profile")
    assert fill(alice, "/profile", {"phone_number": "12"}).status_code == 422
    fill(alice, "/profile", {"given_name": "", "family_name": "Martin"})
    assert "given_name" not in town.house.accounts.attributes(alice.account)


@pytest.mark.parametrize("value", ["a\u202eb", "a\x00b", "x" * 101, "a\nb"])
def test_odd_signs_in_a_name_are_refused_and_kept_in_the_form(lone_town: Town, lone_alice: Citizen, value: str) -> None:
    answer = fill(lone_alice, "/profile", {"given_name": value, "family_name": "Kept"})
    assert answer.status_code == 422
    assert "Kept" in answer.text
    assert lone_town.house.accounts.attributes(lone_alice.account)["given_name"].value == "Alice"
