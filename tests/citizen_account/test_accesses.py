"""Who saw my papers, at the door: sentences, proofs, stopping; and my services."""

from __future__ import annotations

import re
from html import unescape
from http import HTTPStatus

from audit.verification import verify_receipt
from tests.citizen_account.town import SCHOOL, Citizen, Town, fetch


def test_an_access_is_a_sentence_with_its_count(alice: Citizen) -> None:
    token = alice.lend(alice.paper())
    fetch(alice.town, token)
    page = alice.get("/accesses")
    assert "School enrolment looked at “Electricity bill”, to enrol your child. Time 1 of 5." in page
    assert "Monday 2 November 2026" in page
    assert "You let School enrolment look at “Electricity bill”" in page


def test_stopping_takes_one_button_and_the_next_fetch_is_refused(alice: Citizen) -> None:
    token = alice.lend(alice.paper())
    assert fetch(alice.town, token).status_code == HTTPStatus.OK
    lending = re.search(r'name="lending" value="([^"]+)"', alice.get("/accesses"))
    assert lending
    answer = alice.post("/accesses/stop", {"lending": lending[1], "next": "/accesses"}, page="/accesses")
    assert answer.status_code == HTTPStatus.SEE_OTHER
    refused = fetch(alice.town, token)
    assert refused.status_code == HTTPStatus.FORBIDDEN
    assert refused.content_type == "application/problem+json"
    assert "was refused: you had taken it back" in alice.get(answer.location)


def test_taking_a_whole_approval_back_stops_everything(alice: Citizen) -> None:
    token = alice.lend(alice.paper())
    grant = re.search(r'name="grant" value="([^"]+)"', alice.get("/services"))
    assert grant
    answer = alice.post("/accesses/stop", {"grant": grant[1], "next": "/services"}, page="/services")
    assert "From now on the service is refused." in alice.get(answer.location)
    refused = fetch(alice.town, token)
    assert refused.status_code == HTTPStatus.UNAUTHORIZED
    assert refused.json["type"] == "http://localhost:8000/problems/lending-taken-back"  # type: ignore[index]
    assert "took this approval back on 2026-11-02 at 09:00:00 UTC" in refused.json["detail"]  # type: ignore[index]
    assert 'error="invalid_token"' in refused.headers["WWW-Authenticate"]
    assert 'name="grant"' not in alice.get("/services")


def test_nobody_stops_anothers(town: Town, alice: Citizen) -> None:
    token = alice.lend(alice.paper())
    lending = re.search(r'name="lending" value="([^"]+)"', alice.get("/accesses"))
    grant = re.search(r'name="grant" value="([^"]+)"', alice.get("/services"))
    assert lending
    assert grant
    mallory = town.citizen(given_name="Mallory")
    mallory.post("/accesses/stop", {"lending": lending[1]})
    mallory.post("/accesses/stop", {"grant": grant[1]})
    assert fetch(town, token).status_code == HTTPStatus.OK


def test_a_proof_holds_without_the_house(alice: Citizen) -> None:
    fetch(alice.town, alice.lend(alice.paper()))
    alice.town.publish()
    entries = re.findall(r'href="/accesses/([a-z0-9]+)/proof"', alice.get("/accesses"))
    answer = alice.open(f"/accesses/{entries[0]}/proof")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    _checkpoint, _leaf, values = verify_receipt(answer.text, alice.town.house.proofs.state().vkey)
    assert values["kind"] == "document_read"
    assert values["agent"] == "clerk-7"


def test_a_proof_of_anothers_entry_is_not_there(town: Town, alice: Citizen) -> None:
    fetch(town, alice.lend(alice.paper()))
    town.publish()
    entry = re.findall(r'href="/accesses/([a-z0-9]+)/proof"', alice.get("/accesses"))[0]
    town.citizen(given_name="Mallory").get(f"/accesses/{entry}/proof", HTTPStatus.NOT_FOUND)


def test_not_recognising_something_says_what_to_do(alice: Citizen) -> None:
    fetch(alice.town, alice.lend(alice.paper()))
    link = re.search(r'href="(/accesses/[a-z0-9]+/unknown)"', alice.get("/accesses"))
    assert link
    page = alice.get(link[1])
    assert "enrolment@school.example" in page
    assert "3975" in page


def test_empty_pages_say_what_will_come(alice: Citizen) -> None:
    assert "Nobody has asked for your papers yet." in alice.get("/accesses")
    assert "You have not used a service" in alice.get("/services")


def opened(alice: Citizen, **members: str) -> list[str]:
    """Where the page of services leads, for the school registered with these members."""
    alice.town.house.clients.add({**SCHOOL, **members}, actor="tests")
    found = re.findall(r'<a class="govuk-link" href="(http[^"]+)">(?:Open the service|School)', alice.get("/services"))
    return [unescape(address) for address in found]


def test_a_service_is_opened_where_its_sign_in_begins_and_no_address_says_whose_it_is(alice: Citizen) -> None:
    alice.lend(alice.paper())
    first_page, begins = "http://127.0.0.1:8001/", "https://school.example/sign-in?from=city"
    assert opened(alice) == [first_page] * 2  # beside the approval, and in the list of all
    iss = "iss=http%3A%2F%2Flocalhost%3A8000"
    assert opened(alice, initiate_login_uri=begins) == [f"{begins}&{iss}"] * 2
    target = "target_link_uri=https%3A%2F%2Fschool.example%2Fclasses"
    told = opened(alice, initiate_login_uri=begins, client_uri="https://school.example/classes")
    assert told == [f"{begins}&{iss}&{target}"] * 2


def test_stopping_returns_only_to_pages_of_ours(alice: Citizen) -> None:
    for there in ("https://evil.example", "//evil.example", "/accesses\r\nX: y", "/papers/../auditor"):
        answer = alice.post("/accesses/stop", {"lending": "x", "next": there})
        assert answer.location == "/accesses?done=stopped"


def test_a_stop_that_names_nothing_or_both_is_refused(alice: Citizen) -> None:
    for fields in ({}, {"lending": "a", "grant": "b"}):
        assert alice.post("/accesses/stop", fields).status_code == HTTPStatus.BAD_REQUEST


def test_the_first_page_greets_and_shows_three_doors(town: Town, alice: Citizen) -> None:
    page = alice.get("/")
    assert "Good morning, Alice" in page  # ten o'clock in Paris
    for door in ("/papers", "/accesses", "/services"):
        assert f'class="door" href="{door}"' in page
    alice.paper(issued_day="2", issued_month="3", issued_year="2026", label="Old bill")
    assert "“Old bill” is too old for most services" in alice.get("/")
    assert "One account for the city" in town.stranger().get("/")
