"""The release page at the door: what it says, what it lets through, and that it sends nothing by itself."""

from __future__ import annotations

import re
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from citizen_account.pages.release_questions import match_papers
from oidc.protocols import SubjectId
from tests.citizen_account.town import SCHOOL, Citizen, Town, fetch, pdf, redeem
from vault.document_types import DocumentTypes, Period, Purposes
from vault.lending import Asked

THREE = [["proof_of_address"], ["identity_card", "passport"], ["birth_certificate", "family_record_book"]]


def test_it_says_who_asks_why_by_which_text_how_long_and_how_often(alice: Citizen) -> None:
    alice.paper(issued_day="20", issued_month="10", issued_year="2026")
    page = alice.get(f"/release/{alice.begin(THREE)}")
    for words in (
        "School enrolment (City of Example) asks for 3 papers",
        "To enrol your child.",
        "Code de l&#39;éducation, art. D131-3-1",
        "until 2 December 2026",
        "at most 1 year",
        "5 times at most, each paper.",
        "Alice Martin",
        "Not asked here, and not allowed: any other paper",
        "Nothing has been sent yet.",
        "Send these papers to School enrolment",
        "Good until 20 January 2027.",
    ):
        assert words in page, words
    for word in ("consent", "token", "scope", "document type"):
        assert word not in page.lower().replace('name="csrf_token"', ""), word


def test_each_question_has_words_of_its_own() -> None:
    types = DocumentTypes.load()
    catalogue = {"school_enrolment": Purposes.load(types).get("school_enrolment")}
    asked = [
        Asked(
            document_types=tuple(codes),
            purpose="school_enrolment",
            legal_basis="",
            duration=Period.parse("P30D"),
            reads_allowed=None,
        )
        for codes in THREE
    ]
    titles = [paper.title.text("en") for paper in match_papers(asked, catalogue) if paper]
    assert titles == ["Your home", "Your identity", "The child's identity"]


def test_looking_sends_nothing(alice: Citizen) -> None:
    alice.paper()
    alice.get(f"/release/{alice.begin([['proof_of_address']])}")
    assert alice.town.house.lending.of_owner(alice.town.house.accounts.owner_of(alice.account)) == []


def test_the_service_fetches_what_was_sent(alice: Citizen) -> None:
    content = pdf("My bill")
    token = alice.lend(alice.paper(content))
    assert fetch(alice.town, token).data == content


def test_the_page_may_end_at_the_service_and_nowhere_else(alice: Citizen) -> None:
    answer = alice.open(f"/release/{alice.begin([['proof_of_address']])}")
    assert "form-action 'self' http://127.0.0.1:8001" in answer.headers["Content-Security-Policy"]


def test_an_unanswered_question_is_said_at_its_field(alice: Citizen) -> None:
    handle = alice.begin(THREE)
    answer = alice.post(f"/release/{handle}", {"decision": "send", "paper-1": "none"})
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert 'href="#paper-0"' in answer.text
    assert 'href="#paper-1"' not in answer.text
    assert 'href="#paper-2"' in answer.text


def test_i_do_not_have_one_goes_on_without_it(alice: Citizen) -> None:
    handle = alice.begin([["proof_of_address"]])
    assert alice.post(f"/release/{handle}", {"decision": "send", "paper-0": "none"}).status_code == HTTPStatus.SEE_OTHER
    token = redeem(alice.town, alice.code(handle))
    assert not token.get("authorization_details")


def test_refusing_tells_the_service_and_sends_nothing(alice: Citizen) -> None:
    alice.paper()
    handle = alice.begin([["proof_of_address"]])
    alice.post(f"/release/{handle}", {"decision": "refuse"})
    location = alice.open(f"/authorize/{handle}").location
    assert parse_qs(urlsplit(location).query)["error"] == ["access_denied"]


def test_a_paper_that_is_too_old_is_shown_and_not_sent(alice: Citizen) -> None:
    old = alice.paper(issued_day="2", issued_month="3", issued_year="2026")
    handle = alice.begin([["proof_of_address"]])
    assert "Too old for this service" in alice.get(f"/release/{handle}")
    answer = alice.post(f"/release/{handle}", {"decision": "send", "paper-0": old})
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY


def test_a_paper_of_another_kind_or_person_is_not_sent(town: Town, alice: Citizen) -> None:
    bob = town.citizen(given_name="Bob")
    foreign, other = bob.paper(), alice.paper(document_type="insurance")
    handle = alice.begin([["proof_of_address"]])
    for paper in (foreign, other, "nonsense"):
        answer = alice.post(f"/release/{handle}", {"decision": "send", "paper-0": paper})
        assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert town.house.consent.grants_of(SubjectId(alice.account)) == []


def test_adding_on_the_spot_comes_back_with_what_was_chosen(alice: Citizen) -> None:
    card = alice.paper(document_type="identity_card", label="My card")
    handle = alice.begin(THREE)
    answer = alice.post(f"/release/{handle}", {"add": "0", "paper-1": card, "paper-2": "none"})
    assert answer.status_code == HTTPStatus.SEE_OTHER
    form = alice.get(answer.location)
    assert "Nothing has been sent to the service yet." in form
    carried = {name: values[0] for name, values in parse_qs(urlsplit(answer.location).query).items()}
    fields = {name: carried[name] for name in ("release", "detail", "chosen", "types")}
    back = alice.upload(pdf(), fields=fields)
    assert back.status_code == HTTPStatus.SEE_OTHER
    assert back.location.startswith(f"/release/{handle}?")
    page = alice.get(back.location)
    assert page.count(" checked") == 3
    assert "Your paper is kept. Look at it, then send." in page


def test_a_file_that_is_refused_loses_nothing_that_was_chosen_or_typed(alice: Citizen) -> None:
    card = alice.paper(document_type="identity_card", label="My card")
    handle = alice.begin(THREE)
    answer = alice.post(f"/release/{handle}", {"add": "0", "paper-1": card, "paper-2": "none"})
    fields = {name: values[0] for name, values in parse_qs(urlsplit(answer.location).query).items()}
    del fields["type"]  # the form's own field says it
    fields |= {"label": "November bill", "issued_day": "2", "issued_month": "11", "issued_year": "2026"}
    refused = alice.upload(b"MZ no paper at all", name="bill.exe", fields=fields)
    assert refused.status_code == HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    again = dict(re.findall(r'name="(\w+)"[^>]* value="([^"]*)"', refused.text))
    assert {name: again[name] for name in fields} == fields
    page = alice.get(alice.upload(pdf(), fields={name: again[name] for name in fields}).location)
    assert page.count(" checked") == 3
    assert "November bill" in page


def test_a_paper_added_on_the_spot_that_is_too_old_is_kept_and_said_to_be_so(alice: Citizen) -> None:
    handle = alice.begin([["proof_of_address"]])
    fields = {"release": handle, "detail": "0", "issued_day": "2", "issued_month": "3", "issued_year": "2026"}
    page = alice.get(alice.upload(pdf(), fields=fields).location)
    assert "Your paper is kept, but it can&#39;t answer this service" in page
    assert "Too old for this service: it was good until 2 June 2026." in page
    assert " checked" not in page


def test_where_several_papers_are_wanted_several_may_be_chosen(alice: Citizen) -> None:
    cards = [alice.paper(document_type="identity_card", label=f"Card of {name}") for name in ("Ada", "Ben", "Cy")]
    handle = alice.begin([["identity_card", "passport"]], purpose="nursery")
    page = alice.get(f"/release/{handle}")
    assert "Each parent&#39;s identity" in page
    assert "You may choose up to 2." in page
    assert page.count('type="checkbox"') == 4
    wrong = {
        "Each parent&#39;s identity: choose 2 papers at most.": cards,
        "but not both": [cards[0], "none"],
        "Each parent&#39;s identity: choose a paper, add one": [],
    }
    for said, chosen in wrong.items():
        answer = alice.post(f"/release/{handle}", {"decision": "send", "paper-0": chosen})
        assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY, said
        assert said in answer.text
    alice.post(f"/release/{handle}", {"decision": "send", "paper-0": cards[:2]})
    token = redeem(alice.town, alice.code(handle))
    assert len(token["authorization_details"][0]["documents"]) == 2


def test_a_paper_added_to_several_joins_them(alice: Citizen) -> None:
    first = alice.paper(document_type="identity_card", label="Card of Ada")
    handle = alice.begin([["identity_card", "passport"]], purpose="nursery")
    answer = alice.post(f"/release/{handle}", {"add": "0", "paper-0": first})
    carried = {name: values[0] for name, values in parse_qs(urlsplit(answer.location).query).items()}
    fields = {**carried, "document_type": "passport", "label": "Passport of Ben"}
    page = alice.get(alice.upload(pdf(), fields=fields).location)
    assert page.count(" checked") == 2


def test_a_request_that_the_contract_no_longer_allows_is_over_and_says_so(alice: Citizen) -> None:
    document = alice.paper()
    handle = alice.begin([["proof_of_address"]])
    alice.get(f"/release/{handle}")
    narrower = {"purposes": {"school_enrolment": {"document_types": ["passport"]}}}
    alice.town.house.clients.add({**SCHOOL, "contract": narrower}, actor="tests")
    alice.town.clock.advance(timedelta(seconds=6))  # what a node keeps of a client is at most five seconds old
    for answer in (
        alice.open(f"/release/{handle}"),
        alice.post(f"/release/{handle}", {"decision": "send", "paper-0": document}),
    ):
        assert answer.status_code == HTTPStatus.FORBIDDEN
        assert "may no longer ask for" in answer.text
    assert alice.town.house.consent.grants_of(SubjectId(alice.account)) == []


def test_a_question_of_several_kinds_offers_them(alice: Citizen) -> None:
    handle = alice.begin(THREE)
    answer = alice.post(f"/release/{handle}", {"add": "1"})
    page = alice.get(answer.location)
    assert "National identity card" in page
    assert "Passport" in page
    assert "Electricity" not in page


def test_another_browser_has_no_part_in_it(town: Town, alice: Citizen) -> None:
    handle = alice.begin([["proof_of_address"]])
    mallory = town.citizen(given_name="Mallory")
    answer = mallory.open(f"/release/{handle}")
    assert answer.status_code >= HTTPStatus.BAD_REQUEST
    assert "This request is over" in answer.text
    assert mallory.post(f"/release/{handle}", {"decision": "send", "paper-0": "none"}).status_code >= 400


def test_sending_twice_makes_one_release(alice: Citizen) -> None:
    document = alice.paper()
    handle = alice.begin([["proof_of_address"]])
    for _ in range(2):
        alice.post(f"/release/{handle}", {"decision": "send", "paper-0": document})
    assert len(alice.town.house.consent.grants_of(SubjectId(alice.account))) == 1


def test_a_service_that_only_asks_who_one_is(alice: Citizen) -> None:
    handle = alice.begin([], "openid profile email")
    page = alice.get(f"/release/{handle}")
    assert "asks who you are" in page
    assert alice.address in page
    assert "Continue to School enrolment" in page
    alice.post(f"/release/{handle}", {"decision": "send"})
    assert redeem(alice.town, alice.code(handle))["access_token"]


def test_it_speaks_french(town: Town) -> None:
    french = town.citizen(language="fr")
    page = french.get(f"/release/{french.begin([['proof_of_address']])}")
    assert "Inscription scolaire (Ville d&#39;Exemple) vous demande" in page
    assert "Rien n'a encore été envoyé." in page
