"""An expired sign-in loses nothing that was chosen or typed, sends nothing, and gives nothing to anybody else."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

import pytest
from werkzeug.test import TestResponse

from oidc.protocols import SubjectId
from tests.citizen_account.people import cookie
from tests.citizen_account.town import Citizen, Town, multipart, pdf

TYPED = {"label": "Canary label", "agreement": "no", "issued_day": "2", "issued_month": "11", "issued_year": "2026"}


def fields_of(page: str) -> dict[str, str]:
    """The hidden fields of a page's main form."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))


def expire(person: Citizen) -> None:
    """The sign-in ends while a page is open."""
    person.town.clock.advance(timedelta(hours=3))
    assert person.open("/papers").status_code == HTTPStatus.SEE_OTHER


def end_elsewhere(person: Citizen) -> None:
    """The same, at once: ended at another browser."""
    house = person.town.house
    current = house.sessions.current(cookie(person, "session"))
    assert current
    house.sessions.end(current.id)


def send_too_late(person: Citizen) -> tuple[str, TestResponse]:
    """Choose on the release page, but send when the sign-in is over; the page's address and the answer."""
    card = person.paper(document_type="identity_card", label="My card")
    path = f"/release/{person.begin([['identity_card'], ['proof_of_address']])}"
    fields = fields_of(person.get(path)) | {"paper-0": card, "paper-1": "none", "decision": "send"}
    end_elsewhere(person)
    return path, person.client.post(path, data=fields, base_url="http://localhost:8000")


def add_too_late(person: Citizen, content: bytes | None = None) -> TestResponse:
    """Fill in the form that adds a paper, but send it when the sign-in is over."""
    fields = fields_of(person.get("/papers/add?type=proof_of_address")) | TYPED
    expire(person)
    return person.send(*multipart(fields, pdf() if content is None else content, "bill.pdf", "application/pdf"))


def next_of(answer: TestResponse) -> str:
    """Where the sign-in leads to."""
    assert answer.status_code == HTTPStatus.SEE_OTHER, answer.text
    assert urlsplit(answer.location).path == "/sign-in"
    return parse_qs(urlsplit(answer.location).query)["next"][0]


def test_what_was_chosen_on_the_release_page_comes_back_and_was_not_sent(alice: Citizen) -> None:
    path, answer = send_too_late(alice)
    assert next_of(answer) == path
    assert alice.town.house.consent.grants_of(SubjectId(alice.account)) == []
    assert "To go on to School enrolment" in alice.get(answer.location)
    alice.town.sign_in_again(alice)
    page = alice.get(path)
    assert "What you had chosen is still here, and nothing has been sent yet." in page
    assert page.count(" checked") == 2
    assert re.search(r'name="paper-1" value="none" checked', page)
    assert "You are signed in again." not in alice.get(path)  # given back once


def test_what_was_typed_for_a_paper_comes_back_without_the_file(alice: Citizen) -> None:
    answer = add_too_late(alice)
    assert alice.town.stored_objects() == []
    alice.town.sign_in_again(alice)
    page = alice.get(next_of(answer))
    assert "Choose the file again." in page
    assert 'value="Canary label"' in page
    assert re.search(r'name="agreement" value="no" checked', page)
    for name, value in {"issued_day": "2", "issued_month": "11", "issued_year": "2026"}.items():
        assert re.search(rf'name="{name}"[^>]* value="{value}"', page), name
    assert alice.papers() == 0


def test_a_paper_as_large_as_papers_may_be_loses_nothing_either(alice: Citizen) -> None:
    answer = add_too_late(alice, pdf() + bytes(3_000_000))
    assert next_of(answer).startswith("/papers/add?")
    alice.town.sign_in_again(alice)
    assert "Canary label" in alice.get(next_of(answer))


def test_the_details_of_a_person_come_back_and_no_password_does(town: Town, alice: Citizen) -> None:
    typed = {"given_name": "Zoé", "locality": "Testville", "phone_number": "12"}
    fields = fields_of(alice.get("/profile"))
    expire(alice)
    answer = alice.client.post("/profile", data=fields | typed, base_url="http://localhost:8000")
    assert next_of(answer) == "/profile"
    town.sign_in_again(alice)
    page = alice.get("/profile")
    for value in typed.values():
        assert f'value="{value}"' in page
    assert "You are signed in again." in page
    assert town.house.accounts.attributes(alice.account)["given_name"].value == "Alice"
    expire(alice)
    secret = {"email": "new@example.org", "email_password": "four boats", "current_password": "four boats"}
    for path in ("/profile/email", "/profile/password"):
        alice.client.post(path, data=fields | secret, base_url="http://localhost:8000")
        assert not cookie(alice, "draft")


def test_the_answers_of_the_release_page_come_back_through_adding_a_paper_too(alice: Citizen) -> None:
    handle = alice.begin([["proof_of_address"], ["identity_card"]])
    answer = alice.post(f"/release/{handle}", {"add": "0", "paper-1": "none"})
    fields = fields_of(alice.get(answer.location)) | TYPED
    end_elsewhere(alice)
    answer = alice.send(*multipart(fields, pdf(), "bill.pdf", "application/pdf"))
    alice.town.sign_in_again(alice)
    form = fields_of(alice.get(next_of(answer)))
    assert form["chosen"] == "1.none"
    page = alice.get(alice.send(*multipart(form | TYPED, pdf(), "bill.pdf", "application/pdf")).location)
    assert re.search(r'name="paper-1" value="none" checked', page)
    assert "Canary label" in page


def test_nothing_that_was_typed_stands_in_an_address_or_readable_in_the_browser(alice: Citizen) -> None:
    answer = add_too_late(alice)
    assert "Canary" not in answer.location
    kept = cookie(alice, "draft")
    assert len(kept) < 4_000
    assert b"Canary" not in base64.urlsafe_b64decode(kept)
    (line,) = [line for line in answer.headers.getlist("Set-Cookie") if line.startswith("draft=")]
    assert {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=1800"} <= set(line.split("; "))


def test_whoever_else_signs_in_at_this_browser_gets_none_of_it(town: Town, alice: Citizen) -> None:
    there = next_of(add_too_late(alice))
    bob = Citizen(town, town.citizen(given_name="Bob").account, alice.client, "")
    town.sign_in_again(bob)
    assert "Canary" not in bob.get(there)
    town.sign_in_again(alice)
    assert "Canary" not in alice.get(there)  # gone for good


def _too_late(person: Citizen) -> None:
    person.town.clock.advance(timedelta(minutes=31))


def _another_browser(person: Citizen) -> None:
    person.client.set_cookie("browser", "B" * 43, domain="localhost")


def _changed(person: Citizen) -> None:
    kept = cookie(person, "draft")
    person.client.set_cookie("draft", kept[:40] + ("A" if kept[40] != "A" else "B") + kept[41:], domain="localhost")


def _nonsense(person: Citizen) -> None:
    person.client.set_cookie("draft", "no base64 at all", domain="localhost")


def _signed_out(person: Citizen) -> None:
    person.town.sign_in_again(person)
    person.post("/sign-out", {})


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(_too_late, id="half an hour later"),
        pytest.param(_another_browser, id="moved to another browser"),
        pytest.param(_changed, id="changed"),
        pytest.param(_nonsense, id="nonsense"),
        pytest.param(_signed_out, id="signed out in between"),
    ],
)
def test_a_draft_that_is_not_wholly_right_is_forgotten(alice: Citizen, spoil: Callable[[Citizen], None]) -> None:
    there = next_of(add_too_late(alice))
    spoil(alice)
    alice.town.sign_in_again(alice)
    page = alice.get(there)
    assert "Canary" not in page
    assert "You are signed in again." not in page
    assert not cookie(alice, "draft")


def test_a_forged_form_leaves_no_draft(alice: Citizen) -> None:
    fields = fields_of(alice.get("/papers/add?type=proof_of_address")) | TYPED | {"csrf_token": "forged"}
    expire(alice)
    alice.send(*multipart(fields, pdf(), "bill.pdf", "application/pdf"))
    assert not cookie(alice, "draft")


def test_a_body_that_is_no_form_leads_to_the_sign_in_all_the_same(alice: Citizen) -> None:
    expire(alice)
    answer = alice.send(b"nothing of the kind", "x")
    assert next_of(answer) == "/"
    assert not cookie(alice, "draft")


def test_a_form_too_long_to_wait_in_a_browser_is_not_kept(alice: Citizen) -> None:
    path = f"/release/{alice.begin([['proof_of_address']])}"
    fields = fields_of(alice.get(path)) | {"paper-0": "x" * 3_000, "decision": "send"}
    end_elsewhere(alice)
    assert next_of(alice.client.post(path, data=fields, base_url="http://localhost:8000")) == path
    assert not cookie(alice, "draft")


def test_a_draft_waits_while_other_pages_are_opened(alice: Citizen) -> None:
    there = next_of(add_too_late(alice))
    alice.town.sign_in_again(alice)
    alice.get("/papers")
    assert "Canary label" in alice.get(there)
