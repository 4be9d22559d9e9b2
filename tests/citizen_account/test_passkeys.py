"""Passkeys at the door: added after the password, used without it, each challenge once, each refusal for one reason."""

from __future__ import annotations

import html
import json
import re
import threading
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from citizen_account.authentication import TRIES_ACCOUNT, TRIES_NETWORK
from citizen_account.passkeys import MOST_PASSKEYS
from citizen_account.store.passkeys import passkeys
from citizen_account.store.used_challenges import used_challenges
from tests.citizen_account.authenticator import BACKED_UP, ELIGIBLE, PRESENT, RIGHT, VERIFIED, Device, How, b64
from tests.citizen_account.people import cookie, fill, mails, work
from tests.citizen_account.town import PASSWORD, Citizen, Town


def options_in(text: str) -> str:
    found = re.search(r'data-options="([^"]+)"', text)
    assert found, text
    return html.unescape(found[1])


def begin(person: Citizen, name: str = "My phone", password: str = PASSWORD) -> TestResponse:
    return person.post("/passkeys/new", {"name": name, "password": password})


def add(person: Citizen, device: Device, how: How = RIGHT, name: str = "My phone") -> TestResponse:
    credential = device.create(options_in(begin(person, name).text), how)
    return person.post("/passkeys", {"name": name, "credential": credential})


def sign_in(person: Citizen, device: Device, how: How = RIGHT) -> TestResponse:
    return answer(person, device.get(options_in(person.get("/sign-in")), how))


def answer(person: Citizen, credential: str) -> TestResponse:
    return person.post("/sign-in/passkey", {"credential": credential, "next": "/papers"}, page="/sign-in")


def kept(town: Town) -> list[Any]:
    with town.house.database.reading() as tx:
        return list(tx.execute(select(passkeys)).all())


@pytest.fixture
def device(alice: Citizen) -> Device:
    """A device with a passkey of Alice's."""
    made = Device()
    assert add(alice, made).location == "/passkeys?done=added"
    return made


@pytest.fixture
def lone_device(lone_alice: Citizen) -> Device:
    made = Device()
    add(lone_alice, made)
    return made


def test_a_passkey_signs_in_without_address_or_password(town: Town, alice: Citizen, device: Device) -> None:
    person = town.stranger()
    told = sign_in(person, device)
    assert (told.status_code, told.location) == (303, "/papers")
    assert "Alice" in person.get("/")
    there = town.house.sessions.current(cookie(person, "session"))
    assert there is not None
    assert (there.account, there.amr, there.acr) == (alice.account, ("pop", "user", "mfa"), "eidas1")
    [row] = kept(town)
    assert (row.sign_count, row.last_used_at) == (1, town.clock.now())


def test_a_passkey_replaces_the_sign_in_that_was_there(town: Town, device: Device) -> None:
    bob = town.citizen(given_name="Bob")
    before = cookie(bob, "session")
    sign_in(bob, device)
    assert town.house.sessions.current(before) is None
    assert "Alice" in bob.get("/")


def test_an_account_has_several_each_with_its_name_and_removes_one(town: Town, alice: Citizen, device: Device) -> None:
    town.clock.advance(timedelta(seconds=1))
    other = Device(credential=b"a security key", counts=False)
    add(alice, other, How(flags=PRESENT | VERIFIED | ELIGIBLE | BACKED_UP), name="  The   key in\tthe drawer ")
    page = alice.get("/passkeys")
    assert "My phone" in page
    assert "The key in the drawer" in page
    assert "Also on your other devices" in page
    assert "On one device only" in page
    first, second = town.house.passkeys.list(alice.account)
    assert not any("phone" in repr(row) for row in kept(town))
    gone = alice.post("/passkeys/remove", {"passkey": first.id, "remove_password": PASSWORD})
    assert gone.location == "/passkeys?done=removed"
    assert [one.id for one in town.house.passkeys.list(alice.account)] == [second.id]
    assert sign_in(town.stranger(), device).status_code == 422
    for _ in range(2):  # a device that counts nothing signs in as often as it likes
        assert sign_in(town.stranger(), other).status_code == 303


def test_each_change_is_told_by_mail_and_is_an_entry(town: Town, alice: Citizen, device: Device) -> None:
    [only] = town.house.passkeys.list(alice.account)
    alice.post("/passkeys/remove", {"passkey": only.id, "remove_password": PASSWORD})
    added, removed = mails(town, alice.address)
    assert "a passkey was added" in added
    assert "a passkey was removed" in removed
    entries = town.house.search.of_person(alice.account).entries  # type: ignore[arg-type]
    changes = {row.values["what"] for row in entries if row.values["kind"] == "account_changed"}
    assert changes == {"passkey_added", "passkey_removed"}


def test_a_browser_that_the_account_did_not_know_is_told_by_mail(town: Town, alice: Citizen, device: Device) -> None:
    sign_in(town.stranger(), device)
    assert mails(town, alice.address)[-1].startswith("New sign-in to your account")


SIGN_IN_REFUSALS = [
    pytest.param(How(origin="http://localhost:8001"), id="WebAuthn §7.2 step 13 another origin"),
    pytest.param(How(origin="http://localhost:8000.evil.example"), id="§7.2 step 13 an origin that begins like ours"),
    pytest.param(How(rp_id="evil.example"), id="§7.2 step 15 another RP"),
    pytest.param(How(type="webauthn.create"), id="§7.2 step 11 an answer of registration"),
    pytest.param(How(flags=VERIFIED), id="§7.2 step 16 nobody present"),
    pytest.param(How(flags=PRESENT), id="§7.2 step 17 nobody verified"),
    pytest.param(How(challenge=bytes(56)), id="§7.2 step 12 a challenge not ours"),
    pytest.param(How(challenge=b""), id="§7.2 step 12 no challenge"),
    pytest.param(How(user_handle=b"x" * 26), id="§7.2 step 6 another account"),
    pytest.param(How(user_handle=b""), id="§7.2 step 6 no account"),
    pytest.param(How(count=1), id="§7.2 step 22 a counter that stands still"),
    pytest.param(How(signed_by=ec.generate_private_key(ec.SECP256R1())), id="§7.2 step 21 another key"),
]


@pytest.mark.parametrize("how", SIGN_IN_REFUSALS)
def test_an_answer_wrong_in_one_thing_signs_nobody_in(lone_town: Town, lone_device: Device, how: How) -> None:
    sign_in(lone_town.stranger(), lone_device)
    person = lone_town.stranger()
    told = sign_in(person, lone_device, how)
    assert told.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "That passkey did not open an account here" in told.text
    assert cookie(person, "session") == ""
    person.get("/papers", 303)
    assert sign_in(person, lone_device).status_code == 303  # with that one thing right


@pytest.mark.parametrize(
    "credential",
    ["", "{}", "null", "[]", "1", '"x"', "{", "[" * 20_000, '{"a":' * 20_000, '{"id":1,"rawId":2,"response":3}',
     '{"id":"YQ","rawId":"YQ","type":"public-key","response":{}}',
     '{"id":"YQ","rawId":"YQ","type":"public-key","response":{"clientDataJSON":"YQ","authenticatorData":"YQ","signature":"YQ"}}',
     '{"id":"YQ","rawId":"YQ","type":"public-key","response":{"clientDataJSON":"e30","authenticatorData":"YQ","signature":"YQ"}}',
     '{"id":"YQ","rawId":"YQ","type":"public-key","response":{"clientDataJSON":"e30","attestationObject":"YQ"}}',
     '{"id":"é","rawId":"é","type":"public-key","response":{"clientDataJSON":"é","authenticatorData":"é","signature":"é"}}'],
)  # fmt: skip
def test_what_is_no_answer_is_refused_and_never_a_fault(lone_town: Town, lone_alice: Citizen, credential: str) -> None:
    assert answer(lone_town.stranger(), credential).status_code == 422
    assert lone_alice.post("/passkeys", {"name": "x", "credential": credential}).status_code == 422
    assert kept(lone_town) == []


def test_an_attestation_nested_without_end_is_refused_and_no_fault(lone_town: Town, lone_alice: Citizen) -> None:
    made = json.loads(Device().create(options_in(begin(lone_alice).text)))
    made["response"]["attestationObject"] = b64(b"\x81" * 20_000)
    assert lone_alice.post("/passkeys", {"name": "x", "credential": json.dumps(made)}).status_code == 422
    assert kept(lone_town) == []


def test_a_challenge_is_answered_once(town: Town, device: Device) -> None:
    person = town.stranger()
    device.counts = False  # so that the counter isn't what refuses
    with town.house.database.transaction() as tx:
        tx.execute(passkeys.update().values(sign_count=0))
    device.count = 0
    credential = device.get(options_in(person.get("/sign-in")))
    assert answer(person, credential).status_code == 303
    fill(person, "/papers", {}, action="/sign-out")
    assert answer(person, credential).status_code == 422
    assert answer(town.stranger(), credential).status_code == 422


def test_of_many_answers_to_one_challenge_one_signs_in(town: Town, alice: Citizen, device: Device, rounds: int) -> None:
    for _ in range(rounds):
        visitors = [town.stranger()]
        person = visitors[0]
        credential = device.get(options_in(person.get("/sign-in")))
        token, browser = person.token("/sign-in"), cookie(person, "browser")
        statuses: list[int] = []

        def send(credential: str = credential, token: str = token, browser: str = browser) -> None:
            client = town.app.test_client()
            client.set_cookie("browser", browser, domain="localhost")
            fields = {"csrf_token": token, "credential": credential}
            statuses.append(  # noqa: B023 -- joined below, in this round
                client.post("/sign-in/passkey", data=fields, base_url="http://localhost:8000").status_code
            )

        before = len(town.house.sessions.list(alice.account))
        threads = [threading.Thread(target=send) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(statuses) == [303] + [422] * 7
        assert len(town.house.sessions.list(alice.account)) == before + 1


def test_a_challenge_is_good_at_its_browser_for_an_hour(lone_town: Town, lone_device: Device) -> None:
    person, other = lone_town.stranger(), lone_town.stranger()
    credential = lone_device.get(options_in(person.get("/sign-in")))
    other.get("/sign-in")
    assert answer(other, credential).status_code == 422
    lone_town.clock.advance(timedelta(hours=1))
    assert answer(person, credential).status_code == 422
    late = lone_device.get(options_in(person.get("/sign-in")))
    lone_town.clock.advance(timedelta(minutes=59))
    assert answer(person, late).status_code == 303


def test_what_was_used_is_forgotten_when_its_hour_is_over_and_not_before(town: Town, device: Device) -> None:
    def used() -> int:
        with town.house.database.reading() as tx:
            return tx.execute(select(func.count()).select_from(used_challenges)).scalar_one()

    assert used() == 1
    town.house.challenges.sweep()
    assert used() == 1
    town.clock.advance(timedelta(minutes=62))
    town.house.challenges.sweep()
    assert used() == 0


def test_a_page_view_stores_nothing(lone_town: Town) -> None:
    person = lone_town.stranger()
    first, second = (options_in(person.get("/sign-in")) for _ in range(2))
    assert first != second
    with lone_town.house.database.reading() as tx:
        assert tx.execute(select(func.count()).select_from(used_challenges)).scalar_one() == 0


REGISTER_REFUSALS = [
    pytest.param(How(origin="https://evil.example"), id="WebAuthn §7.1 step 9 another origin"),
    pytest.param(How(rp_id="evil.example"), id="§7.1 step 14 another RP"),
    pytest.param(How(type="webauthn.get"), id="§7.1 step 7 an answer of signing in"),
    pytest.param(How(flags=VERIFIED), id="§7.1 step 15 nobody present"),
    pytest.param(How(flags=PRESENT), id="§7.1 step 16 nobody verified"),
    pytest.param(How(challenge=bytes(56)), id="§7.1 step 8 a challenge not ours"),
]


@pytest.mark.parametrize("how", REGISTER_REFUSALS)
def test_a_passkey_made_wrong_in_one_thing_is_not_kept(lone_town: Town, lone_alice: Citizen, how: How) -> None:
    told = add(lone_alice, Device(), how)
    assert told.status_code == 422
    assert "Your device made no passkey" in told.text
    assert kept(lone_town) == []
    assert add(lone_alice, Device()).status_code == 303


def test_the_password_comes_before_a_passkey_is_added_or_removed(town: Town, alice: Citizen, device: Device) -> None:
    assert begin(alice, password="wrong").status_code == 422
    [only] = town.house.passkeys.list(alice.account)
    told = alice.post("/passkeys/remove", {"passkey": only.id, "remove_password": "wrong"})
    assert told.status_code == 422
    assert len(kept(town)) == 1
    work(town)


def test_a_challenge_of_the_sign_in_page_adds_no_passkey(lone_town: Town, lone_alice: Citizen) -> None:
    """Nothing but the page after the password gives one that does."""
    asked = options_in(lone_alice.get("/sign-in"))
    forged = asked.replace("{", '{"user":{"id":"' + "eA" + '"},', 1)
    told = lone_alice.post("/passkeys", {"name": "x", "credential": Device().create(forged)})
    assert told.status_code == 422
    assert kept(lone_town) == []


def test_a_challenge_made_for_one_account_adds_no_passkey_to_another(lone_town: Town, lone_alice: Citizen) -> None:
    """Two people at one browser."""
    credential = Device().create(options_in(begin(lone_alice).text))
    bob = lone_town.citizen(given_name="Bob")
    bob.client.set_cookie("browser", cookie(lone_alice, "browser"), domain="localhost")
    assert bob.post("/passkeys", {"name": "x", "credential": credential}).status_code == 422
    assert kept(lone_town) == []


def test_a_passkey_belongs_to_one_account(lone_town: Town, lone_alice: Citizen, lone_device: Device) -> None:
    bob = lone_town.citizen(given_name="Bob")
    assert add(bob, Device(credential=lone_device.credential)).status_code == 422
    assert len(kept(lone_town)) == 1


def test_nobody_removes_anothers(lone_town: Town, lone_alice: Citizen, lone_device: Device) -> None:
    bob = lone_town.citizen(given_name="Bob")
    [only] = lone_town.house.passkeys.list(lone_alice.account)
    told = bob.post("/passkeys/remove", {"passkey": only.id, "remove_password": PASSWORD})
    assert told.status_code == 422
    assert "Choose the passkey to remove" in told.text
    assert len(kept(lone_town)) == 1


@pytest.mark.parametrize("name", ["", "   ", "a\x00b", "\u202ereversed"])
def test_a_passkey_needs_a_name_that_can_be_read(lone_alice: Citizen, name: str) -> None:
    assert begin(lone_alice, name).status_code == 422


def test_an_account_has_twenty_at_most(lone_town: Town, lone_alice: Citizen) -> None:
    open_page = options_in(begin(lone_alice).text)
    for number in range(MOST_PASSKEYS):
        if number == 9:
            lone_town.clock.advance(timedelta(minutes=15))  # the password's own limit
        lone_town.clock.advance(timedelta(minutes=2))
        assert add(lone_alice, Device(credential=b"%d" % number)).status_code == 303
    assert begin(lone_alice).status_code == 422
    late = Device(credential=b"one more").create(open_page)
    assert lone_alice.post("/passkeys", {"name": "x", "credential": late}).status_code == 422
    assert len(kept(lone_town)) == MOST_PASSKEYS


def test_strangers_cannot_lock_the_holder_of_a_passkey_out(lone_town: Town, lone_alice: Citizen) -> None:
    device = Device()
    add(lone_alice, device)
    guesser = lone_town.stranger()
    token = guesser.token("/sign-in")
    for _ in range(TRIES_ACCOUNT + 1):  # the password's door is shut for browsers that the account doesn't know
        fields = {"csrf_token": token, "email": lone_alice.address, "password": "a guess of a stranger"}
        guesser.client.post("/sign-in", data=fields, base_url="http://localhost:8000")
    statuses = set()
    for _ in range(TRIES_NETWORK + 1):  # and this network has failed at passkeys as often as it may
        fields = {"csrf_token": token, "credential": "{}"}
        statuses.add(guesser.client.post("/sign-in/passkey", data=fields, base_url="http://localhost:8000").status_code)
    assert statuses == {422, 429}
    assert sign_in(lone_town.stranger(), device).status_code == 303


def test_closing_the_account_forgets_its_passkeys(town: Town, alice: Citizen, device: Device) -> None:
    town.house.erasure.close(alice.account)
    assert kept(town) == []
    assert sign_in(town.stranger(), device).status_code == 422


def test_a_new_password_by_mail_leaves_passkeys_as_they_are(town: Town, alice: Citizen, device: Device) -> None:
    with town.house.database.transaction() as tx:
        town.house.credentials.change(tx, alice.account, "another hash")
        town.house.sessions.end_all(tx, alice.account, reason="password_changed")
    assert sign_in(town.stranger(), device).status_code == 303
