"""The receipt of a release: in the account by its number, named in the mail, printable, and nobody else's."""

from __future__ import annotations

import re
from datetime import timedelta
from http import HTTPStatus

from hypothesis import given
from hypothesis import strategies as st

from audit.verification import verify_receipt
from citizen_account import receipts
from oidc.protocols import SubjectId
from tests.citizen_account.people import mails
from tests.citizen_account.town import Citizen, Town, fetch, redeem


def number(person: Citizen) -> str:
    """The receipt that "Who saw my papers" leads to."""
    found = re.search(r'href="/accesses/receipts/([0-9A-Z]{4}-[0-9A-Z]{4})"', person.get("/accesses"))
    assert found
    return found[1]


def test_it_says_what_was_sent_to_whom_why_until_when_and_how_often(alice: Citizen) -> None:
    fetch(alice.town, alice.lend(alice.paper(label="November bill")))
    page = alice.get(f"/accesses/receipts/{number(alice)}")
    for words in (
        "What you sent to School enrolment",
        number(alice),
        "2 November 2026, 10:00",
        "November bill",
        "Bill with your address",
        "To enrol your child",
        "Code de l&#39;éducation, art. D131-3-1",
        "2 December 2026",
        "Looked at 1 time of 5.",
        "Your name",
        "at most 1 year",
        "enrolment@school.example",
        "In force until 2 December 2026.",
    ):
        assert words in page, words


def test_the_way_back_to_the_service_does_not_lead_through_it(alice: Citizen) -> None:
    handle = alice.begin([["proof_of_address"]])
    answer = alice.post(f"/release/{handle}", {"paper-0": alice.paper(), "decision": "send"})
    assert answer.location == f"/authorize/{handle}"
    assert alice.open(answer.location).location.startswith("http://127.0.0.1:8001/callback?")


def test_the_mail_names_it_and_no_label_of_the_person(alice: Citizen) -> None:
    alice.lend(alice.paper(label="Canary label"))
    (mail,) = [mail for mail in mails(alice.town, alice.address) if mail.startswith("What you sent")]
    assert f"http://localhost:8000/accesses/receipts/{number(alice)}" in mail
    assert number(alice) in mail.partition("http")[0]
    assert "- Bill with your address" in mail
    assert "2 December 2026" in mail
    assert "Canary" not in mail


def test_who_only_said_who_they_are_gets_a_receipt_too(alice: Citizen) -> None:
    handle = alice.begin([], "openid profile email")
    alice.post(f"/release/{handle}", {"decision": "send"})
    redeem(alice.town, alice.code(handle))
    (mail,) = [mail for mail in mails(alice.town, alice.address) if mail.startswith("What you allowed")]
    assert number(alice) in mail
    page = alice.get(f"/accesses/receipts/{number(alice)}")
    assert "What you allowed School enrolment" in page
    assert "Your e-mail address" in page
    assert "In force until you take it back." in page


def test_taking_back_is_one_button_on_it_and_it_says_so_afterwards(alice: Citizen) -> None:
    token = alice.lend(alice.paper())
    path = f"/accesses/receipts/{number(alice)}"
    grant = re.search(r'name="grant" value="([^"]+)"', alice.get(path))
    assert grant
    answer = alice.post("/accesses/stop", {"grant": grant[1], "next": path}, page=path)
    assert answer.location == f"{path}?done=stopped"
    page = alice.get(answer.location)
    assert "Taken back on 2 November 2026, 10:00." in page
    assert 'name="grant"' not in page
    assert "They may open it until" not in page
    assert "School enrolment gets nothing more." in page
    assert fetch(alice.town, token).status_code == HTTPStatus.UNAUTHORIZED


def test_it_stays_when_its_time_is_over_and_when_its_lendings_are_forgotten(alice: Citizen) -> None:
    alice.lend(alice.paper())
    path = f"/accesses/receipts/{number(alice)}"
    house = alice.town.house
    grant = house.consent.grants_of(SubjectId(alice.account))[0]
    alice.town.clock.advance(timedelta(days=31))
    alice.town.sign_in_again(alice)
    assert "Over since 2 December 2026." in alice.get(path)
    alice.town.clock.advance(timedelta(days=91))
    house.retention.sweep()
    assert not house.lending.of_owner(house.accounts.owner_of(alice.account))
    alice.town.sign_in_again(alice)
    assert "Papers: Bill with your address." in alice.get(path)
    assert grant.entry in alice.get(path)


def test_its_proof_holds_without_the_house(alice: Citizen) -> None:
    alice.lend(alice.paper())
    alice.town.publish()
    proof = re.search(r'href="(/accesses/[a-z0-9]+/proof)"', alice.get(f"/accesses/receipts/{number(alice)}"))
    assert proof
    answer = alice.open(proof[1])
    _checkpoint, _leaf, values = verify_receipt(answer.text, alice.town.house.proofs.state().vkey)
    assert values["kind"] == "grant_made"
    assert values["client"] == "school-enrolment"


def test_nobody_else_finds_it(town: Town, alice: Citizen) -> None:
    alice.lend(alice.paper())
    mallory = town.citizen(given_name="Mallory")
    for path in (f"/accesses/receipts/{number(alice)}", "/accesses/receipts/0000-0000", "/accesses/receipts/x"):
        assert mallory.open(path).status_code == HTTPStatus.NOT_FOUND


def test_a_number_may_be_typed_as_it_was_heard(alice: Citizen) -> None:
    alice.lend(alice.paper())
    heard = number(alice).lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert number(alice) in alice.get(f"/accesses/receipts/{heard}")


@given(st.text(min_size=1, max_size=40))
def test_a_number_is_eight_characters_that_nobody_mistakes(grant: str) -> None:
    made = receipts.number_of(grant)
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}", made)
    assert made == receipts.number_of(grant)
    assert made != receipts.number_of(grant + "x")
